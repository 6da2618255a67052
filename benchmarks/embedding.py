"""What embeddings cost here: `minilm` for a text, and finding near vectors among many; and how many near ones are missed.

    python -m benchmarks.embedding [--vectors 20000]

Processor time of one thread. The vectors are made up: 384 numbers, a part in common, so that any two have a cosine of about
0.5, as texts on one subject have.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from fractions import Fraction

from datarecipe.generate.admission.nearness.nearby_vectors import NearbyVectors
from datarecipe.llm.embedded.minilm import Minilm
from datarecipe.llm.embedded.minilm_weights import ALL_MINILM_L6_V2, TOKENIZER
from datarecipe.llm.embedded.weights import default_data_dir, ensure_weights
from datarecipe.llm.rounded_vector import rounded

SENTENCE = "is it possible to get from terminal {} to the centre of the city by train at night"
PLANTED = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description="What embeddings cost on this machine.")
    parser.add_argument("--vectors", type=int, default=20_000)
    most = parser.parse_args().vectors
    print(minilm_line())
    source = random.Random(1)
    for threshold in ("0.95", "0.9", "0.8"):
        print(f"at {threshold}: {missed(threshold, source)} of {PLANTED:,} missed of cosine {threshold} + 0.0005")
    for count, milliseconds in growing(most, source):
        print(f"{count:,} vectors: {milliseconds:.2f} ms for each of the last 1,000, looked for and added")


def minilm_line() -> str:
    path = ensure_weights(ALL_MINILM_L6_V2, data_dir=default_data_dir())
    began = time.process_time()
    model = Minilm(path, path.with_name(TOKENIZER.file_name))
    loaded = time.process_time()
    for number in range(300):
        model.vector(SENTENCE.format(number))
    each = (time.process_time() - loaded) / 300
    return f"minilm: loaded in {loaded - began:.2f} s; {each * 1000:.1f} ms for a sentence of {len(SENTENCE.split())} words"


def missed(threshold: str, source: random.Random) -> int:
    """How many of the planted pairs are not found."""
    count = 0
    for _ in range(PLANTED):
        vector = [source.gauss(0, 1) for _ in range(384)]
        index = NearbyVectors(Fraction(threshold))
        index.add(rounded(vector))
        count += index.nearest(rounded(turned(vector, float(threshold) + 0.0005, source))) is None
    return count


def turned(vector: list[float], cosine: float, source: random.Random) -> list[float]:
    own = [value / math.hypot(*vector) for value in vector]
    other = [source.gauss(0, 1) for _ in own]
    along = sum(map(float.__mul__, own, other))
    across = [y - along * x for x, y in zip(own, other, strict=True)]
    scale = math.sqrt(1 - cosine**2) / math.hypot(*across)
    return [cosine * x + scale * y for x, y in zip(own, across, strict=True)]


def growing(most: int, source: random.Random) -> list[tuple[int, float]]:
    base = [source.gauss(0, 1) for _ in range(384)]
    index, spent, rows = NearbyVectors(Fraction("0.95")), 0.0, []
    for number in range(1, most + 1):
        vector = rounded([value + source.gauss(0, 1) for value in base])
        began = time.process_time()
        index.nearest(vector)
        index.add(vector)
        spent += time.process_time() - began
        if number % 1_000 == 0:
            if number in (1_000, 10_000, most):
                rows.append((number, spent))
            spent = 0.0
    return rows


if __name__ == "__main__":
    main()
