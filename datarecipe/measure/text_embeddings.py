"""Texts as vectors, for measures that compare meaning: by an embedder that asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias

from datarecipe.generate.hashed_ngrams import hashed_ngrams

LocalEmbedder: TypeAlias = Literal["hashed-ngrams", "minilm"]


def vectors_of(
    texts: Sequence[str], embedder: LocalEmbedder = "hashed-ngrams", notice: Callable[[str], None] = lambda _: None
) -> list[tuple[int, ...]]:
    """A vector of whole numbers for each text, in order; texts that are alike have a high cosine.

    `hashed-ngrams` gives 512 numbers and takes some 0.1 ms for a sentence. `minilm` gives 384 and takes some 18 ms on one
    core; its last digits depend on the processor, so show what rests on them rounded. `notice` is told how its weights come.

    Raises `MissingExtraError` and `WeightsError` for `minilm`.
    """
    if embedder == "hashed-ngrams":
        return [hashed_ngrams(text) for text in texts]
    from datarecipe.llm.embedded.embedded_transport import usable_cpus  # noqa: PLC0415 - only who asks for it pays
    from datarecipe.llm.embedded.minilm import load_minilm  # noqa: PLC0415

    model = load_minilm(notice)
    with ThreadPoolExecutor(usable_cpus()) as threads:
        return [vector for vector, _ in threads.map(model.vector, texts)]
