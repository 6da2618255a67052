"""What loading a recipe leaves open. By itself, since `validate` needs nothing of models, hosts and folders."""

from __future__ import annotations

from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.recipe import LoadedRecipe
from datarecipe.running.resolve.options import EMBEDDED_MODEL


def check(recipe: LoadedRecipe) -> None:
    """Check that the instruction renders, for the values of `vary` too. Raises `TemplateError`."""
    with recipe.placing_errors():
        Renderer(recipe, settle_model(recipe, recipe.model or EMBEDDED_MODEL, None)).check()
