"""From a recipe's file to a `LoadedRecipe`: read, override, check, resolve.

Each step works on what the steps before it found in order, so that one wrong key does not hide another: all problems
are raised together, in the order of their places. Only what makes the rest meaningless (syntax, another format) comes
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from datarecipe.errors import ExampleSchemaError, Problem, RecipeNotFoundError, UnsafePathError
from datarecipe.exchange import Json
from datarecipe.recipe.compose.extends import compose
from datarecipe.recipe.compose.overrides import Override, apply_overrides
from datarecipe.recipe.compose.variables import check_variables
from datarecipe.recipe.example_schema.dialogue_seeds import check_turns
from datarecipe.recipe.example_schema.inferred_schema import check_labels_fit, check_seeds_fit, infer_schema
from datarecipe.recipe.example_schema.user_schema import check_given_schema
from datarecipe.recipe.findings import MAX_PROBLEMS, Findings, in_order
from datarecipe.recipe.format.format_check import check_format
from datarecipe.recipe.format.release import check_release
from datarecipe.recipe.keys.instruction import Instruction, check_instruction, read_instruction
from datarecipe.recipe.keys.labels import is_misspelt, read_labels
from datarecipe.recipe.keys.seed_answers import check_seed_answers, check_seed_texts
from datarecipe.recipe.keys.seeds import ReadFile, Seed, read_seeds
from datarecipe.recipe.keys.settings import (
    check_limits,
    check_vary,
    read_about,
    read_fallbacks,
    read_limits,
    read_prices,
    read_sampling,
    read_strategy,
    read_vary,
    whole,
)
from datarecipe.recipe.keys.task import read_task
from datarecipe.recipe.loaded import FileRead, LoadedRecipe, Role
from datarecipe.recipe.message_text import describe
from datarecipe.recipe.recipe import LabelSpace, Recipe, Task
from datarecipe.recipe.source.document import Document, Place, Source
from datarecipe.recipe.source.json_source import parse_json
from datarecipe.recipe.source.paths import (
    Project,
    display,
    find_named_file,
    is_path,
    project_of,
    read_source,
)
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.recipe.warnings import warnings


def load_recipe(path: Path, overrides: Sequence[Override] = (), *, data_roots: Sequence[Path] = ()) -> LoadedRecipe:
    """Read, check and resolve a recipe. Runs no code, opens no connection, reads no file outside the recipe's project.

    `overrides` come from the command line and go before what the file says; a path in one counts from the working
    folder, and may lead anywhere, since it is the user who names it. `data_roots` are folders outside the project that the
    user lets recipes read.

    Raises:
        RecipeNotFoundError: there is no such file.
        RecipeSyntaxError: the file, or one that it names, is not YAML or JSON that can be read.
        ReleaseError: it is of another format, or requires another release.
        RecipeError: all else that is wrong with it, all at once; of one of its subclasses if all is of one kind.
    """
    file = _read_recipe(path)
    files = _Files(project_of(_path(file), data_roots))
    files.note(file, "recipe")
    written = compose(_parse(file), files.find, files.read_base)
    return _resolved(written, file, files, overrides)


def override_recipe(
    recipe: LoadedRecipe, overrides: Sequence[Override], *, data_roots: Sequence[Path] = ()
) -> LoadedRecipe:
    """A loaded recipe with more overrides over it; the recipe's file is not read again. Raises what `load_recipe` raises.

    Files that it names are read again, with `data_roots` as they were.
    """
    source = recipe.project / "recipe.yaml" if recipe.source is None else recipe.source
    file = Source(display(source), path=source)
    known = (read for read in recipe.files if read.role in ("recipe", "extends"))
    return _resolved(recipe.written, file, _Files(project_of(source, data_roots), known), overrides)


def _resolved(written: Document, file: Source, files: _Files, overrides: Sequence[Override]) -> LoadedRecipe:
    document = apply_overrides(written, overrides)
    check_release(document)
    findings = Findings(file.name)
    wrong = check_format(document, findings)
    source = _Source(document, file, files, wrong)
    parts = _read_parts(source, findings)
    if parts.instruction:
        with findings:
            check_variables(overrides, written, parts.instruction.text)
    findings.raise_all()
    return _recipe(source, parts)


def _read_recipe(path: Path) -> Source:
    name = display(path)
    place = Source(name).place()
    try:
        resolved = path.resolve()
        exists = resolved.exists()
    except (OSError, RuntimeError, ValueError):
        raise RecipeNotFoundError(place.problem("this cannot be the path of a recipe")) from None
    if not exists:
        raise RecipeNotFoundError(place.problem("there is no such recipe"))
    if path.is_symlink() and not project_of(path.parent.resolve() / path.name).admits(resolved):
        # Messages would quote what it leads to, and in CI it is a stranger who put it there.
        hint = "name the recipe's own file"
        raise UnsafePathError(place.problem("this is a link that leads out of its project, or to a hidden file", hint))
    return read_source(resolved, place, str(path), shown=name)


def _path(file: Source) -> Path:
    assert file.path is not None
    return file.path


def _parse(file: Source) -> Document:
    parse = parse_json if _path(file).suffix.lower() == ".json" else parse_yaml
    return parse(file.text or "", file.name, file.path)


class _Files:
    """Finds and reads the files that a recipe names, and remembers which it read."""

    def __init__(self, project: Project, known: Iterable[FileRead] = ()) -> None:
        self.project = project
        self._read = {file.path: file for file in known}

    @property
    def read(self) -> tuple[FileRead, ...]:
        return tuple(self._read.values())

    def note(self, source: Source, role: Role) -> None:
        path = _path(source)
        assert source.sha256 is not None
        self._read.setdefault(path, FileRead(path, source.sha256, role))

    def find(self, value: str, place: Place) -> Path:
        return find_named_file(value, place, self.project)

    def read_base(self, path: Path, value: str, place: Place) -> Document:
        base = read_source(path, place, value, self.project)
        self.note(base, "extends")
        return _parse(base)

    def named_by(self, key: Role) -> ReadFile:
        """What reads the files that the values of a key name."""

        def read(value: str, place: Place) -> Source:
            source = read_source(self.find(value, place), place, value, self.project)
            self.note(source, key)
            return source

        return read


@dataclass(frozen=True)
class _Source:
    """A recipe's document, and what its steps need to know of it."""

    document: Document
    file: Source
    files: _Files
    wrong: frozenset[str]
    """Top-level keys whose values do not fit the format; no step reads them."""

    @property
    def values(self) -> dict[str, Any]:
        value = self.document.value
        assert isinstance(value, dict)
        return value

    def usable(self, *keys: str) -> bool:
        """Whether all the keys are there and fit the format."""
        return all(key in self.values and key not in self.wrong for key in keys)


