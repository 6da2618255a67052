"""Broken recipes, and what their authors are told: every kind of mistake, with its exact output.

Each folder `broken/<kind>/<case>/` is a small project. It is copied, entered, and `datarecipe validate recipes/recipe.yaml`
is run in it, with the flags in `arguments.txt`, one a line, where there is such a file. What that prints is `expected.txt`;
`<version>` stands in it for the version of datarecipe. Files that an editor or git would spoil are made by `MADE` below.

After a deliberate change of a message write the texts anew, with `python -m tests.recipe.test_broken --write`. Then read
what has changed, as somebody who made that mistake would: the text is a promise only once it has been read.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe import errors
from datarecipe._version import __version__
from datarecipe.cli.main import command_line
from datarecipe.errors import RecipeError, RecipeSyntaxError
from datarecipe.recipe.source.yaml_source import parse_yaml

BROKEN = Path(__file__).with_name("broken")
EXPECTED = "expected.txt"
RIGHT = "warnings"
"""The kind whose recipes are right: what is told is no error."""

ELSEWHERE: Mapping[str, str] = {
    "recipe": "the base of all kinds: no problem is of none of them",
    "not-found": "the recipe itself is not there, so that it cannot be a case; tests/recipe/test_load.py has it",
}
"""Kinds of errors that no case here can have, each with the reason."""

_RECIPE = """\
recipe: 1
name: places
task: yes_no
instruction: Write {{ batch_size }} more examples, each with one of the labels {{ labels | join(", ") }}.
seed_example: {question: is rome in italy, answer: yes}
labels: [yes, no]
strategy: tree
target_size: 500
"""


def _recipe(text: str | bytes = _RECIPE) -> Callable[[Path], None]:
    """Writes the recipe."""
    data = text.encode() if isinstance(text, str) else text
    return lambda folder: _write(folder, "recipes/recipe.yaml", data)


def _named(key: str, value: str, path: str, data: bytes) -> Callable[[Path], None]:
    """Writes a recipe that names a file, and that file."""

    def write(folder: Path) -> None:
        _write(folder, "recipes/recipe.yaml", re.sub(rf"{key}: .*", f"{key}: {value}", _RECIPE).encode())
        _write(folder, path, data)

    return write


def _linked(key: str, value: str, path: str, target: str) -> Callable[[Path], None]:
    """Writes a recipe that names a symbolic link to a path beside the project."""

    def write(folder: Path) -> None:
        _named(key, value, "README.md", b"A project.\n")(folder)
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(os.path.relpath(folder.parent, link.parent)) / target)

    return write


def _write(folder: Path, path: str, data: bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


_BOMB = "".join(
    f"a{n}: &a{n} [{', '.join(['x' if n == 0 else f'*a{n - 1}'] * 10)}]\n" for n in range(10)
)  # ten times ten times ten ...

MADE: Mapping[str, Callable[[Path], None]] = {
    "characters/byte-order-mark": _recipe(b"\xef\xbb\xbf" + _RECIPE.encode()),
    "characters/utf-16": _recipe(_RECIPE.encode("utf-16")),
    "characters/latin-1": _recipe(
        _RECIPE.replace("places", "orte", 1).replace("italy", "süditalien").encode("latin-1")
    ),
    "characters/nul": _recipe(_RECIPE.replace("is rome in italy", "is rome\0 in italy")),
    "characters/escape": _recipe(_RECIPE.replace("is rome in italy", "is \x1b[31mrome\x1b[0m in italy")),
    "characters/next-line": _recipe(_RECIPE.replace("is rome in italy", "is rome\x85in italy")),
    "characters/direction-marks": _recipe(_RECIPE.replace("[yes, no]", "[yes\u202e, no\u2066, yes\u202e]")),
    "characters/carriage-returns": _recipe(_RECIPE.replace("tree", "tre").replace("\n", "\r\n")),
    "characters/tab-before-key": _recipe(_RECIPE.replace("strategy: tree", "strategy:\n\tkind: tree")),
    "characters/tab-before-value": _recipe(_RECIPE.replace("500", "\t5OO")),
    "characters/spaces-without-break": _recipe(_RECIPE.replace("strategy: tree", "strategy:\u00a0tree")),
    "characters/tab-in-seed-file": _named(
        "seed_example", "../seeds/places.json", "seeds/places.json", b'{"question": "is rome\t in italy"}'
    ),
    "characters/byte-order-mark-in-seed-file": _named(
        "seed_example", "../seeds/places.json", "seeds/places.json", b"\xef\xbb\xbf{}"
    ),
    "characters/latin-1-in-template": _named(
        "instruction",
        "../templates/a.j2",
        "templates/a.j2",
        "Write.\nNoch {{ batch_size }} für uns.\n".encode("latin-1"),
    ),
    "size/alias-bomb": _recipe(_RECIPE + "vars:\n" + re.sub("^", "  ", _BOMB, flags=re.MULTILINE).rstrip(" ")),
    "size/sixty-deep": _recipe(_RECIPE + f"vars: {{a: {'[' * 60}{']' * 60}}}\n"),
    "size/sixty-deep-in-seed-file": _named(
        "seed_example",
        "../seeds/places.json",
        "seeds/places.json",
        b'{"question": ' + b"[" * 60 + b"]" * 60 + b', "answer": "yes"}',
    ),
    "size/too-many-values": _recipe(_RECIPE + "vars: {a: [" + "x, " * 60_000 + "x]}\n"),
    "size/huge-template": _named("instruction", "../templates/a.j2", "templates/a.j2", b"Write more. " * 100_000),
    "size/huge-recipe": _recipe(_RECIPE + "# more\n" * 200_000),
    "files/link-out-of-the-project": _linked("instruction", "../templates/a.j2", "templates/a.j2", "secrets/a.j2"),
    "files/folder-linked-out-of-the-project": _linked("seed_example", "../seeds/places.json", "seeds", "secrets"),
}
"""Cases whose files are made here, since their bytes would not live long in a repository."""


@dataclass(frozen=True)
class Case:
    """One broken recipe."""

    name: str
    """Its kind and its own name, as its folder is called."""

    @property
    def folder(self) -> Path:
        """Where its texts are."""
        return BROKEN / self.name

    @property
    def arguments(self) -> list[str]:
        """Flags for `validate`."""
        file = self.folder / "arguments.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    @property
    def exit_code(self) -> int:
        """What `validate` ends with."""
        return 0 if self.name.startswith(f"{RIGHT}/") else 2

    def put(self, project: Path) -> None:
        """Make its project."""
        if self.name in MADE:
            project.mkdir(parents=True)
            MADE[self.name](project)
        else:
            shutil.copytree(self.folder, project, ignore=shutil.ignore_patterns(EXPECTED, "arguments.txt"))


def _cases() -> list[Case]:
    found = {str(path.parent.parent.relative_to(BROKEN)) for path in BROKEN.glob("*/*/recipes/recipe.yaml")}
    return [Case(name) for name in sorted({*found, *MADE})]


CASES = _cases()


def _run(*arguments: str) -> tuple[int, str]:
    """The exit code of a command, and all that it prints."""
    output, before = io.StringIO(), sys.argv
    sys.argv = ["datarecipe", *arguments]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), pytest.raises(SystemExit) as ended:
            command_line()
    finally:
        sys.argv = before
    return int(ended.value.code or 0), output.getvalue().replace(__version__, "<version>")


def _in_our_words(told: str) -> str:
    return re.sub(r"(?<=RE2 says: ).*", "...", told)


@contextlib.contextmanager
def _entered(case: Case, folder: Path) -> Iterator[None]:
    """The case's project as the working folder, and a user without a configuration."""
    project, home = folder / case.name.replace("/", "-"), folder / "home"
    case.put(project)
    home.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_CONFIG_HOME", raising=False)
        for name in [name for name in os.environ if name.startswith("DATARECIPE_")]:
            patch.delenv(name)
        patch.chdir(project)
        yield


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_author_is_told(case: Case, tmp_path: Path) -> None:
    with _entered(case, tmp_path):
        code, told = _run("validate", *case.arguments, "recipes/recipe.yaml")
    assert _in_our_words(told) == _in_our_words((case.folder / EXPECTED).read_text(encoding="utf-8"))
    assert code == case.exit_code
    assert "Traceback" not in told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_carets_stand_under_what_is_meant(case: Case, tmp_path: Path) -> None:
    told = (case.folder / EXPECTED).read_text(encoding="utf-8").split("\n")
    with _entered(case, tmp_path):
        for number, head in enumerate(told):
            found = _HEAD.match(head)
            if found is not None and "password or white space" in head:
                assert "secret" not in "".join(told), "what may be a password is not shown"
            elif found is not None and _can_be_shown(Path(found["file"]), int(found["line"])):
                line, carets = told[number + 1 : number + 3]
                assert re.match(rf" *{found['line']} \| ", line)
                assert re.fullmatch(r" +\| +\^+", carets)
                meant = [char for char, sign in zip(_columns(line), carets, strict=False) if sign == "^"]
                assert "".join(meant).strip(), head
            elif found is None and head.startswith(("recipes/", "seeds/", "schemas/", "templates/")):
                assert re.match(_WITHOUT_PLACE, head), "a problem in a file has a line and a column"


