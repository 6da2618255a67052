"""The oldest releases that pyproject.toml allows, for `make test-oldest`: each lower bound as the one release to install.

A resolver could find them (`uv pip install --resolution lowest-direct`), but every bound names a release that exists, so
there is nothing to resolve.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def needed() -> list[Requirement]:
    """What datarecipe needs to run, with the extras that users can ask for."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [
        Requirement(each) for each in (*project["dependencies"], *extras["local"], *extras["embed"], *extras["export"])
    ]


def oldest(requirement: Requirement) -> Version:
    """Its lower bound."""
    (bound,) = (each.version for each in requirement.specifier if each.operator == ">=")
    return Version(bound)


if __name__ == "__main__":
    for each in needed():
        print(f"{each.name}=={oldest(each)}")
