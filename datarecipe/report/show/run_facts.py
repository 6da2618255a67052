"""What was asked, what came out and what it cost: a row for each fact, a column for each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from datarecipe.amount import dollars
from datarecipe.printable import counted
from datarecipe.recipe import STRATEGIES
from datarecipe.report.read.run_data import RunData
from datarecipe.report.show.browser_data import shown_value
from datarecipe.report.show.markup import Child, Markup, cut, element, table
from datarecipe.run_folder.manifest import Used

OUTCOMES: Final = {
    "target": "the target was reached",
    "barren": "ended early: no new examples came",
    "degraded": "ended early: too many items were rejected",
    "capped": "ended at a cap",
    "failed": "ended early by an error",
    "interrupted": "interrupted",
}

_LONGEST: Final = 5_000
"""Characters of a fact: a manifest may be a stranger's."""

Fact = tuple[str, Callable[[RunData], Child]]


def tiles(run: RunData) -> Markup:
    """The figures that everybody asks for first."""
    counts, cost = run.manifest.counts, run.manifest.cost
    made = counts.tally.accepted
    shown: list[tuple[str, str, str]] = [
        ("examples", f"{made:,}", f"of {counts.target_size:,} asked for"),
        ("yield", percent(counts.tally.yield_), f"{counts.tally.came:,} items came"),
        ("cost", _dollars(cost.all_runs.usd), _each(cost.all_runs, made)),
        ("calls", f"{cost.all_runs.calls:,}", f"{counted(cost.all_runs.amount.tokens, 'token')}"),
    ]
    return element(
        "dl",
        [
            element("div", element("dt", name), element("dd", element("strong", value), " ", element("span", more)))
            for name, value, more in shown
        ],
        class_="tiles",
    )


def facts(runs: Sequence[RunData]) -> Markup:
    """The table of all facts; a fact that no run has is left out."""
    rows = [(name, [_bounded(cell(run)) for run in runs]) for name, cell in _FACTS]
    kept = [[name, *cells] for name, cells in rows if any(cell not in (None, "") for cell in cells)]
    return element("div", table(["", *(run.name for run in runs)], kept, class_="facts"), class_="wide")


def _bounded(cell: Child) -> Child:
    return cut(cell, _LONGEST) if isinstance(cell, str) and not isinstance(cell, Markup) else cell


def _dollars(usd: Decimal | None) -> str:
    return "no price known" if usd is None else dollars(usd)


def percent(share: float | None) -> str:
    """A share in whole per cent."""
    return "–" if share is None else "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _each(used: Used, examples: int) -> str:
    if used.usd is None or not used.usd or not examples:
        return "over all runs of the dataset"
    return f"{dollars(used.usd / examples)} for each example"


def _outcome(run: RunData) -> Child:
    said = OUTCOMES[run.manifest.outcome]
    good = run.manifest.status == "complete"
    return element("span", said, class_="badge good" if good else "badge bad")


def _text_of(run: RunData, key: str) -> str:
    value = run.recipe.get(key)
    return value if isinstance(value, str) else ""


def _strategy(run: RunData) -> str:
    strategy = run.recipe.get("strategy")
    if not isinstance(strategy, dict):
        return strategy if isinstance(strategy, str) else ""
    row = STRATEGIES[strategy["kind"]] if strategy.get("kind") in [*STRATEGIES] else None
    settings = [f"{name} {shown_value(strategy[name])}" for name in row.settings if name in strategy] if row else []
    return " ".join([shown_value(strategy.get("kind")), *([f"({', '.join(settings)})"] if settings else [])])


def _labels(run: RunData) -> str:
    labels = run.recipe.get("labels")
    if not isinstance(labels, list):
        return "" if labels is None else "open" if labels == "open" else "each example has its own options"
    named = [cut(shown_value(label), 200) for label in labels[:12]]
    return ", ".join([*named, f"{len(labels) - 12:,} more"] if len(labels) > 12 else named)


def _filters(run: RunData) -> str:
    filters = run.recipe.get("filters")
    return ", ".join(filters) if isinstance(filters, dict) else ""


def _sampling(run: RunData) -> str:
    return ", ".join(f"{name} {shown_value(value)}" for name, value in run.manifest.model.sampling.items())


def _used(used: Used) -> str:
    return f"{_dollars(used.usd)}, {counted(used.calls, 'call')}, {used.prompt_tokens:,} + {used.completion_tokens:,} tokens"


def _assumed(run: RunData) -> str:
    assumed = run.manifest.cost.all_runs_assumed
    return _used(assumed) if assumed.calls or assumed.amount.tokens else ""


def _caps(run: RunData) -> str:
    caps = run.manifest.cost.caps.items()
    return ", ".join(f"${limit:,}" if name == "usd" else f"{limit:,} {name}" for name, limit in caps)


def _prices(run: RunData) -> str:
    prices = run.manifest.cost.prices
    if prices is None:
        return ""
    per = f"${prices.input_per_million} in, ${prices.output_per_million} out for a million tokens"
    return f"{per} ({prices.source})"


