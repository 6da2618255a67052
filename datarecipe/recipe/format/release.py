"""Can this release read the recipe at all? Asked first: the rest of a newer recipe need not make sense."""

from __future__ import annotations

from datarecipe._version import __version__
from datarecipe.errors import ReleaseError
from datarecipe.printable import printable
from datarecipe.recipe.format import FORMAT
from datarecipe.recipe.message_text import describe, shorten
from datarecipe.recipe.source.document import Document, MappingNode, ScalarNode

LONGEST_REQUIRES = 200
"""Characters of a version specifier."""


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
        message = f"this recipe needs datarecipe {_needed(document)}: it is of format {value}"
        hint = f"this is datarecipe {__version__}, which reads format {FORMAT}; install a newer one"
        raise ReleaseError(node.place.problem(message, hint))
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
        # A number of 4,300 digits cannot be compared.
        wanted = SpecifierSet(node.value) if len(node.value) <= LONGEST_REQUIRES else None
    except InvalidSpecifier:
        wanted = None
    if wanted is None:
        message = f"`requires` must be a version specifier, not {describe(node.value)}"
        raise ReleaseError(node.place.problem(message, 'for example: requires: ">=0.3"'))
    if not wanted.contains(__version__, prereleases=True):
        message = f"this recipe needs datarecipe {printable(shorten(node.value))}, and this is {__version__}"
        raise ReleaseError(node.place.problem(message, "install a release that fits"))


def _needed(document: Document) -> str:
    """Which release, as far as a recipe of a format that this one does not know can say."""
    node = document.get(("requires",))
    known = isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.strip()
    return printable(shorten(known)) if known else f"> {__version__}"
