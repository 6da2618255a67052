"""Responses kept from an earlier release, and the datasets that it made of them: `python -m tests.running.kept`

`kept/cache.db` is a cache as that release wrote it, `kept/datasets.json` the SHA-256 of each dataset's three files. What
rearranges the code leaves both as they are. What changes the requests or the choice of examples on purpose raises a version
(`LOOP_VERSION`, the table of profiles, the format of the cache), writes both anew with this command, and says so in
CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from datarecipe.exchange import Complete, Request, Response
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import load_recipe
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from tests.openai_author import Author
from tests.runs import DATA_FILES, ask_author, run

KEPT = Path(__file__).parent / "kept"

_FIXED_LABELS: dict[str, Any] = {
    "recipe": 1,
    "task": "yes_no",
    "instruction": "Write {{ batch_size }} new examples{% if vary %} about {{ vary.topic }}{% endif %}. "
    "Labels: {{ labels | join(', ') }}.",
    "seed_example": [
        {"options": ["yes", "no"], "answer": "yes", "question": "Is snow cold?"},
        {"options": ["yes", "no"], "answer": "no", "question": "Is fire cold?"},
        {"options": ["yes", "no"], "answer": "no", "question": "Is a stone alive?"},
    ],
    "labels": ["yes", "no"],
    "target_size": 80,
}
_OWN_OPTIONS: dict[str, Any] = {
    "recipe": 1,
    "description": "Puzzles whose answers differ.",
    "task": "multiple_choice",
    "instruction": "Write {{ batch_size }} new puzzles. {{ description }}",
    "seed_example": {
        "question": "Which of these is a fruit?",
        "options": ["apple", "stone", "chair"],
        "answer": "apple",
    },
    "labels": {"per_example": 3},
    "target_size": 80,
}
_OPEN_ANSWERS: dict[str, Any] = {
    "recipe": 1,
    "task": "open",
    "instruction": "Write {{ batch_size }} new examples.",
    "seed_example": {"question": "What is two plus two?", "answer": "four"},
    "labels": "open",
    "target_size": 80,
}
_VARY = {"vary": {"topic": ["animals", "plants", "stones", "stars", "tools"], "tone": ["plain", "odd"]}}


def recipes() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """By name: the model, and the recipe as it would stand in a file."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {
        "own-options": ("openai/gpt-4o-mini", _OWN_OPTIONS | {"strategy": "tree"}),
        "open-answers": ("mistral/author", _OPEN_ANSWERS | {"strategy": "random"}),
        "one-message": ("gemini/gemma-author", _FIXED_LABELS | _VARY | {"strategy": "tree"}),
        "other-seed": ("openai/author", _FIXED_LABELS | _VARY | {"strategy": "tree", "random_seed": 7}),
    }
    for kind in ("fixed", "random", "similar", "contrastive", "tree"):
        width = {"tree": "roots", "fixed": ""}.get(kind, "chains")
        for number in (1, 8) if width else (0,):
            strategy = {"kind": kind} | ({width: number} if width else {})
            name = f"{kind}-{number}" if width else kind
            found[name] = ("openai/author", _FIXED_LABELS | {"strategy": strategy})
            found[f"{name}-varied"] = ("openai/author", _FIXED_LABELS | _VARY | {"strategy": strategy})
    return found


def settled(name: str, folder: Path) -> ResolvedRun:
    """The set-up of an offline run of a kept recipe in `folder`, with the cache that lies there."""
    model, document = recipes()[name]
    path = folder / "recipes" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({**document, "name": name}, sort_keys=False), encoding="utf-8")
    options = Options(model=model, output=folder / name, cache_dir=folder / "cache", offline=True, environ={})
    return resolve_run(load_recipe(path), options)


def files_of(setup: ResolvedRun) -> dict[str, str]:
    """Run it, and hash what it wrote."""
    result = run(setup)
    assert result.error is None, result.error
    return {name: hashlib.sha256((setup.output / name).read_bytes()).hexdigest() for name in DATA_FILES}


def _ask_for_all(setup: ResolvedRun) -> None:
    author = Author()

    def answer(request: Request) -> Response:
        assert isinstance(request, Complete)
        return cache.get(request) or cache.put(request, ask_author(author, request))

    with ResponseCache(setup.cache_dir) as cache:
        for _ in replay(Generation(setup.recipe, setup.model), answer):
            pass


def main() -> None:
    """Write the cache and the hashes anew."""
    with tempfile.TemporaryDirectory() as place:
        folder, hashes = Path(place), {}
        for name in recipes():
            setup = settled(name, folder)
            _ask_for_all(setup)
            hashes[name] = files_of(setup)
        KEPT.mkdir(exist_ok=True)
        shutil.copy(folder / "cache" / "cache.db", KEPT)
    (KEPT / "datasets.json").write_text(json.dumps(hashes, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