def _models(run: RunData) -> Child:
    answered = run.manifest.model.answered_by
    named = ", ".join(
        f"{model} {count:,}" for model, count in sorted(answered.items(), key=lambda p: (-p[1], p[0]))[:10]
    )
    return named if len(answered) > 1 else ""


def _costs(run: RunData) -> str:
    by_model = run.manifest.cost.by_model
    return "; ".join(f"{each.model} {_used(each.used)}" for each in by_model[:10]) if len(by_model) > 1 else ""


def _shares(run: RunData) -> str:
    balanced = run.manifest.balance
    if balanced is None or not balanced.examples or not balanced.weights:
        return ""
    named = [
        f"{cut(shown_value(each.value), 200)} {percent(each.examples / balanced.examples)} "
        f"(wanted {percent(each.weight / balanced.weights)})"
        for each in balanced.far()[:12]
    ]
    more = f", {len(balanced.by_value) - 12:,} more" if len(balanced.by_value) > 12 else ""
    return f"{cut(balanced.field, 200)}: {', '.join(named)}{more}"


def _verifier(run: RunData) -> str:
    by = run.manifest.verification
    return "" if by is None else f"{by.model}, {by.agree} or more of {counted(by.votes, 'answer')}"


def _confirmed(run: RunData) -> str:
    labels = run.manifest.verification.by_label if run.manifest.verification is not None else ()
    known = [each for each in labels if each.confirmed + each.rejected]
    if not known:
        return ""
    confirmed, asked = sum(each.confirmed for each in known), sum(each.confirmed + each.rejected for each in known)
    named = [f"{cut(shown_value(each.label), 200)} {percent(each.share)}" for each in known[:12]]
    return f"{confirmed:,} of {asked:,}" + (f" ({', '.join(named)})" if len(known) > 1 else "")


def _judged(run: RunData) -> str:
    by = run.manifest.judgement
    if by is None:
        return ""
    named = [f"{cut(each.name, 200)} {each.mean:.1f}" for each in by.criteria[:20] if each.mean is not None]
    passed = f"{by.accepted:,} of {by.accepted + by.rejected:,} passed"
    return f"{by.model}, scores from 1 to {by.scale}: {passed}" + (f" (means: {', '.join(named)})" if named else "")


def _when(run: RunData) -> str:
    begun, ended = run.manifest.this_run.started, run.manifest.this_run.finished
    at = begun.isoformat(sep=" ", timespec="minutes")
    if (begun.tzinfo is None) != (ended.tzinfo is None):
        return at  # none that a run writes
    return f"{at}, for {(ended - begun).total_seconds():,.0f} s"


def _traffic(run: RunData) -> str:
    traffic = run.manifest.this_run.traffic
    failed = traffic.failed_attempts.total()
    return f"{traffic.sent:,} sent, {traffic.from_cache:,} from the cache" + (
        f", {failed:,} failed attempts" if failed else ""
    )


def _software(run: RunData) -> str:
    named = ((name, version) for name, version in run.manifest.versions.items() if version is not None)
    return ", ".join(f"{name} {version}" for name, version in named)


def _warned(run: RunData) -> Child:
    warning = run.manifest.model.warning
    return element("span", cut(warning, _LONGEST), class_="badge bad") if warning else ""


_FACTS: Final[Sequence[Fact]] = (
    ("asked for", lambda run: f"{counted(run.manifest.counts.target_size, 'example')}"),
    ("description", lambda run: _text_of(run, "description")),
    ("labels", _labels),
    ("strategy", _strategy),
    ("filters", _filters),
    ("model", lambda run: run.manifest.model.name),
    ("warning", _warned),
    ("sampling", _sampling),
    ("response format", lambda run: run.manifest.model.response_format),
    ("end", _outcome),
    ("why", lambda run: run.manifest.error or ""),
    ("examples", lambda run: run.manifest.counts.tally.accepted),
    ("rejected", lambda run: run.manifest.counts.tally.rejected.total()),
    ("surplus", lambda run: run.manifest.counts.tally.surplus or ""),
    ("sent back", lambda run: run.manifest.counts.tally.sent_back or ""),
    ("repaired by the author", lambda run: run.manifest.counts.tally.repaired or ""),
    ("mended", lambda run: run.manifest.counts.tally.normalised or ""),
    ("yield", lambda run: percent(run.manifest.counts.tally.yield_)),
    ("shares", _shares),
    ("labels verified by", _verifier),
    ("labels confirmed", _confirmed),
    ("judged by", _judged),
    ("responses", lambda run: run.manifest.counts.tally.responses),
    ("cost over all runs", lambda run: _used(run.manifest.cost.all_runs)),
    ("of that by model", _costs),
    ("of that assumed", _assumed),
    ("cost of the last run", lambda run: _used(run.manifest.cost.this_run)),
    ("caps", _caps),
    ("prices", _prices),
    ("answered by", _models),
    ("last run", _when),
    ("requests of the last run", _traffic),
    ("software", _software),
    ("machine", lambda run: run.manifest.machine),
    ("identity", lambda run: element("code", cut(run.manifest.identity, 200))),
)
