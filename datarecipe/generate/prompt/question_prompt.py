"""What a filter asks a model about one example -> the content of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datarecipe.exchange import Content, Example, Json, without_system
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import example_text


def question_content(
    model: ModelSettings, instruction: Iterable[str], shown: Example, answer: Mapping[str, Mapping[str, Json]]
) -> Content:
    """The request that shows `shown` to `model`; `instruction` is in paragraphs, `answer` the schema of each field.

    Where no schema is given, any JSON object is taken.
    """
    system = "\n\n".join(filter(None, map(str.strip, instruction)))
    messages = (("system", system), ("user", example_text(shown)))
    return Content(
        model=model.name,
        messages=without_system(messages) if model.profile.layout == "user_only" else messages,
        sampling=model.sampling,
        response_format=_response_format(model, answer),
        api_base=model.api_base,
    )


def _response_format(model: ModelSettings, answer: Mapping[str, Mapping[str, Json]]) -> dict[str, Json] | None:
    if model.response_format == "none":
        return None
    if model.response_format == "json_object" or not answer:
        return {"type": "json_object"}
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {name: dict(form) for name, form in answer.items()},
        "required": list(answer),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
