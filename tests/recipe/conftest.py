"""A project folder for each test, entered, so that messages show short paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe.writing import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    return made
