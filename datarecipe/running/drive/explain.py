"""Why a request would miss the cache: what of its key differs from the nearest one that is stored."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from datarecipe.exchange import Complete, Json, Request
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache, content_and_draw
from datarecipe.running.resolve.resolved_run import ResolvedRun

AROUND = 30
"""Characters shown before and after the first difference of two texts."""

COMPARED = 200
"""Stored requests whose texts are compared closely, of those that agree in the most parts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the key."""

    part: str
    """As `sampling.temperature` or `user message`."""
    wanted: str
    stored: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a run of the recipe would find in the cache."""

    found: int
    """Responses with items that it would take from the cache before it asks for one."""
    accepted: int
    """Examples accepted from them."""
    missing: Request | None
    """The first request that is not stored; None when the run needs no more."""
    stored: int
    """Completions in the cache, of whatever recipe."""
    differences: tuple[Difference, ...]
    """Between `missing` and the nearest stored request; empty where none is stored, or where it asks for no items."""


def explain(setup: ResolvedRun, cache: ResponseCache) -> Explanation:
    """Replay the run as far as the cache goes. Asks nobody. Raises `CacheError`, `TemplateError`."""
    with setup.recipe.placing_errors():
        generation = Generation(setup.recipe, setup.model)
        found, missing = 0, None
        for step in replay(generation, cache.get):
            if step.response is None:
                missing = step.request
            elif not step.is_question:
                found += 1
    if not isinstance(missing, Complete):
        return Explanation(found, generation.accepted, missing, 0, ())
    wanted = _flat(*content_and_draw(missing))
    stored, nearest = _nearest(wanted, cache)
    differences = () if nearest is None else tuple(_differences(wanted, nearest))
    return Explanation(found, generation.accepted, missing, stored, differences)


def _flat(content: Mapping[str, Json], draw: Json) -> dict[str, str]:
    """The parts of a key by name, as text."""
    parts: dict[str, Any] = {"model": content.get("model"), "api_base": content.get("api_base")}
    for name in ("sampling", "messages"):
        value = content.get(name)
        if isinstance(value, Mapping):
            parts |= {f"{name}.{key}": inner for key, inner in value.items()}
        elif isinstance(value, list):
            for number, message in enumerate(value):
                role, text = message if isinstance(message, list) and len(message) == 2 else ("unknown", message)
                parts[f"{role} message" + (f" {number + 1}" if number > 1 else "")] = text
    parts["response_format"] = content.get("response_format")
    names = ("random_seed", "lane", "number of the draw in its lane")
    parts |= dict(zip(names, draw if isinstance(draw, list) else (), strict=False))
    return {name: value if isinstance(value, str) else str(value) for name, value in parts.items()}


def _nearest(wanted: Mapping[str, str], cache: ResponseCache) -> tuple[int, dict[str, str] | None]:
    """How many completions are stored, and the one that agrees most."""
    count = 0

    def stored() -> Iterator[tuple[int, dict[str, str]]]:
        nonlocal count
        for document in cache.requests():
            if isinstance(content := document.get("content"), Mapping):
                count += 1
                parts = _flat(content, document.get("draw"))
                yield sum(parts.get(name) == text for name, text in wanted.items()), parts

    closest = heapq.nlargest(COMPARED, stored(), key=lambda entry: entry[0])
    alike = [parts for equal, parts in closest if equal == closest[0][0]]
    return count, max(alike, key=lambda parts: _alike(wanted, parts), default=None)


def _alike(wanted: Mapping[str, str], parts: Mapping[str, str]) -> float:
    texts = [(text, parts.get(name, "")) for name, text in wanted.items() if name.endswith("message")]
    return sum(SequenceMatcher(None, ours, theirs, autojunk=False).quick_ratio() for ours, theirs in texts)


def _differences(wanted: Mapping[str, str], stored: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*wanted, *stored]):
        ours, theirs = wanted.get(name), stored.get(name)
        if ours != theirs:
            yield Difference(name, *_shown(ours, theirs))


def _shown(ours: str | None, theirs: str | None) -> tuple[str, str]:
    """Both texts, long ones around their first difference."""
    pairs = zip(ours or "", theirs or "", strict=False)
    place = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return _cut(ours, place), _cut(theirs, place)


def _cut(text: str | None, place: int) -> str:
    if text is None:
        return "not sent"
    if len(text) <= 2 * AROUND:
        return text
    start, end = max(0, place - AROUND), place + AROUND
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
