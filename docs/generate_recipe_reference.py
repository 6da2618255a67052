"""Writes docs/recipe.md from the JSON Schema of the recipe format, so that the page and the checks cannot disagree.

    python docs/generate_recipe_reference.py            write it
    python docs/generate_recipe_reference.py --check    exit with 1 when it is stale

The descriptions of the keys come from `datarecipe/recipe/format/recipe-1.schema.json`, to which `write_editor_words.py`
adds words for editors. The keys that this release refuses come from `datarecipe.recipe.format.format_check.NOT_YET`.
Only the introduction, the order of the keys and a few notes are written here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from datarecipe.exchange import Json
from datarecipe.recipe.format import FORMAT
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.format_check import NOT_YET
from datarecipe.recipe.format.schema_file import Schema, format_schema, mapping_form
from datarecipe.recipe.source.yaml_scalars import resolve

PAGE = Path(__file__).with_name("recipe.md")

GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    ("Name and metadata", ("recipe", "name", "description", "version", "license", "tags", "requires", "extends")),
    ("The task", ("task", "seed_example", "labels", "instruction", "vars", "vary", "schema")),
    ("The loop", ("strategy", "target_size", "batch_size", "random_seed", "filters")),
    ("The model", ("model", "api_base", "fallbacks", "prices", "sampling", "response_format")),
    ("Limits and evaluation", ("limits", "tests", "evaluate")),
)

NOTES = {
    "instruction": "See [templates](templates.md).",
    "tests": "See [testing a dataset](stats.md#testing-a-dataset).",
    "schema": "See [schemas](schema.md): what is inferred, what your own schema may contain, and how patterns work.",
    "extends": "See [extending recipes](extends.md).",
    "vary": "See [templates](templates.md#vary) and [strategies](strategies.md#vary).",
    "strategy": "See [strategies](strategies.md).",
    "seed_example": "All seed examples have the same fields. "
    "See [several seed examples](strategies.md#several-seed-examples).",
    "labels": "An answer matches a label if value and type are equal. It also matches if its text equals exactly one label "
    "after ignoring case, outer white space and how characters are composed (NFC); the dataset then spells it as the "
    "recipe does. Labels are never translated.",
    "strategy.embedder": "See [embedders](strategies.md#embedders).",
    "model": "See [providers and keys](architecture.md#endpoints-and-keys).",
    "api_base": "See [providers and keys](architecture.md#endpoints-and-keys): a run refuses an address that only the "
    "recipe names, unless `--trust` is given.",
    "response_format": "See [profiles](architecture.md#profiles) for what `auto` becomes.",
}


def page() -> str:
    """The whole page."""
    schema = format_schema()
    listed = [key for _, keys in GROUPS for key in keys]
    if sorted(listed) != sorted(schema["properties"]):
        raise SystemExit(f"GROUPS and the schema differ in {sorted({*listed} ^ {*schema['properties']})}")
    needed = ", ".join(f"`{key}`" for key in (*schema["required"], *schema["else"]["required"]))
    parts = [_introduction(needed)]
    for title, keys in GROUPS:
        parts.append(f"## {title}\n")
        parts.extend(part for key in keys for part in _key(key, schema["properties"][key]))
    own = schema["patternProperties"]["^x-"]
    parts.append("## Your own keys\n\nBegin your own keys with `x-`. datarecipe keeps them and never reads them.\n")
    parts.append(_code("x-mine", own["examples"]))
    return "\n".join(parts).rstrip() + "\n"


def _introduction(needed: str) -> str:
    return f"""\
<!-- Written by docs/generate_recipe_reference.py. Change the schema or the script, not this page. -->

# Recipe reference (format {FORMAT})

A recipe is one YAML file. It describes the dataset: the task, one example, the labels, and how to request more
examples. These keys are required:

{needed}.

With a `task` other than `open`, `labels` is required too. All other keys have defaults. An unknown key is an error;
your own keys begin with `x-`.

Keys marked **not yet** belong to the format, but this release refuses a recipe that has one. Ignoring such a key would
give another dataset, or another bill, than the recipe describes.

## Rules for all keys

