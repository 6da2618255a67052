"""A request as another model is asked: its name and address, its sampling parameters, its layout of messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from datarecipe.exchange import Complete, without_system
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.response_format import response_format
from datarecipe.recipe import Recipe


def adapter(recipe: Recipe, model: ModelSettings) -> Callable[[Complete], Complete]:
    """Turns a request for the recipe's model into one for the fallback `model`. The draw stays."""
    form = response_format(recipe, model)

    def adapt(request: Complete) -> Complete:
        content = request.content
        messages = content.messages
        if model.profile.layout == "user_only":
            messages = without_system(messages)
        adapted = replace(
            content,
            model=model.name,
            api_base=model.api_base,
            messages=messages,
            sampling=model.sampling,
            response_format=form,
        )
        return Complete(adapted, request.draw)

    return adapt
