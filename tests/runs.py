"""Runs for tests: a project on disk, the real dispatcher, cache and transport, and what they leave behind."""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Complete, Completion
from datarecipe.recipe import LoadedRecipe, Override, load_recipe
from datarecipe.running.drive.execute import execute
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.observers import Observer
from datarecipe.running.show.progress import Progress
from tests.openai_author import Author

MODEL = "openai/author"

DATA_FILES = ("data.jsonl", "lineage.jsonl", "rejected.jsonl")

RECIPE = """\
recipe: 1
name: facts
description: Yes/no questions.
task: yes_no
instruction: |
  Write {{ batch_size }} new examples about {{ vary.topic }}. Labels: {{ labels | join(", ") }}.
seed_example:
  - {options: [yes, no], answer: yes, question: "Is snow cold?"}
  - {options: [yes, no], answer: no, question: "Is fire cold?"}
labels: [yes, no]
strategy: fixed
target_size: 60
vary:
  topic: [animals, plants, stones]
"""


def write_recipe(folder: Path, text: str = RECIPE, name: str = "facts") -> Path:
    """A project with one recipe."""
    path = folder / "recipes" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def recipe_with(path: Path, **overrides: Any) -> LoadedRecipe:
    """The recipe with dotted overrides: `recipe_with(path, **{"strategy.kind": "tree"})`."""
    return load_recipe(path, [Override(key, value, "test") for key, value in overrides.items()])


def setup_for(
    recipe: LoadedRecipe, base_url: str | None, output: Path | None, cache: Path, **options: Any
) -> ResolvedRun:
    """A run's set-up against a test server. The user believes the recipe: it alone says what the server charges."""
    environ = {"OPENAI_API_KEY": "sk-test"}
    chosen: dict[str, Any] = {"model": MODEL, "trust": True, **options}
    return resolve_run(recipe, Options(api_base=base_url, output=output, cache_dir=cache, environ=environ, **chosen))


class Silent:
    """An observer that says nothing."""

    def begin(self, setup: ResolvedRun) -> None: ...

    def notice(self, text: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def end(self, result: RunResult) -> None: ...

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None: ...


def run(setup: ResolvedRun, observer: Observer | None = None) -> RunResult:
    """Run it in an event loop of its own."""
    return asyncio.run(execute(setup, observer or Silent()))


@dataclass(frozen=True)
class Files:
    """The bytes of a dataset."""

    data: bytes
    lineage: bytes
    rejected: bytes

    @classmethod
    def of(cls, folder: Path) -> Files:
        """Read them."""
        return cls(*((folder / name).read_bytes() for name in DATA_FILES))


def ask_author(author: Author, request: Complete) -> Completion:
    """What a server with this author answers, without the server."""
    messages = [{"role": role, "content": text} for role, text in request.content.messages]
    body: dict[str, Any] = {"messages": messages, "model": "author", "seed": request.draw.seed}
    if request.content.response_format is not None:
        body["response_format"] = request.content.response_format
    reply = author(body)
    return Completion(reply.text, reply.finish_reason, None, "author", "test", "2000-01-01T00:00:00Z")  # type: ignore[arg-type]
