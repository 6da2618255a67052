"""Which version is installed: what importlib.metadata says, also where it is found otherwise."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from datarecipe.installed import version_of


@pytest.mark.parametrize("name", ["jinja2", "jsonschema", "litellm", "click"])
def test_it_says_what_importlib_says(name: str) -> None:
    assert version_of(name) == metadata.version(name)


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path / "none")
    (tmp_path / "file.zip").write_bytes(b"PK")
    monkeypatch.syspath_prepend(tmp_path / "file.zip")
    assert version_of("no_such_distribution") is None


def test_older_and_other_ways_to_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for folder, name in (("Mixed-1.5.dist-info", "METADATA"), ("egged-2.5.egg-info", "PKG-INFO")):
        (tmp_path / folder).mkdir()
        version = folder.split("-")[1].removesuffix(".egg").removesuffix(".dist")
        (tmp_path / folder / name).write_text(f"Name: {folder.split('-')[0]}\nVersion: {version}\n", encoding="utf-8")
    for module in ("mixed", "egged"):
        (tmp_path / f"{module}.py").write_text("", encoding="utf-8")
    assert version_of("mixed") == "1.5"
    assert version_of("egged") == "2.5"


def test_a_folder_that_was_left_over_is_no_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert version_of("gone") is None
