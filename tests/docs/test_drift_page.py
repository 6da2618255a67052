"""The page about drift shows what the command prints of the run that is kept beside this test."""

from __future__ import annotations

from tests.cli.command import datarecipe
from tests.docs.pages import ROOT, document


def test_the_page_shows_what_the_command_prints() -> None:
    ran = datarecipe("drift", "deep", cwd=ROOT / "tests" / "docs")
    assert ran.code == 0, ran.err
    (shown,) = document("drift").blocks("text")
    assert ran.out == shown
