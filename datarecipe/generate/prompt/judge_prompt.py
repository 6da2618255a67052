"""An example -> the content of a request for its scores by a rubric."""

from __future__ import annotations

import json
from collections.abc import Mapping

from datarecipe.exchange import Content, Example, Json
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.question_prompt import question_content
from datarecipe.recipe.recipe import Recipe


def judge_content(recipe: Recipe, model: ModelSettings, example: Example) -> Content:
    """The request that asks `model` for the scores of `example`."""
    judge = recipe.filters.judge
    assert judge is not None
    instruction = recipe.description if judge.instruction is None else judge.instruction
    criteria = "\n".join(
        f"- {json.dumps(name)}: {' '.join(question.split())}" for name, question in judge.rubric.items()
    )
    form = ", ".join(f"{json.dumps(name)}: ..." for name in judge.rubric)
    task = (
        f"Score the example by each criterion, with a whole number from 1 (not at all) to {judge.scale} (fully).\n"
        f"{criteria}\nReply with a JSON object that has these fields alone: {{{form}}}"
    )
    shown = {name: value for name, value in example.items() if not judge.fields or name in judge.fields}
    scores: Mapping[str, Json] = {"type": "integer", "enum": [*range(1, judge.scale + 1)]}
    return question_content(model, (instruction, task), shown, dict.fromkeys(judge.rubric, scores))
