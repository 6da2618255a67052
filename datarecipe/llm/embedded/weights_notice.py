"""What is told while weights are on their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from datarecipe.llm.embedded.weights import Notify, Phase

MEGABYTE = 1_000_000

_WORDS: Mapping[Phase, str] = {
    "waiting": "another process is fetching {owner}'s weights; waiting for it",
    "fetching": "fetching {owner}'s weights, once: {} of {} MB",
    "checking": "unpacking and checking the weights: {} of {} MB",
}


def in_steps(notice: Callable[[str], None], owner: str) -> Notify:
    """Tells of the fetch of `owner`'s weights in a few lines: at the start of each phase, and at every quarter."""
    told: tuple[str, int] | None = None

    def notify(phase: Phase, done: int, total: int) -> None:
        nonlocal told
        step = (phase, 4 * done // total)
        if step != told:
            told = step
            notice(_WORDS[phase].format(done // MEGABYTE, total // MEGABYTE, owner=owner))

    return notify
