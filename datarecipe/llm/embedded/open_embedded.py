"""The transport of a local model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.embedded_transport import EmbeddedTransport
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.weights import default_data_dir, ensure_weights, known_weights
from datarecipe.llm.embedded.weights_notice import in_steps


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
