"""Can this release read the recipe at all? Asked first: the rest of a newer recipe need not make sense."""

from __future__ import annotations

from datarecipe._version import __version__
from datarecipe.errors import ReleaseError
from datarecipe.recipe.format.schema import FORMAT
from datarecipe.recipe.source.document import Document, MappingNode, ScalarNode
from datarecipe.recipe.words import describe, show


def check_release(document: Document) -> None:
    """Refuse what is no recipe, another format, or a recipe that `requires` another release.

    Raises:
        ReleaseError: with this one problem.
    """
    if not isinstance(document.root, MappingNode):
        message = f"a recipe is a mapping of keys, not {describe(document.value)}"
        raise ReleaseError(document.place().problem(message, f"begin with: recipe: {FORMAT}"))
    _check_format_version(document)
    _check_requires(document)


def _check_format_version(document: Document) -> None:
    node = document.get(("recipe",))
    if node is None:
        hint = f"write `recipe: {FORMAT}` as the first line"
        raise ReleaseError(document.place().problem("`recipe` is missing: it says which format this is", hint))
    value = node.value if isinstance(node, ScalarNode) else None
    if type(value) is int and value == FORMAT:
        return
    if type(value) is int and value > FORMAT:
        message = f"this is a recipe of format {value}; datarecipe {__version__} reads format {FORMAT}"
        raise ReleaseError(node.place.problem(message, "use a newer release of datarecipe"))
    written = describe(value) if isinstance(node, ScalarNode) else "a list or mapping"
    message = f"`recipe` is the version of the format, the number {FORMAT}, not {written}"
    raise ReleaseError(node.place.problem(message, f"write: recipe: {FORMAT}"))


def _check_requires(document: Document) -> None:
    node = document.get(("requires",))
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return
    # 30 ms, for the few recipes that have the key.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        wanted = SpecifierSet(node.value)
    except InvalidSpecifier:
        message = f"`requires` must be a version specifier, not {describe(node.value)}"
        raise ReleaseError(node.place.problem(message, 'for example: requires: ">=0.3"')) from None
    if not wanted.contains(__version__, prereleases=True):
        message = f"the recipe requires datarecipe {show(node.value)}; this is {__version__}"
        raise ReleaseError(node.place.problem(message, "use a release that fits"))
