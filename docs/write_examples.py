"""Write the output of commands into the pages that show it, or with --check say which pages show something else.

Marks, in HTML comments that no reader sees, each before a block of code:

    <!-- file: recipes/reviews.yaml -->       the block is this file of the page's own project
    <!-- wrong: recipes/reviews.yaml -->      the same, and it is wrong on purpose
    <!-- shows: datarecipe show reviews -->   the block is this command after a `$`, and what it prints there
    <!-- prints: datarecipe show reviews -->  the same without the command
    <!-- holds: templates/reviews.j2 -->      the block is this file as a command wrote it there

A page's marks are followed from top to bottom in an empty folder, so that a page may change a file and show what comes
of it. Only commands that ask no model belong here. What a run prints is another on each machine.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = Path(__file__).resolve().parent

_MARK = r"(?P<mark><!-- (?P<kind>file|wrong|shows|prints|holds): (?P<what>.+?) -->\n+```\w*\n)"
_STEP = re.compile(_MARK + r"(?P<body>.*?)(?=^```$)", re.M | re.S)
_CLEARED = ("DATARECIPE_", "XDG_", "OPENAI_", "GITHUB_")


def followed(page: str, folder: Path) -> str:
    """The page with its marks followed in the empty `folder`: files are written there, outputs are as they come now."""
    project, home = folder / "project", folder / "home"
    project.mkdir()
    home.mkdir()

    def step(match: re.Match[str]) -> str:
        if match["kind"] in {"shows", "prints"}:
            command = f"$ {match['what']}\n" if match["kind"] == "shows" else ""
            return match["mark"] + command + output(shlex.split(match["what"]), project, home)
        path = project / match["what"]
        if match["kind"] == "holds":
            return match["mark"] + path.read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(match["body"], encoding="utf-8")
        return match[0]

    return _STEP.sub(step, page)


def output(words: list[str], project: Path, home: Path) -> str:
    """What a datarecipe command prints, in the order in which it prints it."""
    program, *arguments = words
    if program != "datarecipe" or {"run", "preview"} & set(arguments[:1]):
        raise ValueError(f"no command for a page to show: {shlex.join(words)}")
    # The reader's own settings are no part of a page.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_CLEARED)}
    done = subprocess.run(  # noqa: S603  # our own program, with words of our own pages
        [sys.executable, "-m", "datarecipe", *arguments],
        cwd=project,
        env={**environ, "HOME": str(home), "COLUMNS": "100", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode().rstrip("\n") + "\n"


def pages() -> list[Path]:
    """Pages with marks."""
    return [path for path in sorted(PAGES.rglob("*.md")) if _STEP.search(path.read_text(encoding="utf-8"))]


def main(arguments: list[str]) -> int:
    """Exit code: 0 when all is as it should be, 1 when a page is stale, 2 for a wrong argument."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: write_examples.py [--check]\n")
        return 2
    stale = 0
    for path in pages():
        before = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            after = followed(before, Path(folder))
        if before == after:
            continue
        stale += 1
        if arguments:
            sys.stderr.write(f"{path} is stale: run docs/write_examples.py\n")
        else:
            path.write_text(after, encoding="utf-8")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