@dataclass
class _Parts:
    """What the steps made; None where a step could not run or failed."""

    instruction: Instruction | None = None
    seeds: tuple[Seed, ...] | None = None
    task: Task | None = None
    labels: LabelSpace | None = None
    schema: dict[str, Json] | None = None
    warnings: tuple[Problem, ...] = ()


def _read_parts(source: _Source, findings: Findings) -> _Parts:
    parts = _Parts()
    document = source.document
    if source.usable("instruction"):
        with findings:
            parts.instruction = read_instruction(document, source.files.named_by("instruction"))
    if source.usable("seed_example"):
        with findings:
            parts.seeds = read_seeds(document, source.files.named_by("seed_example"))
            check_turns(parts.seeds)
    if parts.seeds and "task" not in source.wrong and not is_misspelt(document, "task"):
        with findings:
            parts.task = read_task(document, parts.seeds[0])
    if "labels" not in source.wrong and "task" not in source.wrong:
        with findings:
            parts.labels = read_labels(document, parts.task)
    if parts.seeds and parts.task and parts.labels:
        with findings:
            check_seed_answers(parts.seeds, parts.task, parts.labels)
            check_seed_texts(parts.seeds, parts.task)
            parts.schema = infer_schema([seed.example for seed in parts.seeds], parts.task, parts.labels)
    if source.usable("schema"):
        parts.schema = None
        with findings:
            parts.schema = _read_schema(source)
            check_seeds_fit(parts.seeds or (), parts.schema)
            if parts.seeds and parts.task and parts.labels:
                place = document.place(("schema",))
                check_labels_fit(parts.seeds, parts.task, parts.labels, parts.schema, place)
    _check_settings(source, findings)
    if parts.instruction and not source.wrong & {"vars", "vary"}:
        with findings:
            fixed = parts.labels is not None and parts.labels.kind == "fixed"
            seen = (source.values.get("vars", {}), source.values.get("vary", {}))
            parts.warnings += check_instruction(parts.instruction, *seen, fixed_labels=fixed)
    return parts


def _check_settings(source: _Source, findings: Findings) -> None:
    if not source.wrong & {"limits", "sampling"}:
        check_limits(source.document, findings)
    if "vary" not in source.wrong:
        check_vary(source.document, findings)


def _read_schema(source: _Source) -> dict[str, Json]:
    written = source.values["schema"]
    if isinstance(written, dict):
        return check_given_schema(source.document, ("schema",))
    place = source.document.place(("schema",))
    if not is_path(written):
        raise ExampleSchemaError(
            place.problem(f"`schema` must be a mapping or the path of a .json file, not {describe(written)}")
        )
    file = source.files.named_by("schema")(written, place)
    return check_given_schema(parse_json(file.text or "", file.name, file.path), ())


def _recipe(source: _Source, parts: _Parts) -> LoadedRecipe:
    values = source.values
    assert parts.instruction is not None
    assert parts.seeds is not None
    assert parts.task is not None
    assert parts.labels is not None
    assert parts.schema is not None
    found = warnings(source.document, parts.seeds, parts.labels, parts.task, parts.schema)
    vary, vary_weights = read_vary(values.get("vary", {}))
    warned = (*islice(found, MAX_PROBLEMS), *parts.warnings)
    return LoadedRecipe(
        name=values["name"],
        description=values.get("description", ""),
        task=parts.task,
        instruction=parts.instruction.text,
        seed_examples=tuple(seed.example for seed in parts.seeds),
        labels=parts.labels,
        strategy=read_strategy(values["strategy"]),
        target_size=whole(values["target_size"]),
        batch_size=whole(values.get("batch_size", Recipe.batch_size)),
        random_seed=whole(values.get("random_seed", Recipe.random_seed)),
        schema=parts.schema,
        schema_inferred="schema" not in values,
        vars=values.get("vars", {}),
        vary=vary,
        vary_weights=vary_weights,
        model=values.get("model"),
        api_base=values.get("api_base"),
        sampling=read_sampling(values.get("sampling", {})),
        response_format=values.get("response_format", Recipe.response_format),
        fallbacks=read_fallbacks(values.get("fallbacks", ())),
        prices=read_prices(values.get("prices")),
        limits=read_limits(values.get("limits", {})),
        about=read_about(values),
        own_keys={key: value for key, value in values.items() if key.startswith("x-")},
        project=source.files.project.root,
        source=_path(source.file),
        files=source.files.read,
        written=source.document,
        instruction_place=parts.instruction.place,
        warnings=in_order(warned, source.file.name),
    )
