"""What `datarecipe doctor` finds out about this machine. Imports no heavy package and opens no connection."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from datarecipe._version import __version__
from datarecipe.errors import DatarecipeError
from datarecipe.installed import version_of
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.embedded.minilm_weights import ALL_MINILM_L6_V2
from datarecipe.llm.embedded.weights import default_data_dir, find_weights, place_of
from datarecipe.llm.providers import provider_facts
from datarecipe.printable import counted
from datarecipe.running.resolve.config import read_config
from datarecipe.running.resolve.config_files import project_config_file, user_config_file
from datarecipe.running.resolve.options import EMBEDDED_MODEL
from datarecipe.running.resolve.resolved_run import cache_directory

BAD_LITELLM = ("1.82.7", "1.82.8")
"""Releases that carried malware (MAL-2026-2144)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: Literal["ok", "missing", "wrong"]
    """`missing` is no fault: something optional that is not there."""
    subject: str
    detail: str


def examine(cache_dir: Path | None) -> list[Finding]:
    """Look at Python, packages, the embedded model, configuration, keys (by name, never by value) and the cache."""
    home = Path.cwd()
    return [
        Finding("ok", "datarecipe", __version__),
        Finding("ok", "python", f"{platform.python_version()} at {sys.executable}"),
        _litellm(),
        *_embedded(),
        *_minilm(),
        *_configuration(home),
        _keys(),
        _cache(cache_directory(home, cache_dir, os.environ)),
    ]


def _litellm() -> Finding:
    version = version_of("litellm")
    if version is None:
        return Finding("wrong", "litellm", "not installed; pip install 'litellm'")
    if version in BAD_LITELLM:
        return Finding("wrong", "litellm", f"{version} carried malware: remove it, renew the keys of this machine")
    return Finding("ok", "litellm", f"{version}, for every provider")


def _embedded() -> Iterator[Finding]:
    if find_spec("xllamacpp") is None:
        yield Finding("missing", "embedded model", "pip install 'datarecipe-llm[local]'")
        return
    yield Finding("ok", "embedded model", f"engine xllamacpp {version_of('xllamacpp')}, {os.cpu_count()} processors")
    override = os.environ.get("DATARECIPE_WEIGHTS")
    try:
        path = find_weights(
            EMBEDDED_MODEL.partition("/")[2], data_dir=default_data_dir(), override=Path(override) if override else None
        )
    except DatarecipeError as error:
        yield Finding("wrong", "weights", error.message)
        return
    if path is None:
        yield Finding("missing", "weights", f"fetched at the first run, 93 MB, into {default_data_dir()}")
    else:
        yield Finding("ok", "weights", str(path))


def _minilm() -> Iterator[Finding]:
    if find_spec("numpy") is None or find_spec("tokenizers") is None:
        yield Finding("missing", "minilm", "pip install 'datarecipe-llm[embed]'")
        return
    wanted = ALL_MINILM_L6_V2
    path = place_of(wanted, default_data_dir())
    if path.exists():
        yield Finding("ok", "minilm", f"NumPy {version_of('numpy')}, weights {path}")
    else:
        size = wanted.wheel_size // 1_000_000
        yield Finding("missing", "minilm", f"weights: fetched when a recipe first asks for it, {size} MB")


def _configuration(home: Path) -> Iterator[Finding]:
    for path in (user_config_file(), project_config_file(home)):
        if path.is_file():
            yield Finding("ok", "configuration", str(path))
    try:
        config = read_config(home)
    except DatarecipeError as error:
        yield Finding("wrong", "configuration", error.message)
        return
    model = os.environ.get("DATARECIPE_MODEL") or config.model or EMBEDDED_MODEL
    yield Finding("ok", "default model", model)
    for row in config.endpoints.rows.values():
        host = urlsplit(row.url).netloc.rpartition("@")[2]
        missing = row.key_env is not None and not os.environ.get(row.key_env)
        key = f", key in {row.key_env}{' (not set)' if missing else ''}" if row.key_env else ""
        yield Finding("missing" if missing else "ok", f"endpoint {row.name}", f"{row.provider} at {host}{key}")


def _keys() -> Finding:
    names = sorted(
        {
            variable
            for provider in provider_facts.all_names()
            for variable in provider_facts.key_variables(provider)
            if os.environ.get(variable)
        }
    )
    return Finding("ok" if names else "missing", "keys", ", ".join(names) or "none in the environment")


def _cache(directory: Path) -> Finding:
    if not directory.is_dir():
        return Finding("ok", "cache", f"{directory} (made at the first run)")
    try:
        with ResponseCache(directory) as cache:
            stats = cache.stats()
    except DatarecipeError as error:
        return Finding("wrong", "cache", error.message)
    state: Literal["ok", "wrong"] = "wrong" if stats.damaged else "ok"
    damaged = f", {stats.damaged:,} damaged" if stats.damaged else ""
    return Finding(state, "cache", f"{directory}: {counted(stats.count, 'response')}{damaged}")
