"""Rejects an item whose label a model does not confirm when it answers the item without seeing the label.

This is majority voting over independent answers (self-consistency, Wang et al., ICLR 2023, arXiv 2203.11171) against a label
that is given. An item passes when at least `agree` of the answers are its label, and no other label has as many.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from datarecipe.exchange import Complete, Completion, Draw, Json, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.model_answer import answered_fields
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import LabelMatcher, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.verify_prompt import verify_content
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.keys.value_equality import equality_key, folded
from datarecipe.recipe.recipe import Recipe

LANE = "verify"
"""How the lanes of the requests begin: the draw of an answer is its number."""

_NO_ANSWER = ""
"""An answer that gives no label. Labels as JSON are never empty."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
_MOST_NAMED = 3
_LONGEST_ANSWER = 40
_AROUND = "\"'`*. \t\r\n"
"""What may stand around a label that is answered without JSON."""


class VerifyFilter(CommitFilter):
    lasting = True

    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        """`model` answers."""
        assert recipe.filters.verify is not None
        assert recipe.task.label_field is not None
        self._recipe, self._settings, self._model = recipe, recipe.filters.verify, model
        self.questions_each = self._settings.votes
        self._label_field, self._options_field = recipe.task.label_field, recipe.task.options_field
        self._fixed = LabelMatcher(recipe.labels.values) if recipe.labels.kind == "fixed" else None

    def questions(self, item: Valid) -> Sequence[Request]:
        if not self._can_be_asked(item):
            return ()
        # Another beginning for each item: of three votes on two labels one order comes twice.
        first = int.from_bytes(item.digest[:4], "big")
        contents = (
            verify_content(self._recipe, self._model, item.example, first + vote)
            for vote in range(self._settings.votes)
        )
        seed = self._recipe.random_seed
        return [Complete(content, Draw(seed, f"{LANE}:{vote}", 0)) for vote, content in enumerate(contents)]

    def _can_be_asked(self, item: Valid) -> bool:
        """A schema of the recipe's own may ask for no open answer, and for no options."""
        if self._recipe.labels.kind == "per_example":
            return isinstance(item.example.get(self._options_field or ""), list)
        return self._label_field in item.example

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        if not answers:
            return None
        votes, label = self._votes(item, answers), self._key(item.example[self._label_field])
        own = votes.pop(label, 0)
        most = max((count for answer, count in votes.items() if answer != _NO_ANSWER), default=0)
        if own >= self._settings.needed and own > most:
            return None
        return Rejection("unverified", f"{own} of {len(answers)} answers are the label{_instead(votes)}")

    def notes(self, item: Valid, answers: Sequence[Response]) -> Checks:
        own = self._votes(item, answers)[self._key(item.example[self._label_field])]
        return {LANE: {"agree": own, "votes": len(answers)}}

    def _votes(self, item: Valid, answers: Sequence[Response]) -> Counter[str]:
        """How often each label was answered."""
        matcher = self._fixed
        if self._recipe.labels.kind == "per_example":
            options = item.example[self._options_field or ""]
            assert isinstance(options, list)
            matcher = LabelMatcher(tuple(option for option in options if isinstance(option, str | int | float)))
        return Counter(self._answer(matcher, answer) for answer in answers)

    def _answer(self, matcher: LabelMatcher | None, response: Response) -> str:
        answers = self._read(response)
        if not answers or matcher is None:
            return self._key(answers[0]) if answers else _NO_ANSWER
        found = matcher.find(answers[0])
        return _NO_ANSWER if found is None else self._key(found[0])

    def _read(self, response: Response) -> Sequence[Json]:
        """The answer of a reply, if it has one: the field of the first object that has it, else the text itself."""
        answered = answered_fields(response, (self._label_field,))
        if answered:
            return [answered[self._label_field]]
        assert isinstance(response, Completion)
        plain = response.text.strip(_AROUND)
        return [plain] if plain else []

    def _key(self, label: Json) -> str:
        """Equal for labels that are the same, as JSON. Of open ones neither case nor a number's spelling counts."""
        return json.dumps(_loosely(label) if self._recipe.labels.kind == "open" else label, ensure_ascii=False)


def _loosely(value: Json) -> Json:
    """Equal for open answers that say the same: 4, 4.0 and "4"; "Yes" and " yes "; lists and mappings of such."""
    match value:
        case dict():
            return {name: _loosely(value[name]) for name in sorted(value)}
        case list():
            return [_loosely(each) for each in value]
        case str():
            number = _NUMBER.fullmatch(value.strip())
            return _loosely(float(value)) if number else folded(value)
        case bool() | None:
            return folded(value)
        case _:
            return equality_key(value)


def _instead(votes: Counter[str]) -> str:
    """What was answered instead, the most frequent first."""
    nothing = votes.pop(_NO_ANSWER, 0)
    others = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    named = [f"{count} {_short(answer)}" for answer, count in others[:_MOST_NAMED]]
    if len(others) > _MOST_NAMED:
        named.append(f"{sum(count for _, count in others[_MOST_NAMED:])} others")
    if nothing:
        named.append(f"{nothing} without a label")
    return f"; {', '.join(named)}" if named else ""


def _short(answer: str) -> str:
    return answer if len(answer) <= _LONGEST_ANSWER else f"{answer[:_LONGEST_ANSWER]} ..."
