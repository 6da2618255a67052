"""What the user and the project set once: a model, where it is, and endpoints with names.

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
from datarecipe.llm.providers.endpoint import Endpoint, check_url
from datarecipe.llm.providers.named_endpoint import NamedEndpoint, NamedEndpoints
from datarecipe.recipe import Prices, read_yaml_file

USER_KEYS = ("model", "api_base", "data_roots", "prices", "endpoints")
PROJECT_KEYS = ("model",)
_FORMS = {
    "data_roots": "a list of folders",
    "prices": "for each model `{input_per_million: 0.15, output_per_million: 0.60}`, in US dollars",
    "endpoints": 'for each name `{provider: hosted_vllm, urls: ["http://localhost:8000/v1"]}`, and `key_env` or `prices`',
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
    endpoints: NamedEndpoints = field(default_factory=NamedEndpoints)
    """Only ever from the user's own file."""
    endpoint_prices: Mapping[str, Prices] = field(default_factory=dict)
    """For every model at an endpoint, by its name."""

    def prices_at(self, endpoint: Endpoint) -> Prices | None:
        """What the user says that a model costs: the model's own prices, else those of its endpoint."""
        return self.prices.get(endpoint.model) or self.endpoint_prices.get(endpoint.alias or "")


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
    endpoints = user[1].get("endpoints", {})
    return Config(
        model=project[1].get("model") or user[1].get("model"),
        model_from=str(named_in) if named_in else None,
        by_user=named_in == user[0],
        api_base=user[1].get("api_base"),
        prices={model: Prices(**prices) for model, prices in user[1].get("prices", {}).items()},
        endpoints=NamedEndpoints(
            {name: _endpoint(user[0], name, row) for name, row in endpoints.items()}, str(user[0])
        ),
        endpoint_prices={name: Prices(**row["prices"]) for name, row in endpoints.items() if "prices" in row},
    )


def _endpoint(path: Path, name: str, row: Mapping[str, Any]) -> NamedEndpoint:
    if len(row["urls"]) > 1:
        raise UsageError(str(Problem(f"`endpoints.{name}`: a pool of several URLs is not supported yet", str(path))))
    try:
        check_url(row["urls"][0], f"`endpoints.{name}`")
        return NamedEndpoint(name, row["provider"], row["urls"][0], row.get("key_env"))
    except UsageError as error:
        raise UsageError(str(Problem(f"`endpoints.{name}`: {error.message}", str(path))), hint=error.hint) from None


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
        case "endpoints":
            return isinstance(value, dict) and all(
                isinstance(name, str) and _is_endpoint(value[name]) for name in value
            )
        case _:
            return isinstance(value, str)


def _are_prices(value: object) -> bool:
    names = {price.name for price in fields(Prices)}
    return (
        isinstance(value, dict)
        and set(value) == names
        and all(type(usd) in (int, float) and 0 <= usd < math.inf for usd in value.values())
    )


def _is_endpoint(value: object) -> bool:
    match value:
        case {"provider": str(), "urls": [str(), *others], **more}:
            return (
                all(isinstance(url, str) for url in others)
                and more.keys() <= {"key_env", "prices"}
                and isinstance(more.get("key_env", ""), str)
                and ("prices" not in more or _are_prices(more["prices"]))
            )
    return False
