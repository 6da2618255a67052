"""The transport of a local model, and what is told while its weights are on their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.embedded_transport import EmbeddedTransport
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.weights import Notify, Phase, default_data_dir, ensure_weights, known_weights

MEGABYTE = 1_000_000


def open_embedded(model: str, weights: Path | None, notice: Callable[[str], None]) -> EmbeddedTransport:
    """The transport for the local `model`, whose file is `weights` where the user names one."""

    def locate() -> Path:
        if weights is None:
            wanted = known_weights(model.removeprefix(LOCAL_PREFIX))
            path = ensure_weights(
                wanted, data_dir=default_data_dir(), notify=in_steps(notice, wanted.owner), stop=transport.stopping
            )
        else:
            check_gguf(weights)
            path = weights
        notice("loading the embedded model")
        return path

    transport = EmbeddedTransport(locate, model=model)
    return transport


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
