"""From a recipe's file to a `LoadedRecipe`: read, override, check, resolve.

Each step works on what the steps before it found in order, so that one wrong key does not hide another: all problems
are raised together, in the order of their places. Only what makes the rest meaningless (syntax, another format) comes
alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarecipe.errors import ExampleSchemaError, Problem, RecipeNotFoundError, UnsafePathError
from datarecipe.exchange import Json
from datarecipe.recipe.compose.extends import compose
from datarecipe.recipe.compose.overrides import Override, apply_overrides, check_variables
from datarecipe.recipe.example_schema.dialogue_seeds import check_turns
from datarecipe.recipe.example_schema.inferred_schema import check_labels_fit, check_seeds_fit, infer_schema
from datarecipe.recipe.example_schema.user_schema import check_given_schema
from datarecipe.recipe.findings import MAX_PROBLEMS, Findings, in_order
from datarecipe.recipe.format.format_check import check_format
from datarecipe.recipe.format.release import check_release
from datarecipe.recipe.item_filters.check_filters import check_filters, check_seeds_pass
from datarecipe.recipe.keys import settings
from datarecipe.recipe.keys.instruction import Instruction, check_instruction, read_instruction
from datarecipe.recipe.keys.labels import is_misspelt, read_labels
from datarecipe.recipe.keys.seed_answers import check_seed_answers, check_seed_texts
from datarecipe.recipe.keys.seeds import ReadFile, Seed, read_seeds
from datarecipe.recipe.keys.task import read_task
from datarecipe.recipe.loaded import FileRead, LoadedRecipe, Role
from datarecipe.recipe.message_text import describe
from datarecipe.recipe.recipe import Balance, Filters, LabelSpace, Recipe, Task
from datarecipe.recipe.source.document import Document, Place, Source
from datarecipe.recipe.source.json_source import parse_json
from datarecipe.recipe.source.paths import (
    Project,
    display,
    find_named_file,
    is_path,
    project_of,
    read_bytes,
    read_source,
)
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.recipe.warnings import warnings

if TYPE_CHECKING:
    from datarecipe.recipe.held_out.held_out_texts import Decontaminate


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


def recipe_in(document: Mapping[str, Json], name: str, folder: Path) -> LoadedRecipe:
    """A recipe that needs no other file, such as a manifest holds; `name` is what messages call it. It may name no file.

    Raises what `load_recipe` raises.
    """
    file = Source(name, json.dumps(document), folder.resolve() / name)
    files = _Files(Project(folder.resolve(), readable=False))
    return _resolved(parse_json(file.text, file.name, file.path), file, files, ())


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
    draft = _Draft(document, file, files, check_format(document, findings))
    _read_parts(draft, findings)
    if draft.instruction:
        with findings:
            check_variables(overrides, written, draft.instruction.text)
    findings.raise_all()
    recipe = _recipe(draft)
    check_seeds_pass(recipe, draft.seeds or ())
    return recipe


def _read_recipe(path: Path) -> Source:
    name = display(path)
    place = Source(name).place()
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # also what cannot be a path
        raise RecipeNotFoundError(place.problem("there is no such recipe")) from None
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
    return parse(file.text, file.name, file.path)


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
        assert source.sha256
        self._read.setdefault(path, FileRead(path, source.sha256, role))

    def find(self, value: str, place: Place) -> Path:
        return find_named_file(value, place, self.project)

    def read_base(self, path: Path, value: str, place: Place) -> Document:
        return _parse(self._source(path, value, place, "extends"))

    def named_by(self, key: Role) -> ReadFile:
        """What reads the files that the values of a key name."""
        return lambda value, place: self._source(self.find(value, place), value, place, key)

    def read_held_out(self, value: str, place: Place) -> tuple[FileRead, bytes]:
        """A file of held-out records, which may be large."""
        from datarecipe.recipe.held_out.held_out_records import LARGEST  # noqa: PLC0415

        path = self.find(value, place)
        data = read_bytes(path, place, value, self.project, most=LARGEST)
        read = FileRead(path, hashlib.sha256(data).hexdigest(), "decontaminate")
        self._read.setdefault(path, read)
        return read, data

    def _source(self, path: Path, value: str, place: Place, role: Role) -> Source:
        source = read_source(path, place, value, self.project)
        self.note(source, role)
        return source


@dataclass
class _Draft:
    """A recipe on its way: its document, and what the steps made of it; None where a step could not run or failed."""

    document: Document
    file: Source
    files: _Files
    wrong: frozenset[str]
    """Top-level keys whose values do not fit the format; no step reads them."""
    instruction: Instruction | None = None
    seeds: tuple[Seed, ...] | None = None
    task: Task | None = None
    labels: LabelSpace | None = None
    schema: dict[str, Json] | None = None
    filters: Filters = field(default_factory=Filters)
    warnings: tuple[Problem, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        value = self.document.value
        assert isinstance(value, dict)
        return value

    def has(self, key: str) -> bool:
        """Whether the key is there and fits the format."""
        return key in self.values and key not in self.wrong


def _read_parts(draft: _Draft, findings: Findings) -> None:
    document = draft.document
    if draft.has("instruction"):
        with findings:
            draft.instruction = read_instruction(document, draft.files.named_by("instruction"))
    if draft.has("seed_example"):
        with findings:
            draft.seeds = read_seeds(document, draft.files.named_by("seed_example"))
            check_turns(draft.seeds)
    if draft.seeds and "task" not in draft.wrong and not is_misspelt(document, "task"):
        with findings:
            draft.task = read_task(document, draft.seeds[0])
    if not draft.wrong & {"labels", "task"}:
        with findings:
            draft.labels = read_labels(document, draft.task)
    if draft.seeds and draft.task and draft.labels:
        with findings:
            check_seed_answers(draft.seeds, draft.task, draft.labels)
            check_seed_texts(draft.seeds, draft.task)
            draft.schema = infer_schema([seed.example for seed in draft.seeds], draft.task, draft.labels)
    if draft.has("schema"):
        draft.schema = None
        with findings:
            draft.schema = _read_schema(draft)
            check_seeds_fit(draft.seeds or (), draft.schema)
            if draft.seeds and draft.task and draft.labels:
                place = document.place(("schema",))
                check_labels_fit(draft.seeds, draft.task, draft.labels, draft.schema, place)
    _check_settings(draft, findings)
    if draft.instruction and not draft.wrong & {"vars", "vary"}:
        with findings:
            fixed = draft.labels is not None and draft.labels.kind == "fixed"
            seen = (draft.values.get("vars", {}), draft.values.get("vary", {}))
            draft.warnings = check_instruction(draft.instruction, *seen, fixed_labels=fixed)


def _check_settings(draft: _Draft, findings: Findings) -> None:
    if draft.has("filters") and draft.seeds and draft.task:
        with findings:
            held_out, balance = _read_held_out(draft), _read_balance(draft)
            draft.filters = settings.read_filters(draft.values["filters"], held_out, balance)
            check_filters(draft.document, draft.filters, draft.seeds, draft.task)
            settings.check_embedder(draft.document, findings, ("filters", "near_duplicates", "embedder"))
    if not draft.wrong & {"limits", "sampling"}:
        settings.check_limits(draft.document, findings)
    if draft.has("strategy"):
        settings.check_embedder(draft.document, findings, ("strategy", "embedder"))
    if draft.has("tests"):
        settings.check_tests(draft.document, findings)
    if "vary" not in draft.wrong:
        settings.check_vary(draft.document, findings)


def _read_schema(draft: _Draft) -> dict[str, Json]:
    written = draft.values["schema"]
    if isinstance(written, dict):
        return check_given_schema(draft.document, ("schema",))
    place = draft.document.place(("schema",))
    if not is_path(written):
        raise ExampleSchemaError(
            place.problem(f"`schema` must be a mapping or the path of a .json file, not {describe(written)}")
        )
    file = draft.files.named_by("schema")(written, place)
    return check_given_schema(parse_json(file.text, file.name, file.path), ())


def _read_held_out(draft: _Draft) -> Decontaminate | None:
    if not draft.values["filters"].get("decontaminate"):
        return None
    from datarecipe.recipe.keys.decontaminate import read_decontaminate  # noqa: PLC0415 - few recipes ask for it

    folder = None if draft.file.path is None else draft.file.path.parent
    return read_decontaminate(draft.document, draft.files.read_held_out, folder)


def _read_balance(draft: _Draft) -> Balance | None:
    if draft.values["filters"].get("balance") in (None, False):
        return None
    if draft.task is None or draft.labels is None or draft.schema is None:
        return None
    from datarecipe.recipe.keys.balance_settings import read_balance  # noqa: PLC0415 - few recipes ask for it

    seeds = [seed.example for seed in draft.seeds or ()]
    return read_balance(draft.document, draft.task, draft.labels, draft.schema, seeds)


def _recipe(draft: _Draft) -> LoadedRecipe:
    values = draft.values
    assert draft.instruction is not None
    assert draft.seeds is not None
    assert draft.task is not None
    assert draft.labels is not None
    assert draft.schema is not None
    found = warnings(draft.document, draft.seeds, draft.labels, draft.task, draft.schema)
    vary, vary_weights = settings.read_vary(values.get("vary", {}))
    warned = (*islice(found, MAX_PROBLEMS), *draft.warnings)
    return LoadedRecipe(
        name=values["name"],
        description=values.get("description", ""),
        task=draft.task,
        instruction=draft.instruction.text,
        seed_examples=tuple(seed.example for seed in draft.seeds),
        labels=draft.labels,
        strategy=settings.read_strategy(values["strategy"]),
        target_size=settings.whole(values["target_size"]),
        batch_size=settings.whole(values.get("batch_size", Recipe.batch_size)),
        random_seed=settings.whole(values.get("random_seed", Recipe.random_seed)),
        schema=draft.schema,
        schema_inferred="schema" not in values,
        vars=values.get("vars", {}),
        vary=vary,
        vary_weights=vary_weights,
        model=values.get("model"),
        api_base=values.get("api_base"),
        sampling=settings.read_sampling(values.get("sampling", {})),
        response_format=values.get("response_format", Recipe.response_format),
        fallbacks=settings.read_fallbacks(values.get("fallbacks", ())),
        prices=settings.read_prices(values.get("prices")),
        filters=draft.filters,
        limits=settings.read_limits(values.get("limits", {})),
        tests=settings.read_tests(values.get("tests", {})),
        about=settings.read_about(values),
        own_keys={key: value for key, value in values.items() if key.startswith("x-")},
        project=draft.files.project.root,
        source=_path(draft.file),
        files=draft.files.read,
        written=draft.document,
        instruction_place=draft.instruction.place,
        warnings=in_order(warned, draft.file.name),
    )
