"""Which transport answers a model, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.transport import EmbeddedTransport
from datarecipe.llm.embedded.weights import WeightsProgress, default_data_dir, ensure_weights
from datarecipe.llm.endpoint import Endpoint
from datarecipe.llm.litellm_transport import LitellmTransport
from datarecipe.llm.transport import Transport

MEGABYTE = 1_000_000


def open_transport(
    model: str, endpoint: Endpoint, *, weights: Path | None, environ: Mapping[str, str], notice: Callable[[str], None]
) -> Transport:
    """The transport for `model`; nothing is loaded or fetched before its first request.

    `weights` is the file of a local model that the user names, `environ` where a provider's key is looked for.
    """
    if not model.startswith(LOCAL_PREFIX):
        return LitellmTransport(endpoint, environ=environ)
    reporter = _WeightsReporter(notice)

    def locate() -> Path:
        path = ensure_weights(
            model.removeprefix(LOCAL_PREFIX),
            data_dir=default_data_dir(),
            notify=reporter,
            override=weights,
            stop=transport.stopping,
        )
        notice("loading the embedded model")
        return path

    transport = EmbeddedTransport(locate, model=model)
    return transport


class _WeightsReporter:
    """Tells of the weights' fetch in a few lines: at its start, at every quarter."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._told: tuple[str, int] | None = None

    def __call__(self, progress: WeightsProgress) -> None:
        step = (progress.phase, 4 * progress.done // progress.total if progress.total else 0)
        if step == self._told:
            return
        self._told = step
        done, total = progress.done // MEGABYTE, progress.total // MEGABYTE
        match progress.phase:
            case "waiting":
                self._notice("another process is fetching the embedded model's weights; waiting for it")
            case "fetching":
                self._notice(f"fetching the embedded model's weights, once: {done} of {total} MB")
            case "checking":
                self._notice(f"unpacking and checking the weights: {done} of {total} MB")
