"""One input: written, loaded, measured, judged."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import FrameType, TracebackType
from typing import Any

from datarecipe.errors import DatarecipeError, RecipeError
from datarecipe.printable import printable
from datarecipe.recipe import load_recipe
from datarecipe.running.resolve.check_without_model import check
from tests.fuzz.corpus import Project
from tests.fuzz.mutant import Mutant, Odd

OK = "ok"
LONGEST_TEXT = 1_000_000
"""Characters that the text of an error may have."""

Subject = Callable[[Any], None]
"""What is under test: takes an input (a recipe's path), returns or raises."""

Make = Callable[[int], Any]
"""Makes the input of a number."""


def load_and_check(recipe: Path) -> None:
    """What is under test: load a recipe and check it, as `datarecipe validate` does."""
    loaded = load_recipe(recipe)
    for warning in loaded.warnings:
        _check_text(str(warning))
    check(loaded)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input."""

    number: int
    kind: str
    """`ok`, or the name of the error's class; what is a defect begins with `!`."""
    seconds: float
    """Of the processor: they say the same on a busy machine. The limit counts by the clock."""
    grown: int
    """Bytes of memory beyond what the process held before."""
    detail: str = ""
    """Of a defect: what escaped, and where from."""

    @property
    def is_defect(self) -> bool:
        """Whether the promise is broken."""
        return self.kind.startswith("!")


class TookTooLong(BaseException):
    """The alarm rang. No `except Exception` holds it up."""


class Unprintable(Exception):  # noqa: N818 - named for what the text is
    """An error's text is none that a terminal can show."""


class Folder:
    """The folder in which inputs are written: each project once, and of a mutant the files that differ."""

    def __init__(self, root: Path, projects: Sequence[Project]) -> None:
        self._root = root
        self._projects = projects
        self._dirty: list[tuple[Path, bytes]] = []
        for project in projects:
            for name, data in project.files.items():
                path = self._path(project, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def warm_up(self) -> None:
        """Load some projects as they are, so that no input pays for what is imported and built at the first one."""
        for project in self._projects[:5]:
            with contextlib.suppress(DatarecipeError):
                load_and_check(self._path(project, project.entry))

    def write(self, mutant: Mutant) -> Path:
        """Write an input and return the path of its recipe."""
        for path, data in self._dirty:
            _remove(path)
            path.write_bytes(data)
        self._dirty = []
        for name, content in mutant.changed.items():
            path = self._path(mutant.project, name)
            self._dirty.append((path, mutant.project.files[name]))
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                _remove(path)
                _put(path, content)
        return self._path(mutant.project, mutant.project.entry)

    def _path(self, project: Project, name: str) -> Path:
        return self._root / project.name / name


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put(path: Path, odd: Odd) -> None:
    match odd:
        case Odd.FOLDER:
            path.mkdir()
        case Odd.PIPE:
            os.mkfifo(path)
        case Odd.OUTSIDE:
            path.symlink_to("/etc/hostname")
        case Odd.ITSELF:
            path.symlink_to(path.name)


class Peak:
    """The most memory that the process held since it was last asked, in bytes."""

    def __init__(self) -> None:
        self._reset: int | None = None
        with contextlib.suppress(OSError):
            # Linux forgets the peak when a 5 is written here; elsewhere only new peaks of the process show.
            self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)

    def begin(self) -> int:
        """Forget what was, and return what is held now."""
        if self._reset is not None:
            with contextlib.suppress(OSError):
                os.write(self._reset, b"5")
        return self.now()

    @staticmethod
    def now() -> int:
        """The peak."""
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return held if sys.platform == "darwin" else held * 1024


def judge(subject: Subject, recipe: Any) -> tuple[str, str]:
    """Call the subject: what came of it as one word, and of a defect the detail."""
    try:
        subject(recipe)
    except DatarecipeError as error:
        try:
            _check_error(error)
        except Exception as wrong:  # noqa: BLE001 - whatever the error's text does is the finding
            return "!unprintable", f"{type(error).__name__} {wrong!r}"[:500] + _from(wrong.__traceback__)
        return _kind(error), ""
    except TookTooLong as error:
        return "!hang", _from(error.__traceback__)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        try:
            said = str(error)[:300]
        except Exception:  # noqa: BLE001 - the defect is told all the same
            said = "(no text)"
        return "!escaped", ascii(f"{type(error).__name__}: {said}") + _from(error.__traceback__)
    return OK, ""


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in what takes longer."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def attempt(subject: Subject, recipe: Any, number: int, peak: Peak, seconds: float, memory: int) -> Outcome:
    """Judge one input that is written, within `seconds` and `memory` bytes."""
    held = peak.begin()
    started = time.process_time()
    try:
        with alarm(seconds):
            kind, detail = judge(subject, recipe)
    except TookTooLong:  # it rang between the judgement and its end
        kind, detail = "!hang", ""
    took = time.process_time() - started
    grown = peak.now() - held
    if grown > memory and not kind.startswith("!"):
        kind, detail = "!memory", f"{grown / 1e6:.0f} MB for {kind}"
    return Outcome(number, kind, took, grown, detail)


def _kind(error: DatarecipeError) -> str:
    if type(error) is RecipeError:
        kinds = {problem.kind for problem in error.problems}
        return "several kinds" if len(kinds) > 1 else "RecipeError"
    return type(error).__name__


def _check_error(error: DatarecipeError) -> None:
    _check_text(str(error))
    if isinstance(error, RecipeError):
        if not error.problems:
            raise Unprintable("it has no problem")
        for problem in error.problems:
            if not problem.message.strip() or "\n" in problem.message:
                raise Unprintable(f"the message {problem.message[:200]!r} is not one line")
            if problem.line is not None and (problem.line < 1 or (problem.column or 1) < 1):
                raise Unprintable(f"{problem.place} is no place")


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Unprintable(f"{len(text):,} characters")
    text.encode()
    if printable(text, multiline=True) != text:
        at = next(n for n, char in enumerate(text) if printable(char, multiline=True) != char)
        raise Unprintable(f"holds {text[at]!a} in {text[max(0, at - 60) : at + 20]!a}")


def _from(trace: TracebackType | None) -> str:
    frames = [frame for frame in extract_tb(trace, limit=-40) if "tests/fuzz" not in frame.filename]
    lines = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-6:]]
    return "".join(f"\n    {ascii(line)[1:-1]}" for line in lines)
