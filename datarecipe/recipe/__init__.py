"""The recipe language: YAML with marks -> checked, resolved `Recipe`, loaded as a `LoadedRecipe` with its places.

Loading runs no code, reads no file outside the recipe's project and opens no connection.
May import: `exchange`, `errors`.
"""

from datarecipe.recipe.collection import (
    choose_recipe,
    collection_root,
    find_recipe,
    is_name,
    is_shipped,
    shipped_recipes,
)
from datarecipe.recipe.compose.overrides import Override, parse_set, parse_var
from datarecipe.recipe.discovery import Found, judged_as_base, passed_over_below, recipes_below
from datarecipe.recipe.example_schema.validator import validator
from datarecipe.recipe.format.schema_file import format_schema
from datarecipe.recipe.identity import identity
from datarecipe.recipe.load import load_recipe, override_recipe
from datarecipe.recipe.loaded import LoadedRecipe
from datarecipe.recipe.models.named_models import (
    HASHED_NGRAMS,
    MINILM,
    Embedder,
    Fallback,
    FilterModel,
    Judge,
    Prices,
    Verify,
)
from datarecipe.recipe.origins import Origin, origin_of, origins
from datarecipe.recipe.recipe import (
    Filters,
    LabelSpace,
    Length,
    Limits,
    NearDuplicates,
    Patterns,
    Pii,
    Recipe,
    Scalar,
    Strategy,
    StrategyKind,
    Task,
)
from datarecipe.recipe.source.document import Place, Source
from datarecipe.recipe.source.paths import Project, bounds_of, display, project_of, vendored_in
from datarecipe.recipe.source.yaml_source import read_yaml_document
from datarecipe.recipe.strategy_table import STRATEGIES, chains_of, embedders_of

__all__ = [
    "HASHED_NGRAMS",
    "MINILM",
    "STRATEGIES",
    "Embedder",
    "Fallback",
    "FilterModel",
    "Filters",
    "Found",
    "Judge",
    "LabelSpace",
    "Length",
    "Limits",
    "LoadedRecipe",
    "NearDuplicates",
    "Origin",
    "Override",
    "Patterns",
    "Pii",
    "Place",
    "Prices",
    "Project",
    "Recipe",
    "Scalar",
    "Source",
    "Strategy",
    "StrategyKind",
    "Task",
    "Verify",
    "bounds_of",
    "chains_of",
    "choose_recipe",
    "collection_root",
    "display",
    "embedders_of",
    "find_recipe",
    "format_schema",
    "identity",
    "is_name",
    "is_shipped",
    "judged_as_base",
    "load_recipe",
    "origin_of",
    "origins",
    "override_recipe",
    "parse_set",
    "parse_var",
    "passed_over_below",
    "project_of",
    "read_yaml_document",
    "recipes_below",
    "shipped_recipes",
    "validator",
    "vendored_in",
]