_HEAD = re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+): ")
_WITHOUT_PLACE = re.compile(
    r'recipes/recipe.yaml: (ok(, with warnings)?$|"recipes/recipe.yaml" is larger|there are [\d,]+ more problems$)'
)
"""What is said of a recipe as a whole: that it is right, too large, how much more is wrong."""


def _can_be_shown(file: Path, line: int) -> bool:
    """Whether the line is text with something in it."""
    return bool(file.read_text(encoding="utf-8", errors="replace").split("\n")[line - 1].strip())


def _columns(line: str) -> Iterator[str]:
    """The characters of a line, column for column of a terminal: wide ones twice, combining ones not at all."""
    for char in line:
        if unicodedata.category(char) not in ("Mn", "Me", "Cf"):
            yield from char * (2 if unicodedata.east_asian_width(char) in ("W", "F") else 1)


def test_every_kind_of_error_occurs(tmp_path: Path) -> None:
    occurring: set[str] = set()
    for number, case in enumerate(CASES):
        (tmp_path / str(number)).mkdir()
        with _entered(case, tmp_path / str(number)):
            _, told = _run("validate", "--format", "json", *case.arguments, "recipes/recipe.yaml")
        if told.startswith("{"):  # else a flag was wrong in itself
            occurring |= {problem["kind"] for each in json.loads(told)["recipes"] for problem in each["problems"]}
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, RecipeError)]
    assert {each.kind for each in classes} - occurring == set(ELSEWHERE)


