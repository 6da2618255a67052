"""What is asked about items: the head's need first, and nothing that is not needed in a replay."""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from datarecipe.exchange import Complete, Completion, Embed, Embedding, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.events import Accepted, RejectedItem
from datarecipe.generate.generation import Generation, Wanted
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.reasons import Rejection
from datarecipe.generate.replay import replay
from datarecipe.recipe import StrategyKind
from datarecipe.recipe.models.named_models import Embedder
from datarecipe.recipe.recipe import Recipe
from tests.generate.driving import respond
from tests.generate.recipes import completion, make_recipe, settings
from tests.generate.toy_filter import NearByEmbedding, NearByLetters


def asking(kind: StrategyKind = "fixed", **changes: object) -> Recipe:
    recipe = make_recipe(kind, 2, **changes)
    return replace(recipe, strategy=replace(recipe.strategy, embedder=Embedder("somebody's")))


def reply(*questions: str) -> Completion:
    items = [{"options": ["yes", "no"], "answer": "yes", "question": question} for question in questions]
    return completion(json.dumps({"examples": items}))


def varied(request: Complete) -> Completion:
    """Replies whose questions are far from each other."""
    key = hashlib.blake2b(request.key.encode()).hexdigest()
    return reply(*(f"{key[start : start + 16]}?" for start in range(0, 64, 16)))


@pytest.mark.parametrize("kind", ["similar", "contrastive", "tree", "fixed"])
def test_a_replay_asks_nothing_that_the_dataset_does_not_need(kind: StrategyKind) -> None:
    """Without any one of the answers it ends short."""
    recipe = asking(kind, target_size=30)

    def replayed(without: str = "") -> tuple[list[Request], int]:
        def answer(request: Request) -> Response | None:
            return None if request.key == without else respond(request, varied)

        filters = [] if kind in ("similar", "contrastive") else [NearByEmbedding()]
        generation = Generation(recipe, settings(recipe), filters=filters)
        return [step.request for step in replay(generation, answer)], generation.accepted

    requests, accepted = replayed()
    assert accepted == 30
    assert any(isinstance(request, Embed) for request in requests)
    for request in requests:
        assert replayed(request.key)[1] < 30, request


def test_the_head_comes_before_questions_about_later_places() -> None:
    recipe = asking(target_size=1000)
    generation = Generation(recipe, settings(recipe), filters=[NearByEmbedding()])
    wanted = list(itertools.islice(generation.wanted(64), 33))
    for number, one in enumerate(wanted[1:]):
        assert generation.receive(one.handle, reply(*(f"is it {number} {index}" for index in range(5)))) == []
    assert next(generation.wanted(1)).handle == wanted[0].handle
    assert len(list(generation.wanted(1))) == 1
    kinds = [type(one.request) for one in generation.wanted(34)]
    assert kinds.count(Embed) == 32 * 5
    assert kinds[0] is Complete


def test_an_answer_that_makes_no_difference_is_not_waited_for() -> None:
    recipe = asking(target_size=3)
    generation = Generation(recipe, settings(recipe), filters=[NearByEmbedding()])
    head = next(generation.wanted(1))
    texts = ("alpha?", "bravo charlie?", "delta echo foxtrot?", *(f"beyond {index}?" for index in range(40)))
    assert generation.receive(head.handle, reply("alpha?", *texts)) == []
    events = []
    for _ in range(3):
        question = next(generation.wanted(1))
        assert isinstance(question.request, Embed)
        events = generation.receive(question.handle, Embedding(hashed_ngrams(question.request.text)))
    assert generation.outcome == "target"
    assert [event.lineage.index for event in events if isinstance(event, Accepted)] == [0, 2, 3]
    assert [event.reason for event in events if isinstance(event, RejectedItem)] == ["duplicate", *["surplus"] * 40]


class _After(CommitFilter):
    """Asks only about what the filter before it lets pass."""

    def questions(self, item: Valid) -> Sequence[Request]:
        return [Embed("another's", str(item.example["question"]))]

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        assert len(answers) == 1
        return None


def test_an_earlier_filter_makes_a_later_ones_answer_needless() -> None:
    recipe = asking(target_size=5)
    generation = Generation(recipe, settings(recipe), filters=[NearByLetters(), _After()])
    head = next(generation.wanted(1))
    generation.receive(head.handle, reply("one and two?", "two and one?", "something else entirely?"))
    for text in ("one and two?", "something else entirely?"):
        question = next(generation.wanted(1))
        assert question.request == Embed("another's", text)
        events = generation.receive(question.handle, Embedding((1,)))
    assert [event.detail for event in events if isinstance(event, RejectedItem)] == ["near to an accepted example"]


def test_a_question_that_nobody_holds_is_not_asked() -> None:
    """It is about a reply to a guess in a tree whose parent was rejected."""
    recipe = asking("tree", target_size=1000)
    generation = Generation(recipe, settings(recipe), filters=[NearByEmbedding()])

    def asked_about(text: str) -> list[Wanted]:
        return [one for one in generation.wanted(20) if isinstance(one.request, Embed) and text in one.request.text]

    first, second = itertools.islice(generation.wanted(10), 2)
    generation.receive(second.handle, reply("is it alpha?"))
    known = {first.handle, second.handle}
    child = next(one for one in generation.wanted(10) if isinstance(one.request, Complete) and one.handle not in known)
    generation.receive(child.handle, reply("is it bravo?"))
    (dropped,) = asked_about("bravo")
    (alpha,) = asked_about("alpha")
    generation.receive(first.handle, reply("is snow cold?"))
    # Alpha turns out to be near to what comes before it, so it is rejected, and its child is dropped.
    generation.receive(alpha.handle, Embedding(hashed_ngrams("is snow cold?")))
    gc.collect()
    while cold := asked_about("snow"):
        generation.receive(cold[0].handle, Embedding(hashed_ngrams("is snow cold?")))
    gc.collect()
    assert asked_about("bravo") == []
    assert generation.receive(dropped.handle, Embedding((1,))) == []
