"""What the model of `filters.verify` would be asked, and what that would take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from datarecipe.amount import Amount
from datarecipe.generate.prompt.verify_prompt import verify_content
from datarecipe.recipe import Limits
from datarecipe.running.planning.assumptions import SECONDS_BEFORE_A_REPLY, STRAGGLING, End, token_range
from datarecipe.running.planning.dry_run import DryRun
from datarecipe.running.resolve.resolved_run import ResolvedRun


@dataclass(frozen=True, slots=True)
class VerificationCost:
    """One end of what it would take."""

    used: Amount
    seconds: float


def verification_cost(setup: ResolvedRun, run: DryRun, requests: int, end: End, limits: Limits) -> VerificationCost:
    """For `requests` replies of which nothing is stored, and for the items of stored ones that nobody verified yet.

    At the least the accepted examples are verified, at the most every item that comes.
    """
    verify, batch_size = setup.recipe.filters.verify, setup.recipe.batch_size
    assert verify is not None
    items = min(run.wanted, requests * batch_size) if end == "low" else requests * batch_size
    calls = items * verify.votes + run.unanswered
    asked = setup.of_filters["verify"]
    seed = setup.recipe.seed_examples[0]
    content = verify_content(setup.recipe, asked.model, seed, 0)
    prompt = token_range(content).at(end)
    label = len(json.dumps({setup.recipe.task.label_field: seed[setup.recipe.task.label_field or ""]}).encode())
    most = asked.model.sampling.get("max_tokens")
    longest = most if isinstance(most, int) else label
    reply = min(longest, label // 5 + 1 if end == "low" else label + asked.model.profile.thinking_tokens)
    price = asked.cost.price
    usd = price.cost(prompt, reply) * calls if price else Decimal(0)
    each = SECONDS_BEFORE_A_REPLY.at(end) * (STRAGGLING if end == "high" else 1)
    seconds = max(
        each * calls / limits.concurrency,
        60 * calls / limits.rpm if limits.rpm else 0.0,
        60 * calls * (prompt + reply) / limits.tpm if limits.tpm else 0.0,
    )
    return VerificationCost(Amount(calls, prompt * calls, reply * calls, usd), seconds)
