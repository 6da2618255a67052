"""The index finds what comparing every pair finds, and nothing else."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.characters import grams
from datarecipe.generate.admission.nearness import set_similarity_index
from datarecipe.generate.admission.nearness.set_similarity_index import Match, SetSimilarityIndex

THRESHOLDS = [Fraction(text) for text in ("0.5", "0.7", "0.9", "1")]
ALPHABETS = ["a", "ab", "abc ", "abcdefghij ", "aé\U0001f600 "]


def brute_force(texts: Sequence[str], threshold: Fraction) -> Iterator[Match | None]:
    """What a text is most similar to among those before it that were similar to none."""
    kept: list[frozenset[str]] = []
    for text in texts:
        own = grams(text)
        best: Match | None = None
        for number, other in enumerate(kept):
            similarity = Fraction(len(own & other), len(own | other))
            if similarity >= threshold and (best is None or similarity > best.similarity):
                best = Match(number, similarity)
        if best is None:
            kept.append(own)
        yield best


def by_index(texts: Sequence[str], threshold: Fraction) -> Iterator[Match | None]:
    index = SetSimilarityIndex(threshold)
    for text in texts:
        match = index.nearest(text)
        if match is None:
            index.add(text)
        yield match


@pytest.fixture
def early_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grams are ordered anew after 20, 40, 80 ... of them, until there are 2,000."""
    monkeypatch.setattr(set_similarity_index, "FIRST_ORDER", 20)
    monkeypatch.setattr(set_similarity_index, "ORDERED", 2_000)


def _edited(text: str, alphabet: str, generator: random.Random) -> str:
    letters = [*text]
    for _ in range(generator.randint(0, 6)):
        place = generator.randrange(len(letters) + 1)
        letters[place : place + generator.randint(0, 1)] = generator.choice(alphabet)
    return "".join(letters)


@pytest.mark.usefixtures("early_orders")
@pytest.mark.parametrize("threshold", THRESHOLDS, ids=str)
@given(
    st.sampled_from(ALPHABETS).flatmap(
        lambda alphabet: st.lists(st.text(alphabet, max_size=16), min_size=2, max_size=40)
    )
)
def test_few_characters(threshold: Fraction, texts: list[str]) -> None:
    assert [*by_index(texts, threshold)] == [*brute_force(texts, threshold)]


@pytest.mark.usefixtures("early_orders")
@pytest.mark.parametrize("threshold", THRESHOLDS, ids=str)
@pytest.mark.parametrize(
    "sizes", [(0, 12), (5, 60), (120, 260)], ids=["short", "sentences", "about the border of long"]
)
def test_texts_and_edited_copies(threshold: Fraction, sizes: tuple[int, int]) -> None:
    generator = random.Random(f"{threshold} {sizes}")
    for alphabet in ALPHABETS[1:]:
        texts: list[str] = []
        for _ in range(60):
            text = "".join(generator.choices(alphabet, k=generator.randint(*sizes)))
            texts += [text, _edited(text, alphabet, generator), _edited(text, alphabet, generator)]
        generator.shuffle(texts)
        expected = [*brute_force(texts, threshold)]
        assert [*by_index(texts, threshold)] == expected
        assert any(expected)


def test_the_threshold_is_met_exactly() -> None:
    """Seven of ten grams in common: in floats 0.7 * 10 is more than 7."""
    index = SetSimilarityIndex(Fraction(7, 10))
    index.add("abcdefghij")  # padded 12 characters, 8 grams
    other = "abcdefghijKL"  # 10 grams, 7 of the 8 among them: 7 of 11
    assert index.nearest(other) is None
    assert len(grams("abcdefghij") & grams(other)) == 7
    low = SetSimilarityIndex(Fraction(7, 11))
    low.add("abcdefghij")
    assert low.nearest(other) == Match(0, Fraction(7, 11))


def test_the_nearest_is_named_and_of_equals_the_first() -> None:
    index = SetSimilarityIndex(Fraction(1, 2))
    for text in ("a tree in the garden", "a tree in the gardens", "a tree in the gardens", "some other text"):
        index.add(text)
    assert index.nearest("a tree in the gardens") == Match(1, Fraction(1))
    assert index.nearest("nothing like these") is None


def test_a_text_without_grams_of_full_length_is_its_own_gram() -> None:
    assert grams("") == {"  "}
    assert grams("ab") == {" ab "}
    index = SetSimilarityIndex(Fraction(1, 2))
    index.add("ab")
    assert index.nearest("ab") == Match(0, Fraction(1))
    assert index.nearest("ac") is None
    assert index.nearest("") is None


def test_candidates_are_counted_alike_with_and_without_numpy() -> None:
    generator = random.Random(0)
    for _ in range(300):
        postings = [
            array("L", sorted(generator.sample(range(400), generator.randint(0, 60))))
            for _ in range(generator.randint(0, 9))
        ]
        for needed in (1, 2, 4):
            plain = set_similarity_index.counted(postings, needed)
            assert plain == sorted(
                {number for one in postings for number in one if sum(number in other for other in postings) >= needed}
            )
