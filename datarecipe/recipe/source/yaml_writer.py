"""A document as YAML that people can read, and that the reader of recipes reads back as exactly the same value.

Texts of several lines stand as blocks, as people write them; but only those that a terminal shows as they are. In a block
nothing can be escaped, so any other text stands between double quotes. The whole is printable as it comes: an escape that
was put in later would be read back as other characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe.source.yaml_scalars import scalar

_STEP = "  "
_LONGEST_KEY = 1000
"""Characters of a key before `:`. YAML takes up to 1024; a longer key has a line of its own, after `?`."""


def yaml_text(document: Mapping[str, Json]) -> str:
    """`document` as YAML in block style, in the order of its keys. Nothing in it but line breaks needs to be escaped."""
    return "\n".join(_mapping(document, "")) + "\n" if document else "{}\n"


def _mapping(mapping: Mapping[str, Json], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        head = scalar(key, in_list=True)
        if len(head) > _LONGEST_KEY:
            yield f"{indent}? {head}"
            head = ""
        yield from _under(f"{indent}{head}:", value, indent)


def _list(items: list[Json], indent: str) -> Iterator[str]:
    for item in items:
        yield from _under(f"{indent}-", item, indent)


def _under(head: str, value: Json, indent: str) -> Iterator[str]:
    """The lines of `value`, the first of them after `head`, the others deeper than `indent`."""
    deeper = indent + _STEP
    match value:
        case dict() if value:
            yield from _joined(head, _mapping(value, deeper), deeper)
        case list() if value:
            yield from _joined(head, _list(value, deeper), deeper)
        case dict() | list():
            yield f"{head} {'{}' if isinstance(value, dict) else '[]'}"
        case str() if _fits_a_block(value):
            yield from _block(head, value, deeper)
        case _:
            yield f"{head} {scalar(value)}"


def _joined(head: str, lines: Iterator[str], indent: str) -> Iterator[str]:
    """Lines below `head`; in a list the first one beside the dash, as people write lists of mappings."""
    if head.endswith("-"):
        head = f"{head} {next(lines).removeprefix(indent)}"
    yield head
    yield from lines


def _fits_a_block(text: str) -> bool:
    return "\n" in text and not text.isspace() and printable(text, multiline=True) == text


def _block(head: str, text: str, indent: str) -> Iterator[str]:
    # White space in front would be taken for the block's indentation, unless that is said.
    said = str(len(_STEP)) if text[0] in " \n" else ""
    # A block's last line break stands by itself, none needs a `-`, and several need a `+`.
    body = text.removesuffix("\n")
    kept = "+" if body.endswith("\n") else "" if body != text else "-"
    yield f"{head} |{said}{kept}"
    yield from (indent + line if line else "" for line in body.split("\n"))
