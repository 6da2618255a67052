"""What a user says beside the recipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from datarecipe.exchange import LOCAL_PREFIX

Transport: TypeAlias = Literal["auto", "direct", "litellm"]

EMBEDDED_MODEL = LOCAL_PREFIX + "smollm2-135m"
"""The model of a run that nobody named one for. A key in the environment alone never makes a run cost money."""

BUDGET = "--max-"
"""How the names of the command's caps begin in messages."""

EMBEDDED_WARNING = (
    "Written by the embedded model, which demonstrates the pipeline. It is a poor author: "
    "expect wrong answers, and do not train on them."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user says beside the recipe. Overrides of the recipe itself go to `load_recipe`."""

    model: str | None = None
    api_base: str | None = None
    output: Path | None = None
    """The run's folder; by default `runs/<name>` in the project."""
    runs_dir: Path | None = None
    """The folder in which runs have theirs, instead of the project's `runs`."""
    overwrite: bool = False
    cache_dir: Path | None = None
    offline: bool = False
    trust: bool = False
    retry: frozenset[str] = frozenset()
    """Reasons of rejection: a stored response that holds nothing valid, for these reasons alone, is asked again."""
    transport: Transport = "auto"
    """How requests are sent: `direct` speaks OpenAI's protocol itself, `litellm` reaches every provider, `auto` picks."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
