"""A run's folder that is moved, deleted, replaced or a link: nothing is written elsewhere, or published of another's."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from datarecipe.errors import RunConflictError, RunLockedError, StorageError
from datarecipe.generate.events import Accepted, Lineage
from datarecipe.run_folder.write.folder_hold import Location
from datarecipe.run_folder.write.writer import RunFolder
from tests.openai_author import Author, Body
from tests.openai_server import OpenAIServer
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

Disturb = Callable[[Path], object]


def accepted(text: str) -> Accepted:
    return Accepted({"text": text}, Lineage(f"id of {text}", "parent", 1, "root:0", 0, 0))


def project(tmp_path: Path) -> Location:
    """A project, and beside it what nothing may be written to."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "theirs.txt").write_text("theirs")
    (tmp_path / "project").mkdir()
    return Location(tmp_path / "project", ("runs", "facts"))


def write(location: Location, *texts: str) -> None:
    with RunFolder(location, "A", overwrite=False) as writing:
        for text in texts:
            writing.write(accepted(text))
        writing.replace({"identity": "A", "cost": {}}, "card\n")


def content(folder: Path) -> dict[str, bytes]:
    """All below it; of links where they lead."""
    return {
        str(path.relative_to(folder)): bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def another_run(folder: Path) -> None:
    """Half of what another process has written in a folder of that name."""
    folder.mkdir(parents=True)
    for name in (".lock", "data.jsonl.partial", "lineage.jsonl.partial", "rejected.jsonl.partial"):
        (folder / name).write_text("half of another's\n")


def put_aside(path: Path) -> Path:
    return path.rename(path.with_name("aside"))


def moved_and_linked(path: Path) -> None:
    path.symlink_to(put_aside(path))


def elsewhere(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.name == "project").parent / "elsewhere"


def then(*steps: Disturb) -> Disturb:
    """One after another."""

    def disturb(path: Path) -> None:
        for step in steps:
            step(path)

    return disturb


def at(name: str, disturb: Disturb) -> Disturb:
    """To a file of the folder; `..` is the folder that holds it."""
    return lambda folder: disturb(folder.parent if name == ".." else folder / name)


FOLDER: dict[str, Disturb] = {
    "deleted": shutil.rmtree,
    "deleted with its parent": at("..", shutil.rmtree),
    "deleted and made anew": then(shutil.rmtree, Path.mkdir),
    "deleted, and another run in its place": then(shutil.rmtree, another_run),
    "moved": put_aside,
    "moved, and another run in its place": then(put_aside, another_run),
    "moved, and a link to it": moved_and_linked,
    "a link to elsewhere": then(shutil.rmtree, lambda folder: folder.symlink_to(elsewhere(folder))),
    "a link that leads nowhere": then(shutil.rmtree, lambda folder: folder.symlink_to("nowhere")),
    "a file": then(shutil.rmtree, Path.touch),
    "its parent moved": at("..", put_aside),
    "its parent moved, and a link to it": at("..", moved_and_linked),
    "its parent a link to elsewhere": at(
        "..", then(shutil.rmtree, lambda folder: folder.symlink_to(elsewhere(folder)))
    ),
}
LOCK: dict[str, Disturb] = {
    "lock deleted": at(".lock", Path.unlink),
    "lock made anew": at(".lock", then(Path.unlink, Path.touch)),
    "lock a link": at(".lock", then(Path.unlink, lambda path: path.symlink_to("data.jsonl"))),
}
PARTIAL: dict[str, Disturb] = {
    f"{name} {what}": at(name, then(Path.unlink, other))
    for name in ("data.jsonl.partial", "lineage.jsonl.partial", "rejected.jsonl.partial")
    for what, other in {
        "deleted": then(),
        "replaced": lambda path: path.write_text("half of another's\n"),
        "a link": lambda path: path.symlink_to(elsewhere(path) / "theirs.txt"),
        "a hard link": lambda path: path.hardlink_to(elsewhere(path) / "theirs.txt"),
    }.items()
}


@pytest.mark.parametrize(
    "disturb", [*FOLDER.values(), *LOCK.values(), *PARTIAL.values()], ids=[*FOLDER, *LOCK, *PARTIAL]
)
@pytest.mark.parametrize("before", [(), ("a",)], ids=["new", "continued"])
def test_a_folder_that_is_taken_away_while_a_run_goes_on(
    tmp_path: Path, disturb: Disturb, before: tuple[str, ...]
) -> None:
    location = project(tmp_path)
    if before:
        write(location, *before)
    with RunFolder(location, "A", overwrite=False) as writing:
        for text in ("a", "b", "c"):
            writing.write(accepted(text))
        disturb(location.path)
        ours = {name for name in content(tmp_path) if name.endswith(".partial")}
        left = {name: data for name, data in content(tmp_path).items() if name not in ours or b"another's" in data}
        with pytest.raises(StorageError, match="was taken away while the run went on") as caught:
            writing.replace({"identity": "A", "cost": {}}, "card\n")
    assert caught.value.exit_code == 4
    assert "run the same command again" in str(caught.value)
    after = content(tmp_path)
    assert {name: data for name, data in after.items() if name in left} == left
    assert all(name in left or name in ours for name in after), "nothing new anywhere"
    assert not any(b'"b"' in data for name, data in after.items() if name.endswith("data.jsonl"))


@pytest.mark.parametrize("disturb", [*FOLDER.values(), *LOCK.values()], ids=[*FOLDER, *LOCK])
def test_what_is_kept_is_not_touched_where_the_folder_is_anothers(tmp_path: Path, disturb: Disturb) -> None:
    location = project(tmp_path)
    write(location, "a")
    with RunFolder(location, "A", overwrite=False) as writing:
        disturb(location.path)
        before = content(tmp_path)
        with contextlib.suppress(StorageError):
            writing.keep({"all_runs": 2})
    after = content(tmp_path)
    assert {name: data for name, data in after.items() if not name.endswith(".partial")} == {
        name: data for name, data in before.items() if not name.endswith(".partial")
    }


@pytest.mark.parametrize("disturb", LOCK.values(), ids=LOCK)
def test_without_its_lock_file_a_second_run_cannot_get_in(tmp_path: Path, disturb: Disturb) -> None:
    location = project(tmp_path)
    with RunFolder(location, "A", overwrite=False):
        disturb(location.path)
        with pytest.raises(RunLockedError), RunFolder(location, "A", overwrite=True):
            pytest.fail("entered a folder that is held")


# --- links that a project brings

NAMES = ["data.jsonl", "lineage.jsonl", "rejected.jsonl", "README.md", "manifest.json", "spending.jsonl", "run.log"]
PARTIALS = [f"{name}.partial" for name in NAMES[:-1]]


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
@pytest.mark.parametrize("name", [*NAMES, *PARTIALS])
def test_no_file_of_a_run_is_written_through_a_link(tmp_path: Path, name: str, *, there: bool) -> None:
    path = write_recipe(tmp_path / "project")
    folder, target = tmp_path / "project" / "runs" / "facts", tmp_path / "target"
    folder.mkdir(parents=True)
    if there:
        target.write_text("mine")
    (folder / name).symlink_to(target)
    with OpenAIServer(Author(variety=3000)) as server:
        setup = setup_for(recipe_with(path, target_size=20), server.base_url, None, tmp_path / "cache")
        for _ in range(2):
            with contextlib.suppress(RunConflictError, StorageError):
                run(setup)
    assert target.exists() == there
    assert not there or target.read_text() == "mine"


@pytest.mark.parametrize("part", ["runs", "runs/facts"])
@pytest.mark.parametrize("target", ["../elsewhere", "/nowhere/at/all", "."])
def test_a_folder_of_a_project_that_is_a_link_is_refused(tmp_path: Path, part: str, target: str) -> None:
    location = project(tmp_path)
    link = location.start / part
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "elsewhere" if target == "../elsewhere" else target)
    before = content(tmp_path)
    with pytest.raises(StorageError) as caught, RunFolder(location, "A", overwrite=True):
        pytest.fail("entered through a link")
    assert f"{link} is a symbolic link" in str(caught.value)
    assert "--output" in str(caught.value)
    assert content(tmp_path) == before


