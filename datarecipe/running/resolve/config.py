"""What the user and the project set once: a model, where it is, and endpoints with names.

The user's file is `config.yaml` in the user's config folder, the project's is `.datarecipe/config.yaml`. A project comes
from somebody else as easily as a recipe does, so its file may name a model and nothing more; a host is the user's to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from datarecipe.errors import RecipeError, UsageError
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.providers.named_endpoint import NamedEndpoints
from datarecipe.recipe import Prices, read_yaml_document
from datarecipe.running.resolve.config_form import (
    PROJECT_KEYS,
    USER_KEYS,
    check_configuration,
    endpoint,
    without_values,
)


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
    return user_config_path("datarecipe") / "config.yaml"


def project_config_file(home: Path) -> Path:
    return home / ".datarecipe" / "config.yaml"


def read_config(home: Path) -> Config:
    """The settings that hold in the project `home`; the project's model goes before the user's."""
    user = _read(user_config_file(), USER_KEYS)
    project = _read(project_config_file(home), PROJECT_KEYS)
    named_in = next((path for path, values in (project, user) if "model" in values), None)
    endpoints = user[1].get("endpoints", {})
    return Config(
        model=project[1].get("model") or user[1].get("model"),
        model_from=str(named_in) if named_in else None,
        by_user=named_in == user[0],
        api_base=user[1].get("api_base"),
        prices={model: Prices(**prices) for model, prices in user[1].get("prices", {}).items()},
        endpoints=NamedEndpoints({name: endpoint(name, row) for name, row in endpoints.items()}, str(user[0])),
        endpoint_prices={name: Prices(**row["prices"]) for name, row in endpoints.items() if "prices" in row},
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
        document = read_yaml_document(path)
    except RecipeError as error:
        raise UsageError("\n".join(str(without_values(problem)) for problem in error.problems)) from None
    if document is None:
        return path, {}
    try:
        check_configuration(document, keys)
    except RecipeError as error:
        raise UsageError(str(error)) from None
    values: Any = document.value
    return path, values
