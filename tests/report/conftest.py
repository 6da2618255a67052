"""Runs and reports that several tests look at and none changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.report.html_report import html_report
from tests.report.made_runs import Made, make


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run of 300 reviews with all kinds of rejected items."""
    return make(tmp_path_factory.mktemp("reviews"), target_size=300)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run whose texts attack the page."""
    return make(tmp_path_factory.mktemp("hostile"), hostile=True, target_size=200)


@pytest.fixture(scope="session")
def page(reviews: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the reviews."""
    return written(tmp_path_factory.mktemp("page") / "report.html", reviews.folder)


def written(path: Path, *folders: Path) -> Path:
    """A report, as a file."""
    path.write_text(html_report(folders), encoding="utf-8")
    return path