@pytest.mark.parametrize("parts", [(), ("facts",)], ids=["--output", "--runs-dir"])
def test_what_the_user_names_may_be_a_link(tmp_path: Path, parts: tuple[str, ...]) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "named").symlink_to("big disk")
    write(Location(tmp_path / "named", parts), "a")
    assert (tmp_path / "big disk").joinpath(*parts, "data.jsonl").exists()


@pytest.mark.parametrize("target", ["victim.txt", "nothing"])
def test_a_lock_that_is_a_link_empties_nothing_and_makes_nothing(tmp_path: Path, target: str) -> None:
    (tmp_path / "victim.txt").write_text("mine")
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / ".lock").symlink_to(tmp_path / target)
    before = content(tmp_path)
    with pytest.raises(StorageError, match="is a symbolic link"), RunFolder(folder, "A", overwrite=True):
        pytest.fail("locked what it leads to")
    assert content(tmp_path) == before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_a_lock_that_is_no_file_is_told(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / ".lock")
    with pytest.raises(StorageError, match="is no file"), RunFolder(tmp_path, "A", overwrite=True):
        pytest.fail("locked it")


# --- in a run


@pytest.mark.parametrize("how", ["deleted, and another run in its place", "a link to elsewhere", "moved"])
def test_a_run_whose_folder_is_taken_away_ends_and_the_same_command_goes_on(tmp_path: Path, how: str) -> None:
    path = write_recipe(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "theirs.txt").write_text("theirs")
    location = Location(tmp_path / "project", ("runs", "facts"))

    def disturb(number: int, _: Body) -> None:
        if number == 10:
            FOLDER[how](location.path)

    with OpenAIServer(Author(variety=3000), faults=disturb) as server:
        setup = setup_for(recipe_with(path, target_size=60), server.base_url, None, tmp_path / "cache")
        with pytest.raises(StorageError, match="was taken away"):
            run(setup)
        asked = server.requests
        assert (tmp_path / "elsewhere" / "theirs.txt").read_text() == "theirs"
        assert len(content(tmp_path / "elsewhere")) == 1
        if location.path.is_symlink():
            location.path.unlink()
        elif location.path.exists():
            shutil.rmtree(location.path)
        assert run(setup).exit_code == 0
        assert server.requests == asked, "every response was stored"
    whole = Files.of(location.path)
    assert len(whole.data.splitlines()) == 60


def test_a_planted_file_with_a_hole_is_refused_at_once(tmp_path: Path) -> None:
    location = project(tmp_path)
    write(location, "a")
    os.truncate(location.path / "data.jsonl", 40 << 30)
    with (
        pytest.raises(RunConflictError, match=r"data\.jsonl cannot be read: it has a hole"),
        RunFolder(location, "A", overwrite=False),
    ):
        pytest.fail("read 40 GB")
    with RunFolder(location, "A", overwrite=True) as writing:
        writing.write(accepted("b"))
        writing.replace({"identity": "A", "cost": {}}, "card\n")
    assert json.loads((location.path / "data.jsonl").read_text()) == {"text": "b"}
