"""Rejects an item to which a model gives a low score by a criterion of the recipe's rubric.

A model that scores by a rubric is known as LLM-as-a-judge (Zheng et al., NeurIPS 2023, arXiv 2306.05685).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from datarecipe.exchange import Complete, Draw, Json, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.model_answer import answered_fields
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.prompt.judge_prompt import judge_content
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.recipe import Recipe

LANE = "judge"
"""How the lane of the request begins."""

_HIGHEST = 100
"""No scale goes beyond it."""
_LEADING = re.compile(r"\s*([1-9][0-9]{0,2})(?:\s*(?:/|\(|out of\b).*|\s*)", re.DOTALL)


class JudgeFilter(CommitFilter):
    lasting = True
    questions_each = 1

    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        """`model` scores."""
        assert recipe.filters.judge is not None
        self._recipe, self._settings, self._model = recipe, recipe.filters.judge, model

    def questions(self, item: Valid) -> Sequence[Request]:
        content = judge_content(self._recipe, self._model, item.example)
        return [Complete(content, Draw(self._recipe.random_seed, f"{LANE}:0", 0))]

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        if not answers:
            return None
        scores, keep = self._scores(answers[0]), self._settings.keep
        if all(scores.get(name, 0) >= least for name, least in keep.items()):
            return None
        return Rejection("low_score", ", ".join(_told(name, scores.get(name), keep) for name in self._settings.rubric))

    def notes(self, item: Valid, answers: Sequence[Response]) -> Checks:  # noqa: ARG002
        return {LANE: dict(self._scores(answers[0]))}

    def _scores(self, answer: Response) -> Mapping[str, int]:
        """By criterion, in the order of the rubric; without those that were given none on the scale."""
        answered = answered_fields(answer, self._settings.rubric)
        scores = {name: _score(answered.get(name)) for name in self._settings.rubric}
        return {name: score for name, score in scores.items() if score is not None and score <= self._settings.scale}


def _score(answer: Json) -> int | None:
    """A whole number above 0, from a model that may write 4, 4.0, "4", "4/5" or "4 out of 5"."""
    if isinstance(answer, str):
        found = _LEADING.fullmatch(answer)
        return int(found[1]) if found else None
    if isinstance(answer, bool) or not isinstance(answer, int | float) or not 1 <= answer <= _HIGHEST:
        return None
    return int(answer) if answer == int(answer) else None


def _told(name: str, score: int | None, keep: Mapping[str, int]) -> str:
    is_low = name in keep and (score or 0) < keep[name]
    return f"{name} {'without a score' if score is None else score}{f' (needs {keep[name]})' if is_low else ''}"
