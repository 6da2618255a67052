"""Who may name a file of weights: the user any, a recipe or a project those of the project, with the user's consent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from datarecipe.errors import DatarecipeError, RecipeError, UnsafePathError, UntrustedEndpointError, WeightsError
from datarecipe.recipe import Override, load_recipe
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from tests.llm.gguf_files import gguf
from tests.runs import RECIPE, write_recipe


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with weights, and others outside."""
    for variable, folder in (("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    for path in ("project/models/m.gguf", "project/.hidden/m.gguf", "outside/m.gguf", "config/datarecipe/m.gguf"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(gguf())
    (tmp_path / "project" / "models" / "link.gguf").symlink_to("../../outside/m.gguf")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "project"


def by_recipe(project: Path, model: str, **options: object) -> ResolvedRun:
    path = write_recipe(project, f"{RECIPE}model: {model}\n")
    return resolve_run(load_recipe(path), Options(environ={}, **options))  # type: ignore[arg-type]


def by_project(project: Path, model: str, **options: object) -> ResolvedRun:
    (project / ".datarecipe").mkdir(exist_ok=True)
    (project / ".datarecipe" / "config.yaml").write_text(f"model: {model}\n")
    return resolve_run(load_recipe(write_recipe(project)), Options(environ={}, **options))  # type: ignore[arg-type]


STRANGERS: list[tuple[Callable[..., ResolvedRun], str]] = [
    (by_recipe, "local/../models/m.gguf"),
    (by_project, "local/models/m.gguf"),
]


@pytest.mark.parametrize(("by", "model"), STRANGERS)
def test_a_strangers_weights_need_consent(project: Path, by: Callable[..., ResolvedRun], model: str) -> None:
    with pytest.raises(UntrustedEndpointError, match="native code") as caught:
        by(project, model)
    assert caught.value.exit_code == 2
    assert "--trust" in str(caught.value)
    setup = by(project, model, trust=True)
    assert setup.weights == project / "models" / "m.gguf"
    assert setup.model.name.startswith("local/m.gguf@")


@pytest.mark.parametrize("trust", [True, False])
@pytest.mark.parametrize("by", [by_recipe, by_project])
@pytest.mark.parametrize(
    "model",
    [
        "local//etc/passwd",
        "local/../../outside/m.gguf",
        "local/{tmp}/outside/m.gguf",
        "local/../.hidden/m.gguf",
        "local/.hidden/m.gguf",
        "local/../models/link.gguf",
        "local//proc/self/exe",
        "local//dev/zero",
    ],
)
def test_a_strangers_weights_lie_in_the_project(
    project: Path, by: Callable[..., ResolvedRun], model: str, *, trust: bool
) -> None:
    with pytest.raises(UnsafePathError, match="outside the project, or are hidden"):
        by(project, model.format(tmp=project.parent), trust=trust)


@pytest.mark.parametrize("kind", ["pipe", "nothing", "text"])
def test_looking_at_a_strangers_recipe_opens_no_pipe_and_runs_nothing(project: Path, kind: str) -> None:
    path = project / "recipes" / "m.gguf"
    recipe = write_recipe(project, f"{RECIPE}model: local/m.gguf\n")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "text":
        path.write_text("no weights")
    for sends in (True, False):
        with pytest.raises(DatarecipeError) as caught:
            resolve_run(load_recipe(recipe), Options(environ={}, trust=True), sends=sends)
        assert isinstance(caught.value, WeightsError)


def test_plan_and_prompt_need_no_consent(project: Path) -> None:
    path = write_recipe(project, f"{RECIPE}model: local/../models/m.gguf\n")
    assert resolve_run(load_recipe(path), Options(environ={}), sends=False).weights == project / "models" / "m.gguf"


@pytest.mark.parametrize(
    "model", ["local/{tmp}/outside/m.gguf", "local/outside/m.gguf", "local/project/models/link.gguf"]
)
def test_the_user_may_name_any_file(project: Path, model: str) -> None:
    """Relative ones count from the working folder."""
    name = model.format(tmp=project.parent)
    recipe = write_recipe(project)
    flag = resolve_run(load_recipe(recipe), Options(model=name, environ={}))
    variable = resolve_run(load_recipe(recipe), Options(environ={"DATARECIPE_MODEL": name}))
    override = resolve_run(load_recipe(recipe, [Override("model", name, "--set model")]), Options(environ={}))
    config = project.parent / "config" / "datarecipe" / "config.yaml"
    config.write_text(f"model: {name}\n")
    configured = resolve_run(load_recipe(recipe), Options(environ={}))
    weights = {setup.model.name for setup in (flag, variable, override, configured)}
    assert len(weights) == 1
    assert flag.weights == Path(name.removeprefix("local/")).absolute()


def test_the_users_weights_run_instead_of_a_strangers(project: Path) -> None:
    path = write_recipe(project, f"{RECIPE}model: local//etc/passwd\n")
    mine = project.parent / "outside" / "m.gguf"
    assert resolve_run(load_recipe(path), Options(environ={"DATARECIPE_WEIGHTS": str(mine)})).weights == mine


def test_a_strangers_message_stands_at_its_line(project: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        by_recipe(project, "local//etc/passwd")
    assert f"facts.yaml:{len(RECIPE.splitlines()) + 1}:8:" in str(caught.value)
