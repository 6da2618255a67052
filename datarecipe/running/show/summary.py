"""What a run says of itself before and after, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from datarecipe.amount import Amount, dollars
from datarecipe.errors import DatarecipeError
from datarecipe.generate.events import Outcome
from datarecipe.printable import counted, printable
from datarecipe.recipe import display
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.run_counts import Traffic
from datarecipe.run_folder.json_records import to_json
from datarecipe.run_folder.layout import REJECTED
from datarecipe.running.resolve.options import EMBEDDED_WARNING
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.confirmations import confirmations, judgements
from datarecipe.running.show.rejections import loss_of, percent
from datarecipe.running.show.shares import share_line


def opening(setup: ResolvedRun) -> list[str]:
    """The lines before a run."""
    recipe = setup.recipe
    lines = [
        f"{printable(recipe.name)}: {counted(recipe.target_size, 'example')}, strategy {recipe.strategy.kind}, "
        f"model {printable(setup.model.name)} (from {printable(setup.model_from)})"
    ]
    for filter_, asked in setup.of_filters.items():
        where = f" at {asked.endpoint.host}" if asked.endpoint.host else ""
        does = "answers each example without its label" if filter_ == "verify" else "scores each example"
        lines.append(f"{filter_}: {printable(asked.model.name)}{where} {does}")
    for embedder in setup.embedders.values():
        at = f" at {embedder.endpoint.host}" if embedder.endpoint.host else ""
        where = at if embedder in setup.served_embedders else " in this process"
        lines.append(f"embed: {printable(embedder.endpoint.model)}{where} says which texts are alike")
    if setup.repairs:
        lines.append(f"repair: rejected examples go back to the author, {counted(setup.repairs, 'time')} at the most")
    elif setup.recipe.filters.repair:
        lines.append("warning: the embedded model cannot correct its examples, so `filters.repair` has no effect")
    if setup.embedded:
        lines.append(EMBEDDED_WARNING)
    return lines


def closing(result: RunResult) -> list[str]:
    """The lines after a run."""
    tally, traffic, loss = result.tally, result.traffic, loss_of(result.counts)
    if result.end == "failed" and not tally.responses and not traffic.sent:
        return []  # nothing was done: the error alone says all
    but = f", but {loss.short}" if loss and result.end == "target" else ""
    some = f"{tally.responses:,} of " if result.counts.waiting else ""
    retried = f"; {counted(traffic.asked_again, 'response')} retried before" if traffic.asked_again else ""
    lines = [
        f"{_HEADLINES[result.end]}{but}: {tally.accepted:,} of {counted(result.counts.target_size, 'example')} accepted "
        f"from {some}{counted(result.counts.received, 'response')} ({result.counts.new:,} new, "
        f"{traffic.from_cache:,} cached{retried}){_checks(traffic)} "
        f"in {result.seconds:.1f} s"
    ]
    lines += _figures(result)
    if result.kept_lines:
        lines.append(
            f"{result.output} holds {counted(result.kept_lines, 'example')} of this run already: its files were left alone"
        )
    elif result.shortened_from:
        lines.append(
            f"the dataset was shortened from {result.shortened_from:,} examples; "
            f"--target-size {result.shortened_from} restores them from the cache"
        )
    if result.written:
        lines.append(f"dataset: {display(result.output)}")
    if loss and result.end not in ("barren", "degraded"):  # what helps there is told with how to go on
        lines += [" ".join(loss.sentences(display(result.output / REJECTED) if result.written else None))]
    return lines


def _checks(traffic: Traffic) -> str:
    count = traffic.checks + traffic.checks_from_cache
    if not count:
        return ""
    return f" and {counted(count, 'answer')} about them ({traffic.checks:,} new, {traffic.checks_from_cache:,} cached)"


def _figures(result: RunResult) -> Iterator[str]:
    tally, traffic, labels = result.tally, result.traffic, result.counts.committed.labels
    if tally.accepted and labels is not None and (line := labels.line()):
        yield line
    if tally.yield_ is not None:
        yield f"yield: {percent(tally.yield_)} of {counted(tally.came, 'received item')}{_rejected(tally)}"
    yield from _of_filters(result.counts.committed)
    if result.stand_ins:
        shares = ", ".join(f"{printable(name)} {count:,}" for name, count in result.stand_ins.items())
        yield f"answered by a fallback: {shares} of {counted(tally.responses, 'response')}"
    if traffic.failed_attempts:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in traffic.failed_attempts.most_common())
        yield f"failed attempts: {kinds}"
    if traffic.without_embedding:
        yield f"{counted(traffic.without_embedding, 'text')} without an embedding: the embedder did not accept them"
    if traffic.abandoned:
        yield f"{counted(traffic.abandoned, 'request')} abandoned in flight"
    yield from _costs(result)
    if result.counts.waiting:
        what_for = "a higher target" if result.end == "target" else "the next run"
        why = "" if result.end in get_args(Outcome) else ", waiting for a missing one"
        yield f"stored for {what_for}: {counted(result.counts.waiting, 'response')}{why}"


def _of_filters(committed: CommitCounts) -> Iterator[str]:
    tally = committed.tally
    if tally.sent_back:
        yield f"repaired: {counted(tally.repaired, 'example')}, with {counted(tally.sent_back, 'correction')} asked for"
    if committed.balanced is not None and tally.accepted:
        yield share_line(committed.balanced.balanced)
    if committed.confirmed is not None:
        yield from confirmations(committed.confirmed)
    if committed.judged is not None:
        yield from judgements(committed.judged)


def _costs(result: RunResult) -> Iterator[str]:
    cost = cost_line(result)
    if cost is None:
        return
    yield cost
    span = "" if result.spent.in_all.calls == result.spent.now.calls else " over all runs"
    for (name, priced), amount in result.of_filters.items():
        yield f"of which {printable(name)} used{span} {used_words(amount, priced=priced)}"
    assumed = result.spent.assumed
    if assumed.calls and not result.free:
        yield f"assumed part{span}: {used_words(assumed, priced=result.priced)}, for attempts without reported usage"


def _rejected(tally: Tally) -> str:
    reasons = (f"{count:,} {reason} ({percent(count / tally.came)})" for reason, count in tally.rejected.most_common())
    return f"; rejected: {', '.join(reasons)}" if tally.rejected else ""


def cost_line(result: RunResult) -> str | None:
    """What was used, where anything was."""
    now, in_all = result.spent.now, result.spent.in_all
    if not in_all.calls or (result.free and not now.calls):
        return None
    words = f"used: {used_words(now, priced=result.priced and not result.free)}"
    if in_all.calls != now.calls and not result.free:
        words += f"; over all runs {used_words(in_all, priced=result.priced)}"
    if result.priced and (unpriced := result.spent.unpriced_tokens):
        words += f" (the price of {unpriced:,} tokens is not known)"
    return words


def used_words(amount: Amount, *, priced: bool) -> str:
    """Calls, tokens, dollars."""
    words = f"{counted(amount.calls, 'call')}, {counted(amount.tokens, 'token')}"
    return f"{words}, {dollars(amount.usd)}" if priced else words


_HEADLINES = {
    "target": "done",
    "barren": "ended early (no new examples)",
    "degraded": "ended early (too many items rejected)",
    "capped": "ended at a cap",
    "interrupted": "interrupted",
    "failed": "ended early",
}


def summary(result: RunResult) -> dict[str, Any]:
    """The run as one JSON document, for `--json`."""
    counts = result.counts
    return {
        "name": result.name,
        "output": str(result.output),
        "outcome": result.end,
        "exit_code": result.exit_code,
        "error": str(result.error) if result.error else result.why,
        **counts.items(),
        **to_json(counts.by_label),
        **to_json(counts.traffic),
        "cost": counts.spent.document(priced=result.priced),
        "tokens": to_json(counts.committed.tokens),
        "written": result.written,
        "seconds": round(result.seconds, 3),
    }


def summary_of_error(setup: ResolvedRun, error: DatarecipeError) -> dict[str, Any]:
    """The same of a run that has no result, since an error kept it from beginning or broke it off."""
    return {
        "name": setup.recipe.name,
        "output": str(setup.output),
        "outcome": "error",
        "exit_code": error.exit_code,
        "error": str(error),
    }
