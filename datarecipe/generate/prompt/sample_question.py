"""What a filter would ask its model about the seed example: shown, counted, and part of a run's identity."""

from __future__ import annotations

from datarecipe.exchange import Content
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.recipe.recipe import Recipe


def sample_question(recipe: Recipe, model: ModelSettings, filter_name: str) -> Content:
    """The first question of the filter of that name about the first seed example; `model` is the one that it asks."""
    seed = recipe.seed_examples[0]
    if filter_name == "verify":
        from datarecipe.generate.prompt.verify_prompt import verify_content  # noqa: PLC0415 - few recipes ask for it

        return verify_content(recipe, model, seed, 0)
    from datarecipe.generate.prompt.judge_prompt import judge_content  # noqa: PLC0415 - few recipes ask for it

    return judge_content(recipe, model, seed)
