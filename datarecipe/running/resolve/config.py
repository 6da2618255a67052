"""What the user and the project set once: a model, and where it is.

The user's file is `config.yaml` in the user's config folder, the project's is `.datarecipe/config.yaml`. A project comes
from somebody else as easily as a recipe does, so its file may name a model and nothing more; a host is the user's to name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from datarecipe.errors import Problem, RecipeError, UsageError
from datarecipe.recipe import Prices, read_yaml_file

USER_KEYS = ("model", "api_base", "data_roots", "prices")
PROJECT_KEYS = ("model",)
_FORMS = {
    "data_roots": "a list of folders",
    "prices": "for each model `{input_per_million: 0.15, output_per_million: 0.60}`, in US dollars",
}
"""What the values of keys are that are no text."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings below the recipe's; `None` where nothing is set."""

    model: str | None = None
    model_from: str | None = None
    """The file that names the model."""
    by_user: bool = False
    """Whether that is the user's own file, and not one that came with the project."""
    api_base: str | None = None
    """Only ever from the user's own file."""
    prices: Mapping[str, Prices] = field(default_factory=dict)
    """By model; only ever from the user's own file."""


def user_config_file() -> Path:
    """Where the user's settings are looked for."""
    return user_config_path("datarecipe") / "config.yaml"


def project_config_file(home: Path) -> Path:
    """Where the project's settings are looked for."""
    return home / ".datarecipe" / "config.yaml"


def read_config(home: Path) -> Config:
    """The settings that hold in the project `home`; the project's model goes before the user's."""
    user = _read(user_config_file(), USER_KEYS)
    project = _read(project_config_file(home), PROJECT_KEYS)
    if "api_base" in user[1] and "model" not in user[1]:
        raise UsageError(f"{user[0]}: `api_base` needs `model` beside it: a server goes with the model that it has")
    named_in = next((path for path, values in (project, user) if "model" in values), None)
    return Config(
        model=project[1].get("model") or user[1].get("model"),
        model_from=str(named_in) if named_in else None,
        by_user=named_in == user[0],
        api_base=user[1].get("api_base"),
        prices={model: Prices(**prices) for model, prices in user[1].get("prices", {}).items()},
    )


def user_data_roots() -> tuple[Path, ...]:
    """Folders outside their project that the user lets all recipes read; relative ones count from the user's file.

    Raises:
        UsageError: the user's configuration is wrong.
    """
    path, values = _read(user_config_file(), USER_KEYS)
    return tuple(path.parent / Path(root).expanduser() for root in values.get("data_roots", ()))


def _read(path: Path, keys: tuple[str, ...]) -> tuple[Path, dict[str, Any]]:
    if not path.is_file():
        return path, {}
    if keys == PROJECT_KEYS and not path.resolve().is_relative_to(path.parent.parent.resolve()):
        # What it leads to would be quoted in messages.
        raise UsageError(f"{path} is a link that leads out of the project", hint="Put a file there instead.")
    try:
        values = read_yaml_file(path)
    except RecipeError as error:
        raise UsageError(f"the configuration cannot be read\n{error}") from None
    if values is None:
        return path, {}
    if not isinstance(values, dict):
        raise UsageError(str(Problem("a configuration is a mapping such as `model: openai/gpt-4o-mini`", str(path))))
    for key, value in values.items():
        if key not in keys or not _fits(key, value):
            allowed = ", ".join(f"{name} ({_FORMS.get(name, 'text')})" for name in keys)
            raise UsageError(str(Problem(f"`{key}` cannot be set here so; what can: {allowed}", str(path))))
    return path, values


def _fits(key: str, value: object) -> bool:
    match key:
        case "data_roots":
            return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
        case "prices":
            return isinstance(value, dict) and all(map(_are_prices, value.values()))
        case _:
            return isinstance(value, str)


def _are_prices(value: object) -> bool:
    names = {price.name for price in fields(Prices)}
    return (
        isinstance(value, dict)
        and set(value) == names
        and all(type(usd) in (int, float) and 0 <= usd < math.inf for usd in value.values())
    )
