"""Adds to the JSON Schema of the recipe format the words that only editors read, so that editors agree with our messages.

    python docs/write_editor_words.py            write it
    python docs/write_editor_words.py --check    exit with 1 when it is stale

People write in the schema: rules, descriptions, defaults, examples, `x-expected`, `enumDescriptions`, `title` of a mapping,
`defaultSnippets`. This script derives from them, for the YAML language server and every program that reads the same words:

- `markdownDescription`: the description, with its code as code, and the default
- `errorMessage`: what a value must be, if the value can be wrong in only one way. A mapping with keys has none: the server
  would show it instead of naming the unknown or missing key
- `deprecationMessage`: what this release refuses; editors underline such a key and do not offer it
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datarecipe.recipe.format as format_of_recipes
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.format_check import NOT_YET

FILE = Path(format_of_recipes.__file__).with_name(f"recipe-{format_of_recipes.FORMAT}.schema.json")
WRITTEN = ("markdownDescription", "errorMessage", "deprecationMessage")
WIDTH = 120

Schema = Mapping[str, Any]


def with_editor_words(schema: Schema, keys: tuple[str, ...] = (), expectation: str = "") -> dict[str, Any]:
    """The schema of the value at `keys` with the words for editors, those within it too.

    `expectation` is what the value must be where this is one of several forms.
    """
    words: dict[str, Any] = {}
    for name, value in schema.items():
        if name in WRITTEN:
            continue
        words[name] = _inner(name, value, keys, expectation or (expected(schema) if name == "anyOf" else ""))
        if name == "description" and keys:
            words["markdownDescription"] = _markdown(schema)
            if keys in NOT_YET:
                words["deprecationMessage"] = (
                    f"`{'.'.join(keys)}` belongs to format 1, but this release does not implement it yet."
                )
    # What an `enum` or `const` takes the server names by itself, and with one message instead of two.
    if "type" in schema and "properties" not in schema and (expectation or not {"enum", "const"} & set(schema)):
        words["errorMessage"] = f"Must be {expectation or expected(schema)}."
    return words


def _inner(name: str, value: Any, keys: tuple[str, ...], expectation: str) -> Any:
    match name, value:
        case (("properties" | "patternProperties"), dict()):
            return {key: with_editor_words(inner, (*keys, key)) for key, inner in value.items()}
        case (("items" | "additionalProperties" | "propertyNames"), dict()):
            return with_editor_words(value)
        case "anyOf", list():
            return [with_editor_words(branch, expectation=expectation) for branch in value]
        case _:
            return value


def _markdown(schema: Schema) -> str:
    paragraphs = [schema["description"]]
    if schema.get("default") not in (None, "", [], {}):
        paragraphs.append(f"Default: `{schema['default']}`")
    for form in schema.get("anyOf", ()):
        paragraphs += [f"{snippet['description']}: `{snippet['label']}`" for snippet in form.get("defaultSnippets", ())]
    return "\n\n".join(paragraphs)


def laid_out(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON as one reads it: what is described or does not fit on a line is spread out, all else is a line."""
    line = json.dumps(value, ensure_ascii=False)
    fits = indent + before + len(line) < WIDTH and not _is_described(value)
    if fits or not value or not isinstance(value, dict | list):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {laid_out(v, indent + 2, len(json.dumps(k)) + 2)}" for k, v in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [laid_out(v, indent + 2) for v in value]
        opening, closing = "[", "]"
    return f"{opening}\n" + ",\n".join(inner + part for part in parts) + f"\n{' ' * indent}{closing}"


def _is_described(value: Any) -> bool:
    """Whether it is a key's schema, or a mapping of such."""
    if not isinstance(value, dict):
        return False
    return "description" in value or any(isinstance(v, dict) and "description" in v for v in value.values())


def text() -> str:
    """The whole file, as it should be."""
    return laid_out(with_editor_words(json.loads(FILE.read_text(encoding="utf-8")))) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the file, or say whether it is what would be written."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    whole = text()
    if not arguments:
        FILE.write_text(whole, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == whole:
        return 0
    sys.stderr.write(f"{FILE.name} is stale; write it anew with: python docs/write_editor_words.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
