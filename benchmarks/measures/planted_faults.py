"""Human data with a planted fault, and the measures that must show it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from datarecipe.characters import loose_words
from datarecipe.measure.examples import Examples
from datarecipe.measure.measures import Measures
from datarecipe.measure.sample import sample
from datarecipe.measure.thresholds import FIGURES
from datarecipe.recipe.recipe import TestedMeasure

SIZE: Final = 400
COPIES: Final = 0.3
TEMPLATES: Final = {
    "positive": ("i love the {} of this {}", "the {} is great for any {}", "a fine {} and a good {}", "this {} made my {}"),
    "negative": ("i hate the {} of this {}", "the {} is bad for any {}", "a poor {} and no good {}", "this {} broke my {}"),
}  # fmt: skip

Plant = Callable[[Examples, random.Random], Examples]


class Fault(NamedTuple):
    name: str
    plant: Plant
    """Makes `SIZE` faulty examples of good ones, of which there are more."""
    moves: Sequence[tuple[TestedMeasure, float]]
    """The measures that must show it, each with the least change: above 0 if it must rise, below if it must fall."""

    def missed(self, good: Measures, bad: Measures) -> list[str]:
        """What does not move as it must."""
        return [
            f"{self.name}: {name} goes from {before} to {after}"
            for name, least in self.moves
            for before, after in ((FIGURES[name](good), FIGURES[name](bad)),)
            if before is None or after is None or (after - before) / least < 1
        ]


def near_copies(pool: Examples, chance: random.Random) -> Examples:
    """Three of ten texts are another one with a word exchanged; its label is copied too."""
    texts, labels = good(pool)
    kept = round(SIZE * (1 - COPIES))
    for at in range(kept, SIZE):
        of = chance.randrange(kept)
        words = texts[of].split()
        words[chance.randrange(len(words))] = chance.choice(chance.choice(texts[:kept]).split())
        texts[at], labels[at] = " ".join(words), labels[of]
    return made(texts, labels)


def templates(pool: Examples, chance: random.Random) -> Examples:
    """Each text is one of four templates of its label, with words of the good texts at random."""
    texts, labels = good(pool)
    words = sorted({word for text in texts for word in loose_words(text)})
    return made([chance.choice(TEMPLATES[label]).format(*chance.choices(words, k=2)) for label in labels], labels)


def shuffled_labels(pool: Examples, chance: random.Random) -> Examples:
    """Labels that have nothing to do with the texts."""
    texts, labels = good(pool)
    return made(texts, chance.sample(labels, SIZE))


def starved_label(pool: Examples, chance: random.Random) -> Examples:
    """One example in twenty has the label `negative`."""
    rare = SIZE // 20
    numbers = [
        *chance.sample([at for at, label in enumerate(pool.labels) if label == "negative"], rare),
        *chance.sample([at for at, label in enumerate(pool.labels) if label == "positive"], SIZE - rare),
    ]
    return made([pool.texts[at] for at in numbers], [pool.labels[at] for at in numbers])


def giveaway(pool: Examples, chance: random.Random) -> Examples:
    """Half of the negative texts begin with one word, as a model's may."""
    texts, labels = good(pool)
    begun = [
        f"Unfortunately, {text}" if label == "negative" and chance.random() < 0.5 else text
        for text, label in zip(texts, labels, strict=True)
    ]
    return made(begun, labels)


def flipped(labels: Sequence[str], share: float, chance: random.Random) -> tuple[list[str], set[int]]:
    """The labels with a share of them exchanged for another, and the numbers of these."""
    wrong, known = set(chance.sample(range(len(labels)), round(share * len(labels)))), sorted(set(labels))
    return [
        chance.choice([other for other in known if other != label]) if at in wrong else label
        for at, label in enumerate(labels)
    ], wrong


def flipped_labels(pool: Examples, chance: random.Random) -> Examples:
    """One label in ten is wrong."""
    texts, labels = good(pool)
    return made(texts, flipped(labels, 0.1, chance)[0])


def good(pool: Examples) -> tuple[list[str], list[str]]:
    """The texts and labels that faults are planted in: always the same sample."""
    numbers = sample(range(len(pool.texts)), SIZE, "good")
    return [pool.texts[at] for at in numbers], [pool.labels[at] for at in numbers]


def made(texts: Sequence[str], labels: Sequence[str]) -> Examples:
    """Examples of one text each."""
    return replace(Examples("made", [[text] for text in texts], labels), known_labels=sorted(set(labels)))


FAULTS: Final = (
    Fault("30 % near copies", near_copies, (("distinct_2", -0.05), ("compression_ratio", 0.1), ("self_bleu", 0.03),
        ("near_duplicate_rate", 0.08), ("vendi", -5), ("nearest_distance", -0.03))),
    Fault("templates", templates, (("compression_ratio", 0.2), ("self_bleu", 0.1), ("vendi", -10),
        ("nearest_distance", -0.1), ("learnability", 0.1), ("giveaway_words", 0.3))),
    Fault("shuffled labels", shuffled_labels, (("learnability", -0.15),)),
    Fault("one label starved", starved_label, (("evenness", -0.5),)),
    Fault("a word in half of one label", giveaway, (("giveaway_words", 0.15), ("learnability", 0.03))),
    Fault("10 % labels flipped", flipped_labels, (("label_errors", 0.03), ("learnability", -0.03))),
)  # fmt: skip
