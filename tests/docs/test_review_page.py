"""The page about reviews shows what the command prints of the verdicts that are kept beside this test."""

from __future__ import annotations

from tests.cli.command import datarecipe
from tests.docs.pages import ROOT, document


def test_the_page_shows_what_the_command_prints() -> None:
    (shown,) = document("review").blocks("text")
    command, _, printed = shown.partition("\n")
    ran = datarecipe(*command.split()[2:], cwd=ROOT / "tests" / "docs" / "reviewed")
    assert ran.code == 0, ran.err
    assert ran.out == printed
