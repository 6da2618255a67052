"""What the user and the project set once: a model, where it is, and endpoints with names.

The user's file is `config.yaml` in the user's config folder, the project's is `.datarecipe/config.yaml`. A project comes
from somebody else as easily as a recipe does, so its file may name a model and nothing more; a host is the user's to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.providers.named_endpoint import NamedEndpoints
from datarecipe.recipe import Prices
from datarecipe.running.resolve.config_files import project_config_file, read_values, user_config_file
from datarecipe.running.resolve.config_form import endpoint


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


def read_config(home: Path) -> Config:
    """The settings that hold in the project `home`; the project's model goes before the user's."""
    user_file, project_file = user_config_file(), project_config_file(home)
    user, project = read_values(user_file, "user"), read_values(project_file, "project")
    named_in = project_file if "model" in project else user_file if "model" in user else None
    endpoints = user.get("endpoints", {})
    return Config(
        model=project.get("model") or user.get("model"),
        model_from=str(named_in) if named_in else None,
        by_user=named_in == user_file,
        api_base=user.get("api_base"),
        prices={model: Prices(**prices) for model, prices in user.get("prices", {}).items()},
        endpoints=NamedEndpoints({name: endpoint(name, row) for name, row in endpoints.items()}, str(user_file)),
        endpoint_prices={name: Prices(**row["prices"]) for name, row in endpoints.items() if "prices" in row},
    )
