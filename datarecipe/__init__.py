"""datarecipe: dbt for synthetic training data.

    import datarecipe

    recipe = datarecipe.load_recipe("boolq", target_size=50)
    dataset = datarecipe.run(recipe)
    for example, origin in zip(dataset, dataset.lineage):
        print(origin.depth, example["question"], example["answer"])

Everything here is loaded at first use, so that `import datarecipe` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datarecipe._version import __version__

if TYPE_CHECKING:
    from datarecipe import errors
    from datarecipe.api import Recipe, arun, load_recipe, run
    from datarecipe.errors import DatarecipeError, RecipeError
    from datarecipe.generate.events import Lineage, RejectedItem
    from datarecipe.run_folder.dataset import Dataset
    from datarecipe.running.resolve.options import Options

__all__ = [
    "DatarecipeError",
    "Dataset",
    "Lineage",
    "Options",
    "Recipe",
    "RecipeError",
    "RejectedItem",
    "__version__",
    "arun",
    "errors",
    "load_recipe",
    "run",
]

_HOMES = {
    "Dataset": "datarecipe.run_folder.dataset",
    "DatarecipeError": "datarecipe.errors",
    "Lineage": "datarecipe.generate.events",
    "Options": "datarecipe.running.resolve.options",
    "Recipe": "datarecipe.api",
    "RecipeError": "datarecipe.errors",
    "RejectedItem": "datarecipe.generate.events",
    "arun": "datarecipe.api",
    "load_recipe": "datarecipe.api",
    "run": "datarecipe.api",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("datarecipe.errors")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'datarecipe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
