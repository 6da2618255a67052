"""What every strategy is to the loop: an order of places, each with its request."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from datarecipe.exchange import Complete, Completion, Content, Draw, Example, Json
from datarecipe.generate.admission.candidate import Candidates, Verdict
from datarecipe.generate.admission.commit_filter import Outlook
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.events import AcceptedLog
from datarecipe.generate.judge.example_equality import embedding_text, equality_digest, example_id
from datarecipe.generate.judge.item_checker import Checked, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.prompt.vary import Turn
from datarecipe.generate.questions import Question, Questions
from datarecipe.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Formatting:
    """A formatting example: a seed example, or an item that self-reference chose."""

    example: Example
    text: str
    """Its JSON, as it stands in the prompt."""
    id: str
    depth: int
    """0 for a seed example."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Place:
    """A place in the logical order whose request is known."""

    handle: int
    request: Complete
    formatting: Formatting
    lane: str
    vary: Mapping[str, Json]
    """The values that the request got."""
    is_known: bool = False
    """Whether the loop has seen it and finds it again by its handle."""
    response: Completion | None = None
    batch: tuple[Checked, ...] | None = None
    """The items, once the response has arrived."""
    candidates: Candidates = field(default_factory=dict)
    """The items about which something is asked."""
    verdicts: list[Verdict] = field(default_factory=list)
    """Of the items that are decided."""
    promising: int | None = None
    """How many of the items looked new when that was first asked."""


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A place whose request is decided by the answers to questions."""

    questions: Sequence[Question]
    """Those without an answer."""


Upcoming: TypeAlias = Place | Awaiting | float
"""A place, one that waits for answers, or so many places whose requests cannot be known yet."""


class Order(ABC):
    """The places of a run in logical order, and what moves them on."""

    @abstractmethod
    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:
        """From the commit head on, in logical order; never empty, and perhaps without end.

        `expected_yield` is the expected number of accepted items of a response that has not arrived. The order holds on to
        the places that it gives until they are committed or dropped, and gives the same ones again.
        """
        ...

    @abstractmethod
    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:
        """The commit head is done; `accepted` are its accepted items with their ids, in order."""
        ...

    def arrived(self, place: Place) -> None:  # noqa: B027 - *fixed* waits for nothing
        """`place.batch` is there."""

    def answered(self) -> None:  # noqa: B027 - most ask nothing
        """An answer to a question of the run has arrived."""


class Asker:
    """What the loop gives to a strategy: it makes places and questions, and knows what was accepted."""

    def __init__(self, recipe: Recipe, model: ModelSettings, log: AcceptedLog | None) -> None:
        renderer = Renderer(recipe, model)
        self.recipe = recipe
        self._model = model
        self.log = log
        self.turns = renderer.turns(beside=len(recipe.seed_examples))
        self._renderer = renderer
        self._handles = itertools.count()
        self.questions = Questions(self._handles)
        self.seeds = tuple(
            Formatting(seed, example_text(seed), example_id(seed), depth=0) for seed in recipe.seed_examples
        )
        self.seed_digests = frozenset(equality_digest(seed, recipe.text_fields) for seed in recipe.seed_examples)
        self.accepted = DigestSet(self.seed_digests)
        """Digests of the seed examples and of all accepted examples; strategies only read it."""
        self.outlook: Callable[[], Outlook | None] = lambda: None
        """Gives a guess at what the filters will decide about the items that wait."""

    def seed(self, number: int) -> Formatting:
        """The seed example of chain, root draw or *fixed* number `number`."""
        return self.seeds[number % len(self.seeds)]

    def chosen(self, item: Valid, depth: int) -> Formatting:
        return Formatting(item.example, item.text, example_id(item.example), depth)

    def embedding_of(self, example: Example) -> Question:
        """The question for the embedding of the example's text fields, by the strategy's embedder."""
        recipe = self.recipe
        text = embedding_text(example, recipe.text_fields)
        return self.questions.ask(self._model.embed(recipe.strategy.embedder.model, text))

    def content(self, formatting: Formatting, turn: Turn) -> Content:
        """The rendered content that asks with `formatting` and what the place gets."""
        return self._renderer.content(formatting.example, formatting.text, turn)

    def place(self, formatting: Formatting, turn: Turn, content: Content, lane: str, draw: tuple[str, int]) -> Place:
        """The place of a request; `draw` is its (lane, index)."""
        request = Complete(content, Draw(self.recipe.random_seed, *draw))
        return Place(next(self._handles), request, formatting, lane, self._renderer.vary.combination(turn.combination))
