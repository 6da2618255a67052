"""The embedder `minilm`: all-MiniLM-L6-v2, computed with NumPy.

The model is a BERT encoder (Devlin et al. 2019, arXiv 1810.04805) of 6 layers, 12 heads and 384 numbers for each token,
distilled (Wang et al. 2020, arXiv 2002.10957) and trained to embed sentences (Reimers and Gurevych 2019, arXiv 1908.10084).
A text's vector is the mean over its tokens. That is little arithmetic, so it needs no runtime of its own.

One text is computed at a time: its vector must not depend on the texts that happen to wait with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from datarecipe.errors import MissingExtraError, WeightsError
from datarecipe.llm.embedded.minilm_weights import ALL_MINILM_L6_V2, TOKENIZER
from datarecipe.llm.embedded.weights import default_data_dir, ensure_weights
from datarecipe.llm.embedded.weights_notice import in_steps
from datarecipe.llm.rounded_vector import rounded

if TYPE_CHECKING:
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    Matrix: TypeAlias = "NDArray[np.float32]"

INSTALL: Final = "pip install 'datarecipe-llm[embed]'"

DIMENSIONS: Final = 384
LAYERS: Final = 6
HEADS: Final = 12
MOST_TOKENS: Final = 256
"""Tokens of a text that count, as for its authors; what follows is left out."""
EPSILON: Final = 1e-12

_LONGEST_HEADER: Final = 1_000_000
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def check_installed() -> None:
    """Raise `MissingExtraError` where it cannot be computed. Loads nothing."""
    if find_spec("numpy") is None or find_spec("tokenizers") is None:
        raise MissingExtraError("the embedder minilm needs NumPy and tokenizers, which are not installed", hint=INSTALL)


class Minilm:
    """The model in memory: 90 MB. Several threads may use it at once."""

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        """Load it. Raises `MissingExtraError`, and `WeightsError` for files that cannot be read."""
        check_installed()
        with _one_thread():
            import numpy  # noqa: PLC0415 - an extra

        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra

        self._np = numpy
        try:
            self._tokenizer = Tokenizer.from_str(tokenizer.read_text(encoding="utf-8"))
            tensors = _tensors(weights, numpy)
            self._layers = [_Layer(numpy, tensors, f"encoder.layer.{number}.") for number in range(LAYERS)]
            self._words = tensors["embeddings.word_embeddings.weight"]
            self._places = (
                tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
            )
            self._norm = _norm_of(tensors, "embeddings.LayerNorm.")
        except Exception as error:  # tokenizers raises just that
            raise WeightsError(f"the weights of minilm cannot be read: {error}", hint=f"Delete {weights}.") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def vector(self, text: str) -> tuple[tuple[int, ...], int]:
        """The vector of `text`, rounded, and the number of its tokens."""
        tokens = self._tokenizer.encode(text).ids
        state = _normed(self._np, self._words[tokens] + self._places[: len(tokens)], self._norm)
        for layer in self._layers:
            state = layer.after(state)
        return rounded(state.mean(0).tolist()), len(tokens)


def load_minilm(notice: Callable[[str], None], stop: Event | None = None) -> Minilm:
    """The model, its weights found or fetched. Raises `MissingExtraError`, `WeightsError`."""
    check_installed()
    notify = in_steps(notice, ALL_MINILM_L6_V2.owner)
    path = ensure_weights(ALL_MINILM_L6_V2, data_dir=default_data_dir(), notify=notify, stop=stop)
    return Minilm(path, path.with_name(TOKENIZER.file_name))


Norm: TypeAlias = "tuple[Matrix, Matrix]"


class _Layer:
    """One layer of the encoder."""

    def __init__(self, numpy: Any, tensors: Mapping[str, Matrix], name: str) -> None:
        def linear(*parts: str) -> tuple[Matrix, Matrix]:
            matrix = numpy.concatenate([tensors[f"{name}{part}.weight"] for part in parts])
            bias: Matrix = numpy.concatenate([tensors[f"{name}{part}.bias"] for part in parts])
            return numpy.ascontiguousarray(matrix.T), bias

        self._np = numpy
        self._asked = linear("attention.self.query", "attention.self.key", "attention.self.value")
        self._attended = linear("attention.output.dense")
        self._attention_norm = _norm_of(tensors, f"{name}attention.output.LayerNorm.")
        self._wide, self._narrow = linear("intermediate.dense"), linear("output.dense")
        self._norm = _norm_of(tensors, f"{name}output.LayerNorm.")
        self._scale = numpy.float32((DIMENSIONS / HEADS) ** -0.5)

    def after(self, state: Matrix) -> Matrix:
        """The state of the tokens, a row each, after this layer."""
        np, count = self._np, len(state)
        asked = state @ self._asked[0] + self._asked[1]
        query, key, value = asked.reshape(count, 3, HEADS, -1).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) * self._scale
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        attended = (scores @ value).transpose(1, 0, 2).reshape(count, DIMENSIONS)
        state = _normed(np, state + attended @ self._attended[0] + self._attended[1], self._attention_norm)
        wide = _gelu(np, state @ self._wide[0] + self._wide[1])
        return _normed(np, state + wide @ self._narrow[0] + self._narrow[1], self._norm)


def _norm_of(tensors: Mapping[str, Matrix], name: str) -> Norm:
    return tensors[f"{name}weight"], tensors[f"{name}bias"]


def _normed(np: Any, state: Matrix, norm: Norm) -> Matrix:
    centred = state - state.mean(-1, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(EPSILON))
    normed: Matrix = centred / deviation * norm[0] + norm[1]
    return normed


def _gelu(np: Any, x: Matrix) -> Matrix:
    """`x / 2 * (1 + erf(x / sqrt(2)))`, with the error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26)."""
    f = np.float32
    size = np.abs(x) * f(0.5**0.5)
    t = 1 / (1 + f(0.3275911) * size)
    polynomial = t * f(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        polynomial = (polynomial + f(coefficient)) * t
    erf = np.copysign(1 - polynomial * np.exp(-size * size), x)
    gelu: Matrix = x * f(0.5) * (1 + erf)
    return gelu


def _tensors(path: Path, numpy: Any) -> dict[str, Matrix]:
    """The matrices of a safetensors file: the length of a JSON header, the header, and the numbers. Raises `ValueError`."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    if not 8 < start <= min(len(raw), _LONGEST_HEADER):
        raise ValueError("no safetensors file")
    tensors = {}
    for name, about in json.loads(raw[8:start]).items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = about["data_offsets"]
            numbers = numpy.frombuffer(raw, "<f4", (end - begin) // 4, start + begin)
            tensors[name] = numbers.reshape(about["shape"])
    return tensors


@contextmanager
def _one_thread() -> Iterator[None]:
    """While it lasts, NumPy is loaded with one thread for its arithmetic, unless the user's settings say otherwise.

    Its threads wait for each other at every step: with one other busy process on the machine that takes twice as long.
    """
    changed = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(changed, "1"))
    try:
        yield
    finally:
        for name in changed:
            os.environ.pop(name, None)
