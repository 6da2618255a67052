"""Mutators of YAML as text: indentation, quotes, flow and block, markers."""

from __future__ import annotations

from random import Random

from tests.fuzz import values
from tests.fuzz.tree import Raw

TOKENS = (
    "---", "...", "%YAML 1.1\n---", "%TAG ! x\n---", "# comment", "\t", "&a", "*a", "<<: *a", "<<: {x: 1}",
    "? a\n: b", "- ", "|", ">-", "!!str", "!!python/object:os.system", "x-more: &a {b: 1}", "x-more: [*a]",
    "extends: main.yaml", "recipe: 1", "{", "}", "[", "]", "'", '"', ": ", "\r", "\r\n", "\x85", "\u2028",
)  # fmt: skip


def mutate(text: str, chance: Random) -> str:  # noqa: C901, PLR0912 - a branch for each kind
    """Change one line, or a few."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    line = lines[at]
    kind = chance.randrange(13)
    if kind == 0:
        lines[at] = chance.choice((" ", "  ", "\t", "   ")) + line
    elif kind == 1:
        lines[at] = line[chance.choice((1, 2)) :] if line.startswith("  ") else line.lstrip()
    elif kind == 2:
        _shift(lines, at, chance)
    elif kind == 3:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], line
    elif kind == 4:
        lines[at:at] = [line] * chance.choice((1, 1, 1, 2, 1000))
    elif kind == 5:
        del lines[at : at + chance.choice((1, 1, 3))]
    elif kind == 6:
        lines[at] = _value_changed(line, chance)
    elif kind == 7:
        lines[at:at] = [chance.choice(TOKENS)]
    elif kind == 8:
        lines[at] = _quoted(line, chance)
    elif kind == 9:
        lines[at] = line + chance.choice(("", " ", " #c", ",", ":", " |", " &a", " *a", "\\", "'", '"', " - x", ": x"))
    elif kind == 10:
        return text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", "\n")))
    elif kind == 11:
        lines[at] = line.replace(": ", chance.choice((":", " : ", ":\t", ":\n  ", ": \n", "? ", "=")), 1)
    else:
        # Flow or block, where there is a short list.
        lines[at] = line.replace("[", "{") if "[" in line else line.replace("- ", "-", 1)
    return "\n".join(lines)


def _shift(lines: list[str], at: int, chance: Random) -> None:
    """Move a whole block to the right, which often means the same or something else that is legal."""
    by = chance.choice(("  ", " ", "    "))
    for number in range(at, min(len(lines), at + chance.choice((2, 5, 50)))):
        lines[number] = by + lines[number]


def _value_changed(line: str, chance: Random) -> str:
    key, colon, _ = line.partition(": ")
    if not colon:
        return line
    value = chance.choice((*values.RAW, *values.NUMBERS, *values.TEXTS))
    return f"{key}: {value.text if isinstance(value, Raw) else value if isinstance(value, str) else repr(value)[:5000]}"


def _quoted(line: str, chance: Random) -> str:
    key, colon, value = line.partition(": ")
    quote = chance.choice(("'", '"'))
    if value[:1] in {"'", '"'}:
        return f"{key}{colon}{value[1:-1]}"
    return f"{key}{colon}{quote}{value}{quote}"
