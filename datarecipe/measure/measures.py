"""All measures of one dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from datarecipe.characters import loose_words
from datarecipe.measure.examples import SIZE, Examples
from datarecipe.measure.labels.cross_validation import CrossValidated, cross_validated
from datarecipe.measure.labels.giveaway_words import GiveawayWords, giveaway_words
from datarecipe.measure.labels.label_balance import by_place, entropy, evenness
from datarecipe.measure.labels.label_errors import LabelError, label_errors
from datarecipe.measure.labels.learnability import Learnability, learnability
from datarecipe.measure.labels.separation import Interval, separation
from datarecipe.measure.sample import sample
from datarecipe.measure.variety import diversity
from datarecipe.measure.variety.diversity import Estimate
from datarecipe.measure.variety.spread import HASHED, Embedder, Spread, spread
from datarecipe.recipe.held_out.held_out_index import HeldOutIndex

SHOWN = 200
"""Characters of a suspect example that are kept to be shown."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many words the texts have."""

    shortest: int
    median: int
    ninety_percent: int
    """Nine of ten have no more."""
    longest: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """An example whose label a classifier contradicts."""

    line: int | None
    id: str | None
    """For an example of a run."""
    given: str
    predicted: str
    confidence: float
    """The calibrated probability of the predicted label."""
    text: str
    """Its first `SHOWN` characters."""


@dataclass(frozen=True, slots=True)
class LabelErrors:
    count: int
    share: float
    """Of the sample."""
    suspects: Sequence[Suspect]
    """All of them, the surest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    name: str
    examples: int
    size: int
    """Examples in the sample on which all below `lengths` is measured."""
    received: int | None
    rejected: Mapping[str, int]
    labels: Mapping[str, int]
    """By label, the most frequent first."""
    entropy: float | None
    """In bits."""
    evenness: float | None
    labels_by_place: Mapping[int, Mapping[str, int]]
    lengths: Lengths
    distinct: Mapping[int, float]
    """By the number of words of an n-gram."""
    compression_ratio: float
    self_bleu: Estimate | None
    near_duplicate_rate: float
    first_words: Sequence[tuple[str, float]]
    spread: Spread | None
    """By the built-in embedder: it sees form."""
    meaning: Spread | None
    """By another embedder, if one was given."""
    learnability: Learnability | None
    label_errors: LabelErrors | None
    giveaway_words: GiveawayWords | None

    @property
    def yielded(self) -> float | None:
        """Examples / items that came, for a run."""
        return self.examples / self.received if self.received else None


def measured(examples: Examples, size: int = SIZE, embedder: Embedder | None = None) -> Measures:
    """The measures of a dataset that is not empty, on a sample of at most `size` examples where their number matters.

    `embedder` gives distances by meaning, beside those by form.
    """
    counts = Counter({**dict.fromkeys(examples.known_labels, 0), **Counter(examples.labels)})
    numbers = sample(range(len(examples.texts)), size)
    texts = [examples.texts[number] for number in numbers]
    words = [loose_words(text) for text in texts]
    labels = [examples.labels[number] for number in numbers] if examples.labels else []
    found = cross_validated(words, labels) if labels else None
    return Measures(
        name=examples.name,
        examples=len(examples.parts),
        size=len(texts),
        received=examples.received,
        rejected=examples.rejected,
        labels=dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        entropy=entropy(counts.values()) if counts else None,
        evenness=evenness(list(counts.values())) if len(counts) > 1 else None,
        labels_by_place={
            place: dict(sorted(of_place.items()))
            for place, of_place in by_place(zip(examples.places, examples.labels, strict=False)).items()
        },
        lengths=_lengths(examples.texts),
        distinct={order: diversity.distinct(words, order) for order in (1, 2, 3)},
        compression_ratio=diversity.compression_ratio(texts),
        self_bleu=diversity.self_bleu(words),
        near_duplicate_rate=diversity.near_duplicate_rate(texts),
        first_words=diversity.first_words(words),
        spread=spread(texts, HASHED),
        meaning=None if embedder is None else spread(texts, embedder),
        learnability=None if found is None else learnability(found),
        label_errors=None if found is None else _label_errors(found, examples, numbers),
        giveaway_words=giveaway_words(words, labels) if labels else None,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """A dataset beside reference texts."""

    contained: int
    """Examples that contain a reference text, as `filters.decontaminate` finds them; all are compared with all."""
    examples: int
    """How many were compared."""
    told_apart: Learnability | None
    """How well a simple classifier tells examples from reference texts; near chance, they are alike to it."""
    told_apart_auc: Interval | None
    """The same as the area under the ROC curve; 0.5 where they are alike."""


def compared(examples: Examples, reference: Examples, size: int = SIZE) -> Comparison:
    """The dataset and the reference; they are told apart in samples of one size, at most `size`."""
    index = HeldOutIndex((text for parts in reference.parts for text in parts), Fraction(3, 4))
    contained = sum(any(index.find(text) is not None for text in parts) for parts in examples.parts)
    size = min(size, len(examples.texts), len(reference.texts))
    own, other = sample(examples.texts, size), sample(reference.texts, size, "reference")
    words = [loose_words(text) for text in (*own, *other)]
    found = cross_validated(words, ["example"] * len(own) + ["reference"] * len(other))
    return Comparison(
        contained=contained,
        examples=len(examples.parts),
        told_apart=None if found is None else learnability(found),
        told_apart_auc=None if found is None else separation(found),
    )


def _label_errors(found: CrossValidated, examples: Examples, numbers: Sequence[int]) -> LabelErrors | None:
    errors = label_errors(found)
    if errors is None:
        return None
    suspects = [_suspect(error, examples, numbers[error.number]) for error in errors]
    return LabelErrors(len(suspects), len(suspects) / len(numbers), suspects)


def _suspect(error: LabelError, examples: Examples, number: int) -> Suspect:
    return Suspect(
        line=examples.lines[number] if examples.lines else None,
        id=examples.ids[number] if examples.ids else None,
        given=error.given,
        predicted=error.predicted,
        confidence=error.confidence,
        text=examples.texts[number][:SHOWN],
    )


def _lengths(texts: Sequence[str]) -> Lengths:
    """Words are what white space separates, as in `filters.length`."""
    counts = sorted(len(text.split()) for text in texts)
    return Lengths(counts[0], counts[len(counts) // 2], counts[(len(counts) * 9 - 1) // 10], counts[-1])
