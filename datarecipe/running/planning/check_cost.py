"""What would be asked about items: by filters that have a model, and of the author where items are sent back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from datarecipe.amount import Amount
from datarecipe.exchange import Json
from datarecipe.generate.admission.admission import REPAIR
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.prompt.repair_prompt import repair_content
from datarecipe.generate.prompt.sample_question import sample_question
from datarecipe.recipe import Judge, Limits
from datarecipe.running.planning.assumptions import SECONDS_BEFORE_A_REPLY, STRAGGLING, End, token_range
from datarecipe.running.planning.dry_run import DryRun
from datarecipe.running.resolve.costs import AskedModel
from datarecipe.running.resolve.resolved_run import ResolvedRun


@dataclass(frozen=True, slots=True)
class CheckCost:
    """One end of what the questions of one kind would take."""

    used: Amount
    seconds: float


def check_cost(setup: ResolvedRun, name: str, run: DryRun, requests: int, end: End, limits: Limits) -> CheckCost:
    """For `requests` replies of which nothing is stored, and for the items of stored ones that nobody checked yet.

    At the least the accepted examples are checked, at the most every item that comes.
    """
    recipe, batch_size = setup.recipe, setup.recipe.batch_size
    settings, asked = recipe.filters.models[name], setup.of_filters[name]
    most = requests * batch_size * (1 + setup.repairs)  # what was corrected is checked again
    items = min(run.wanted, most) if end == "low" else most
    calls = items * (1 if isinstance(settings, Judge) else settings.votes) + run.unanswered[name]
    prompt = token_range(sample_question(recipe, asked.model, name)).at(end)
    field = recipe.task.label_field
    answer: Json = (
        dict.fromkeys(settings.rubric, settings.scale)
        if isinstance(settings, Judge)
        else {field or "": recipe.seed_examples[0][field or ""]}
    )
    return _cost(asked, calls, prompt, len(json.dumps(answer).encode()), end, limits)


def repair_cost(setup: ResolvedRun, run: DryRun, requests: int, end: End, limits: Limits) -> CheckCost:
    """The same for items that are sent back: at the least none, at the most all that are not accepted."""
    recipe = setup.recipe
    lost = max(0, requests * recipe.batch_size - run.wanted) if end == "high" else 0
    calls, seed = lost * recipe.filters.repair + run.unanswered[REPAIR], recipe.seed_examples[0]
    text = example_text(seed)
    first = Renderer(recipe, setup.model).content(seed, text)
    return _cost(
        setup.asked[0],
        calls,
        token_range(repair_content(first, text, "schema", "what is wrong, in some words")).at(end),
        len(text),
        end,
        limits,
    )


def _cost(
    asked: AskedModel[ModelSettings], calls: int, prompt: int, answer_bytes: int, end: End, limits: Limits
) -> CheckCost:
    """Of so many calls with so many prompt tokens, for answers of that length."""
    most = asked.model.sampling.get("max_tokens")
    longest = most if isinstance(most, int) else answer_bytes
    reply = min(longest, answer_bytes // 5 + 1 if end == "low" else answer_bytes + asked.model.profile.thinking_tokens)
    price = asked.cost.price
    usd = price.cost(prompt, reply) * calls if price else Decimal(0)
    each = SECONDS_BEFORE_A_REPLY.at(end) * (STRAGGLING if end == "high" else 1)
    seconds = max(
        each * calls / limits.concurrency,
        60 * calls / limits.rpm if limits.rpm else 0.0,
        60 * calls * (prompt + reply) / limits.tpm if limits.tpm else 0.0,
    )
    return CheckCost(Amount(calls, prompt * calls, reply * calls, usd), seconds)