_SLIPS = st.sampled_from(
    [*"\"'[]{}:,-#&*!|>%@`?~\t\n \\", "{{", "{%", "- ", ": ", "\n  ", "\n\n", "é", "<<: ", "---\n", "!!int "]
)


@settings(max_examples=300)
@given(st.integers(0, len(_RECIPE)), st.integers(0, 3), st.one_of(st.just(""), _SLIPS))
def test_a_slip_of_the_keyboard_is_told_in_its_place(at: int, removed: int, added: str) -> None:
    text = _RECIPE[:at] + added + _RECIPE[at + removed :]
    try:
        parse_yaml(text, "x.yaml")
    except RecipeSyntaxError as error:
        for problem in error.problems:
            assert problem.line
            assert problem.column
            assert problem.excerpt
            assert not problem.message.startswith("YAML: "), "these are the parser's words, and no person's"
            line, carets = problem.excerpt.split("\n")
            assert line[carets.index("^") : carets.rindex("^") + 1].strip()


def test_the_corpus_is_whole() -> None:
    assert len(CASES) >= 80
    stray = {str(path.parent.relative_to(BROKEN)) for path in BROKEN.glob(f"*/*/{EXPECTED}")} - {c.name for c in CASES}
    assert not stray, "these texts belong to no case"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(
            "python -m tests.recipe.test_broken --write writes the expected texts anew: read them before you commit"
        )
    for each in CASES:
        with tempfile.TemporaryDirectory() as made:
            with _entered(each, Path(made)):
                ended_with, said = _run("validate", *each.arguments, "recipes/recipe.yaml")
            if ended_with != each.exit_code:
                print(f"{each.name}: exit code {ended_with}", file=sys.stderr)
            each.folder.mkdir(parents=True, exist_ok=True)
            (each.folder / EXPECTED).write_text(said, encoding="utf-8")
