"""The index finds what a comparison with every held-out text finds, and what people expect of it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.characters import GRAM, grams, loose
from datarecipe.recipe.held_out.held_out_index import Contained, HeldOutIndex, most_in_a_window

DATA = Path(__file__).parents[4] / "shared" / "data"
THRESHOLD = Fraction(3, 4)


def brute_force(texts: Sequence[str], text: str, threshold: Fraction) -> Contained | None:
    """The one that a field contains most of, by looking at every window of every text of 4 to 50 words."""
    found = []
    padded = f" {loose(text)} "
    starts = range(max(1, len(padded) - GRAM + 1))
    for number, each in enumerate(map(loose, texts)):
        if len(each.split()) < 4:
            if each == loose(text) and each:
                found.append(Contained(number, Fraction(1)))
            continue
        of_text, width = grams(each), len(each) + len(each) // 2
        most = max(len(of_text & {padded[at : at + GRAM] for at in starts[first : first + width]}) for first in starts)
        if Fraction(most, len(of_text)) >= threshold:
            found.append(Contained(number, Fraction(most, len(of_text))))
    return max(found, key=lambda each: (each.share, -each.number), default=None)


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "aab", "é", "cat"]), max_size=14).map(" ".join)


@settings(max_examples=600)
@given(st.lists(WORDS, max_size=8), WORDS, st.sampled_from([Fraction(1, 2), THRESHOLD, Fraction(9, 10), Fraction(1)]))
def test_it_finds_what_brute_force_finds(texts: list[str], text: str, threshold: Fraction) -> None:
    assert HeldOutIndex(texts, threshold).find(text) == brute_force(texts, text, threshold)


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True), max_size=6), st.integers(1, 12))
def test_the_fullest_window(places: list[list[int]], width: int) -> None:
    most = max(
        (sum(any(begin <= at < begin + width for at in each) for each in places) for begin in range(31)), default=0
    )
    assert most_in_a_window(places, width) == most


HELD_OUT = "is the great wall of china visible from space"


@pytest.mark.parametrize(
    "text",
    [
        HELD_OUT,
        "Is the Great Wall of China visible from space?!",
        "Q: is the great wall of China visible from space? A: no, not with the naked eye",
        "is the great wall of china really visible from space",
        "is the great wall of china visible from orbit",
    ],
)
def test_what_counts_as_contained(text: str) -> None:
    found = HeldOutIndex([HELD_OUT], THRESHOLD).find(text)
    assert found is not None
    assert found.share >= THRESHOLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "is the great pyramid visible from space",
        "was the great wall of china built by hand",
        # Its words are all there, but far from each other.
        "is it so that the largest of animals live in the great seas, behind the wall of a reef, in china and "
        "elsewhere, and that a coast is visible to whoever looks at it from a station in space",
    ],
)
def test_what_does_not(text: str) -> None:
    assert HeldOutIndex([HELD_OUT], THRESHOLD).find(text) is None


def test_texts_of_a_few_words_must_be_the_whole_field() -> None:
    index = HeldOutIndex(["Brilliant!", "water", "", "?!"], THRESHOLD)
    assert index.find("brilliant") == Contained(0, Fraction(1))
    assert index.find("A brilliant film, shot under water.") is None
    assert index.find("!!") is None


PASSAGE = " ".join(f"word{number}" for number in range(80))


@pytest.mark.parametrize("begin", range(0, 67, 3))
def test_thirteen_words_of_a_passage_are_found_wherever_they_stand(begin: int) -> None:
    index = HeldOutIndex(["is this a short question", PASSAGE], THRESHOLD)
    run = " ".join(PASSAGE.split()[begin : begin + 13])
    assert index.find(f"as it says: {run.upper()}, and so on") == Contained(1, Fraction(1), run)
    assert index.find(" ".join(PASSAGE.split()[begin : begin + 12])) is None


def test_in_scripts_without_spaces_letters_make_words() -> None:
    short, question = "你好吗", "从太空中能看见中国的长城吗"
    passage = "".join(chr(0x4E00 + 7 * number) for number in range(140))
    index = HeldOutIndex([short, question, passage], THRESHOLD)
    assert index.find(f"请问,{short}") is None
    assert index.find(short) == Contained(0, Fraction(1))
    found = index.find(f"请问{question}?谢谢")
    assert found is not None
    assert found.number == 1
    run = passage[31:57]
    assert index.find(f"有人说{run}。") == Contained(2, Fraction(1), " ".join(run))
    assert index.find(passage[31:56]) is None


def test_repeated_texts_are_one() -> None:
    index = HeldOutIndex([HELD_OUT, "other words stand here now", HELD_OUT.upper()], THRESHOLD)
    found = index.find(HELD_OUT)
    assert found == Contained(0, Fraction(1))


def _lines(name: str, field: str) -> list[str]:
    lines = (DATA / name).read_text(encoding="utf-8").split("\n")
    return [str(json.loads(line)[field]) for line in lines if line]


def _leaks(chance: random.Random, text: str, others: Sequence[str]) -> dict[str, str]:
    words, around = text.split(), " ".join(chance.sample(others, 6)).split()[:30]
    at, swapped, changed, inserted = chance.randrange(30), words[:], words[:], words[:]
    first = chance.randrange(len(words) - 1)
    swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
    changed[chance.randrange(len(words))] = chance.choice(around)
    inserted.insert(chance.randrange(len(words)), chance.choice(around))
    return {
        "case": text.upper(),
        "punctuation": "".join(c for c in text if c.isalnum() or c == " ") + " !",
        "template": f"Question: {text} Answer:",
        "embedded": " ".join([*around[:at], text, *around[at:]]),
        "inserted": " ".join(inserted),
        "swapped": " ".join(swapped),
        "changed": " ".join(changed),
    }


@pytest.mark.parametrize(
    ("folder", "field", "most_flagged"),
    [
        ("yesno_close/boolq", "question", 0.05),
        ("yesno_close/creak", "question", 0.002),
        ("mcqa_5/csqa", "question", 0.012),
        ("sentiment/imdb", "text", 0.0),
    ],
)
def test_planted_leaks_of_human_data(folder: str, field: str, most_flagged: float) -> None:
    """All that is only dressed otherwise is found, and most of what is changed; honest training items pass.

    BoolQ's own training questions overlap with its held-out ones: 4 %, whose labels mostly agree.
    """
    held_out, others = _lines(f"{folder}/dev.jsonl", field), _lines(f"{folder}/train.jsonl", field)
    index, chance = HeldOutIndex(held_out, THRESHOLD), random.Random(0)
    long_enough = [text for text in held_out if len(text.split()) >= 5]
    found: dict[str, list[bool]] = {}
    for text in chance.sample(long_enough, min(150, len(long_enough))):
        for kind, leak in _leaks(chance, text, others).items():
            found.setdefault(kind, []).append(index.find(leak) is not None)
    recall = {kind: sum(each) / len(each) for kind, each in found.items()}
    assert all(recall[kind] >= 0.97 for kind in ("case", "punctuation", "template", "embedded", "inserted")), recall
    assert all(recall[kind] >= 0.82 for kind in ("swapped", "changed")), recall
    flagged = sum(index.find(text) is not None for text in others[:1000]) / min(1000, len(others))
    assert flagged <= most_flagged


def test_decisions_are_the_same_as_brute_force_on_human_data() -> None:
    held_out = _lines("yesno_close/boolq/dev.jsonl", "question")[:150]
    train = _lines("yesno_close/boolq/train.jsonl", "question")[:60]
    index = HeldOutIndex(held_out, Fraction(1, 2))
    for text in [*train, *(f"tell me, {held_out[at]} or not" for at in range(0, 150, 10))]:
        assert index.find(text) == brute_force(held_out, text, Fraction(1, 2))