**Values** follow YAML 1.2: `yes`, `no`, `on` and `off` are texts, `true` and `false` are booleans. A label keeps its
type: `1` is a number, `"1"` is a text. A duplicate key is an error. A recipe may also be a `.json` file. Put a text
into quotes if it contains ` #`, `: `, or a comma within braces or brackets, or if it looks like a number. `validate`
warns about [misleading YAML](validate.md#misleading-yaml).

**Paths.** Some keys take a text or a path. A value is a path if it is one line without white space or `{{`, and
contains a `/` or ends in one of `.j2`, `.jinja`, `.jinja2`, `.txt`, `.md`, `.json`, `.yaml`, `.yml`. A path is relative
to the file that contains it. It must stay inside the recipe's project: the folder with the nearest `recipes/` that
contains the recipe, within its repository, or else the recipe's own folder. Hidden files are not read. Only you can
allow other folders: see [what a recipe may read](extends.md#what-a-recipe-may-read). Runs, cache and configuration are
in the project too; for a shipped recipe they are in the working folder. A recipe directly in your home folder, or above
it, may not name other files.

**Bases.** A recipe inherits keys from the recipes in `extends`: [extending recipes](extends.md).

**Overrides.** `--set KEY.PATH=VALUE` replaces any key for one command: `--set strategy.chains=32` or
`--set limits.timeout=60`. The value follows the same rules as in a recipe. A path in `--set` is relative to the working
folder. `--var NAME=VALUE` replaces one of `vars`. `--target-size`, `--strategy`, `--batch-size`, `--random-seed` and
`--concurrency` are short forms.

**Checks.** `datarecipe validate RECIPE` reports all mistakes at once, each with file, line and column: [checking
recipes](validate.md). `datarecipe show RECIPE` prints the recipe with defaults filled in and files replaced by their
content; `--origins` shows where each value comes from.

**Editors** can complete, explain and check a recipe while you write it: see [recipes in your editor](editor.md).
"""


def _key(name: str, schema: Schema) -> Iterator[str]:
    """A top-level key: its section, and a table of the keys below it."""
    refused = (name,) in NOT_YET
    yield f"### `{name}`{' (not yet)' if refused else ''}\n"
    note = f" {NOTES[name]}" if name in NOTES else ""
    yield f"{schema['description']}{note}\n"
    if refused:
        yield f"**Not yet**: this release refuses a recipe with `{name}`.\n"
    yield f"{_value(schema)}\n"
    yield _code(name, [*schema["examples"], *_long_forms(schema)])
    inner = mapping_form(schema).get("properties", {})
    if inner:
        yield "| key | meaning | value | default | example |\n|---|---|---|---|---|"
        yield "".join(_row(name, key, below) for key, below in inner.items())


def _long_forms(schema: Schema) -> Iterator[Json]:
    """Examples of the alternatives to a short form; editors offer them as snippets."""
    for form in schema.get("anyOf", ()):
        yield from (snippet["body"] for snippet in form.get("defaultSnippets", ()))


def _value(schema: Schema) -> str:
    words = f"Value: {_expected(schema)}."
    return f"{words} Default: `{_flow(schema['default'])}`." if "default" in schema else words


def _row(parent: str, key: str, schema: Schema) -> str:
    path = f"{parent}.{key}"
    later = any(keys in NOT_YET for keys in ((parent,), (parent, key)))
    meaning = " ".join(filter(None, ("**Not yet.**" if later else "", schema["description"], NOTES.get(path, ""))))
    value = _expected(schema)
    default = f"`{_flow(schema['default'])}`" if "default" in schema and not later else ""
    example = f"`{_flow(schema['examples'][0])}`"
    cells = (f"`{key}`", meaning, value, default, example)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _expected(schema: Schema) -> str:
    """What a value must be, in the words of the error messages."""
    values = schema.get("additionalProperties")
    if isinstance(values, dict) and "properties" not in schema:
        return f"a mapping, and each value in it {expected(values)}"
    if any(word in schema for word in ("x-expected", "const", "enum", "anyOf", "type")):
        return expected(schema)
    return ""


def _code(key: str, examples: Sequence[Json]) -> str:
    """The examples as YAML, each on its line."""
    lines = "\n# or\n".join(f"{key}: {_flow(example)}" for example in examples)
    return f"```yaml\n{lines}\n```\n"


def _flow(value: Json) -> str:
    """A value as one writes it on one line of a recipe."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str() if re.fullmatch(r"[A-Za-z_./][\w./ %+-]*(?<! )", value) and isinstance(resolve(value), str):
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or say whether it is what would be written."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    text = page()
    if not arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/recipe.md is stale; write it anew with: python docs/generate_recipe_reference.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
