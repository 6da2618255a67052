"""`manifest.json`: what a run was, for people and for tools. The only file of a run that holds times and machines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

from datarecipe._version import __version__
from datarecipe.amount import Amount, plain
from datarecipe.run_folder.counts.run_counts import Counts, Spent
from datarecipe.running.drive.dispatch import Ending
from datarecipe.running.resolve.costs import Cost
from datarecipe.running.resolve.options import EMBEDDED_WARNING
from datarecipe.running.resolve.resolved_run import Setup

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Span:
    """When a run went on."""

    started: datetime
    finished: datetime
    seconds: float


def manifest(setup: Setup, ending: Ending, counts: Counts, span: Span) -> dict[str, Any]:
    """The manifest as a JSON document."""
    tally = counts.tally
    return {
        "manifest": FORMAT,
        "identity": setup.identity,
        "identity_parts": dict(setup.identity_parts),
        "status": "complete" if ending.reason == "target" else "short",
        "outcome": ending.reason,
        "error": ending.error.message if ending.error else ending.why,
        "name": setup.recipe.name,
        "counts": counts.items() | counts.labels(),
        "tokens": tally.tokens(),
        "cost": _cost(setup, counts.spent),
        "this_run": {
            **counts.sending(),
            "started": span.started.isoformat(timespec="seconds"),
            "finished": span.finished.isoformat(timespec="seconds"),
        },
        "model": {
            "name": setup.model.name,
            "named_by": setup.model_from,
            "api_base": setup.model.api_base,
            "profile": setup.model.profile.name,
            "sampling": dict(setup.model.sampling),
            "response_format": setup.model.response_format,
            "as_named_by_provider": sorted(tally.models),
            "answered_by": dict(sorted(tally.answered_by.items())),
            "warning": EMBEDDED_WARNING if setup.embedded else None,
        },
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}",
        "recipe": dict(setup.recipe.resolved),
    }


def _cost(setup: Setup, spent: Spent) -> dict[str, Any]:
    """Dollars are text, since a float cannot hold them."""
    caps, priced = setup.caps, bool(setup.prices)
    return {
        "all_runs": _amount(spent.in_all, priced=priced),
        "all_runs_assumed": _amount(spent.assumed, priced=priced),
        "this_run": _amount(spent.now, priced=priced),
        "this_run_assumed": _amount(spent.assumed_now, priced=priced),
        "prices": _prices(setup.cost),
        "by_model": [
            {
                "model": model,
                **_amount(amount, priced=known),
                "prices": _prices(setup.models[model]) if known and model in setup.models else None,
            }
            for (model, known), amount in sorted(spent.by_model.items())
        ],
        "caps": {"usd": None if caps.usd is None else plain(caps.usd), "tokens": caps.tokens, "calls": caps.calls},
    }


def _prices(cost: Cost) -> dict[str, Any] | None:
    price = cost.price
    return (
        None
        if price is None
        else {
            "input_per_million": plain(price.input_per_token * 1_000_000),
            "output_per_million": plain(price.output_per_token * 1_000_000),
            "per_request": plain(price.per_request),
            "source": cost.source,
        }
    )


def _amount(amount: Amount, *, priced: bool) -> dict[str, Any]:
    return {
        "calls": amount.calls,
        "prompt_tokens": amount.prompt_tokens,
        "completion_tokens": amount.completion_tokens,
        "usd": plain(amount.usd) if priced else None,
    }


def versions() -> Mapping[str, str | None]:
    """Versions of what can have a say in the result."""
    return {
        "datarecipe": __version__,
        "python": platform.python_version(),
        "jinja2": _version("jinja2"),
        "jsonschema": _version("jsonschema"),
        "litellm": _version("litellm"),
        "xllamacpp": _version("xllamacpp"),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
