"""The two files of the configuration: where they are, and their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from platformdirs import user_config_path

from datarecipe.errors import RecipeError, UsageError


def user_config_file() -> Path:
    return user_config_path("datarecipe") / "config.yaml"


def project_config_file(home: Path) -> Path:
    return home / ".datarecipe" / "config.yaml"


def user_data_roots() -> tuple[Path, ...]:
    """Folders outside their project that the user lets all recipes read; relative ones count from the user's file.

    Raises:
        UsageError: the user's configuration is wrong.
    """
    path = user_config_file()
    return tuple(path.parent / Path(root).expanduser() for root in read_values(path, "user").get("data_roots", ()))


def read_values(path: Path, of: Literal["user", "project"]) -> dict[str, Any]:
    """The values in a file of the configuration, none where there is no such file. Raises `UsageError`."""
    if not path.is_file():
        return {}
    # Most users have no such file, and every command looks for it.
    from datarecipe.recipe import read_yaml_document  # noqa: PLC0415
    from datarecipe.running.resolve.config_form import (  # noqa: PLC0415
        PROJECT_KEYS,
        USER_KEYS,
        check_configuration,
        without_values,
    )

    if of == "project" and not path.resolve().is_relative_to(path.parent.parent.resolve()):
        # What it leads to would be quoted in messages.
        raise UsageError(f"{path} is a link that leads out of the project", hint="Put a file there instead.")
    try:
        document = read_yaml_document(path)
    except RecipeError as error:
        raise UsageError("\n".join(str(without_values(problem)) for problem in error.problems)) from None
    if document is None:
        return {}
    try:
        check_configuration(document, USER_KEYS if of == "user" else PROJECT_KEYS)
    except RecipeError as error:
        raise UsageError(str(error)) from None
    values: Any = document.value
    return dict(values)
