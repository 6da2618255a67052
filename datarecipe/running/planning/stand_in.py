"""Made-up replies, and a judge that takes them: as many new items as a plan assumes, each as long as a seed example.

A plan knows which share of the items a run accepts, and has no items. So what decides that share in a run (schema, labels,
filters) is asked about stored replies alone; an item that is made up passes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datarecipe.exchange import Completion, Example, Json, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.judge.batch_judge import judge_of
from datarecipe.generate.judge.example_equality import equality_digest
from datarecipe.generate.judge.item_checker import Checked, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import example_text
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True)
class MadeUp(Completion):
    """A reply that nobody wrote."""

    new: int = 0
    """How many of its items are new. The others are seed examples, and so duplicates."""


class _MadeUpItem(Valid):
    """An item of such a reply."""


class StandIn:
    """Makes up replies for a plan of one recipe. Accepts their items; judges the items of stored replies as a run does."""

    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        self._recipe = recipe
        self._judge = judge_of(recipe, model)
        self._numbers = itertools.count()
        self.filters = tuple(_LettingPass(filter_) for filter_ in filters_of(recipe, model))
        """The recipe's own, for stored replies."""
        seeds = recipe.seed_examples
        items = (example_text(seeds[index % len(seeds)]) for index in range(recipe.batch_size))
        self.reply_bytes = len(f'{{"examples": [{", ".join(items)}]}}'.encode())
        """Of each made-up reply."""

    nothing = Completion("", "stop", None, "made up", "made up", "2000-01-01T00:00:00+00:00")
    """A reply without items."""

    @staticmethod
    def reply(new: int) -> MadeUp:
        """A reply with `batch_size` items, `new` of them new."""
        return MadeUp("", "stop", None, "made up", "made up", "2000-01-01T00:00:00+00:00", new=new)

    def batch(self, response: Completion) -> tuple[Checked, ...]:
        """The items of a response; those of a stored one as a run would judge them."""
        if isinstance(response, MadeUp):
            return tuple(itertools.islice(self._items(response.new), self._recipe.batch_size))
        return self._judge.batch(response)

    def _items(self, new: int) -> Iterator[Valid]:
        seeds = self._recipe.seed_examples
        for number in itertools.islice(self._numbers, new):
            seed = seeds[number % len(seeds)]
            yield self._item({**seed, **_numbered({name: seed[name] for name in self._recipe.text_fields}, number)})
        yield from map(self._item, itertools.cycle(seeds))

    def _item(self, example: Example) -> Valid:
        digest = equality_digest(example, self._recipe.text_fields)
        return _MadeUpItem(example, example_text(example), digest, normalised=False)


class _LettingPass(CommitFilter):
    """A filter that judges nothing made up."""

    def __init__(self, own: CommitFilter) -> None:
        self._own = own
        self.before_duplicates, self.lasting = own.before_duplicates, own.lasting

    def standing_questions(self) -> Sequence[Request]:
        return self._own.standing_questions()

    def begin(self, answers: Sequence[Response]) -> None:
        self._own.begin(answers)

    def questions(self, item: Valid) -> Sequence[Request]:
        return () if isinstance(item, _MadeUpItem) else self._own.questions(item)

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        """What is made up passes, and so does an item about which an answer is made up."""
        made_up = isinstance(item, _MadeUpItem) or any(isinstance(answer, MadeUp) for answer in answers)
        return None if made_up else self._own.admit(item, answers)

    def accepted(self, item: Valid) -> None:
        if not isinstance(item, _MadeUpItem):
            self._own.accepted(item)


def _numbered(example: Example, number: int) -> Example:
    """The example with a number in its first field, as long as before if that is a text with room for it."""
    name = next(iter(example))
    return {**example, name: _with_number(example[name], number)}


def _with_number(value: Json, number: int) -> Json:
    if isinstance(value, list) and value:
        return [_with_number(value[0], number), *value[1:]]
    if isinstance(value, dict) and value:
        return _numbered(value, number)
    mark = f"{number:06d}"
    if isinstance(value, str) and len(value) > len(mark):
        return mark + value[len(mark) :]
    return mark if isinstance(value, str) else number
