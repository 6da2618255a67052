"""What stands in flags and answers: names, labels, lists of fields. Read strictly, so that a slip shows at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from datarecipe.errors import RecipeError, UsageError
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.value_names import quoted, show
from datarecipe.recipe import Scalar
from datarecipe.recipe.source.yaml_source import parse_yaml

_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?")
"""Names that are devices and no files on Windows, where a team may check the recipe out."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_FILE_SUFFIX = re.compile(r"\.(ya?ml|json|j2)$", re.IGNORECASE)
_PIECE = re.compile(r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,"'][^,]*|)\s*(?:,|$)""")
_TYPED = re.compile(r"[-+.0-9~]|true|True|TRUE|false|False|FALSE|null|Null|NULL")


def check_name(name: str) -> str:
    """`name`, if a recipe may have it.

    Raises:
        UsageError: it may not.
    """
    if "/" in name or "\\" in name:
        raise UsageError(f"{quoted(name)} is a path; a recipe has a name", hint="Name the folder with --dir.")
    if suffix := _FILE_SUFFIX.search(name):
        raise UsageError(f"{quoted(name)} is the name of a file", hint=f"Leave {suffix.group()} out.")
    if name.endswith(".") or _DEVICE.fullmatch(name):
        raise UsageError(
            f"{quoted(name)} cannot be the name of a file on every system",
            hint="Choose another one: no device of Windows, and no dot at the end.",
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{quoted(name)} cannot be the name of a recipe",
            hint="A name has 1 to 100 letters (a to z), digits, `_`, `.` and `-`, and begins with a letter or digit.",
        )
    return name


def name_from(text: str) -> str:
    """The nearest thing to `text` that is a name: a proposal for a question."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:100]
    return "mine" if not plain or _DEVICE.fullmatch(plain) else plain


def read_labels(texts: Iterable[str]) -> tuple[Scalar, ...]:
    """Labels from texts with commas between them: `1` is a number and `"1"` a text, as in a recipe.

    Raises:
        UsageError: an empty label, one that is null, fewer than two, or one that stands there twice.
    """
    labels = tuple(_label(piece) for text in texts for piece in _pieces(text, "labels"))
    if len(labels) == 1:
        raise UsageError(
            "one label is no choice: there must be at least two", hint="Write them with commas between them: yes, no"
        )
    seen: dict[str, Scalar] = {}
    for label in labels:
        folded = str(fold(label))
        if folded in seen and seen[folded] == label and type(seen[folded]) is type(label):
            raise UsageError(f"the label {show(label)} stands there twice", hint="Write each label once.")
        if folded in seen:
            raise UsageError(
                f"the labels {show(seen[folded])} and {show(label)} are too alike",
                hint="Labels differ in more than case, white space and type.",
            )
        seen[folded] = label
    return labels


def read_fields(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of fields from texts with commas between them; a name with a comma in it stands in quotes.

    Raises:
        UsageError: an empty name, or one that stands there twice.
    """
    names = tuple(str(_unquoted(piece)) for text in texts for piece in _pieces(text, "fields"))
    for index, name in enumerate(names):
        check_text(name, "the name of a field")
        if not name.strip():
            raise UsageError("a field needs a name", hint="Write --field question.")
        if name in names[:index]:
            raise UsageError(f"the field {quoted(name)} is named twice", hint="Name each field once.")
    return names


def check_text(text: str, what: str) -> str:
    """`text`, if it can be written into a file.

    Raises:
        UsageError: it holds bytes that are no UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{what} is not UTF-8 text", hint="Set the terminal to UTF-8, or leave that out.") from None
    return text


def _pieces(text: str, what: str) -> Iterator[str]:
    """What stands between the commas that are not in quotes."""
    check_text(text, f"the list of {what}")
    at = 0
    while True:
        found = _PIECE.match(text, at)
        if found is None:
            raise UsageError(
                f"in the {what} {quoted(text)} a quotation mark is missing, or something follows one",
                hint="""Write "a, b" for a text with a comma, and \\" for a mark within it.""",
            )
        piece = found.group()
        ends = not piece.endswith(",")
        stripped = piece.removesuffix(",").strip()
        if not stripped:
            raise UsageError(f"in the {what} {quoted(text)} one is empty", hint="Put one comma between two of them.")
        yield stripped
        if ends:
            return
        at = found.end()


def _label(piece: str) -> Scalar:
    value = _unquoted(piece)
    if isinstance(value, str) and not value.strip():
        raise UsageError("a label cannot be empty")
    if value is None:
        raise UsageError(f"{piece} means nothing at all in a recipe, so it can be no label", hint=_as_text(piece))
    return value


def _unquoted(piece: str) -> Scalar | None:
    """The value of one piece: text in quotes, or a plain scalar by YAML 1.2's rules."""
    if piece[0] in "\"'":
        try:
            return str(parse_yaml(piece, "--labels").value)
        except RecipeError:
            hint = "Between double quotes a backslash begins an escape such as \\n; between single quotes it does not."
            raise UsageError(f"{piece} cannot be read", hint=hint) from None
    if not _TYPED.match(piece):
        return piece
    try:
        value = parse_yaml(piece, "--labels").value
    except RecipeError:
        # "- a", "1: 2", ".nan": as a plain scalar none of these is anything but its own letters.
        return piece
    return value if isinstance(value, bool | int | float | str) or value is None else piece


def _as_text(piece: str) -> str:
    return f"""As a text it needs quotes, and the shell needs quotes around them: '"{piece}"'"""
