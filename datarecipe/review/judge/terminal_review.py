"""Judging on the terminal: one key a verdict. Texts are shown with everything escaped that a terminal would act on."""

from __future__ import annotations

import os
import select
import shutil
import termios
import textwrap
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from datarecipe.errors import StorageError, UsageError
from datarecipe.printable import printable
from datarecipe.review.judge.review_state import ReviewState
from datarecipe.review.verdicts.verdict import LONGEST_NOTE

_SHORT: Final = 2_000
"""Characters of a text that are shown at first."""
_LONGEST_LABEL: Final = 200
_DIGITS: Final = 9
"""Labels with a key of their own."""
_ARROWS: Final = {b"\x1b[D": "back", b"\x1bOD": "back", b"\x1b[C": "forward", b"\x1bOC": "forward"}
_END: Final = ("q", "\x04", "")
_VALID: Final = {"label": "valid, no label fits", "answer": "valid, can't tell", "valid": "valid"}


class TerminalReview:
    """Shows the items of a review on the terminal at `descriptor`, and takes one key for each verdict."""

    def __init__(self, review: ReviewState, descriptor: int, write: Callable[[str], None]) -> None:
        """`write` shows lines. Raises `UsageError` where the descriptor is no terminal."""
        if not os.isatty(descriptor):
            raise UsageError("standard input is no terminal", hint="Leave out --terminal to judge on a local page.")
        self._review, self._descriptor, self._write = review, descriptor, write
        self._usual = termios.tcgetattr(descriptor)

    def run(self) -> None:
        """Judge until all are judged, or the reviewer leaves: with `q`, Ctrl-D or, as `KeyboardInterrupt`, Ctrl-C."""
        if about := self._review.sample.description.strip():
            self._write(printable(about[:_SHORT], multiline=True))
        number = self._review.next_open()
        with self._single_keys():
            while number is not None:
                self._show(number)
                number = self._act(number)
        if self._review.judged == self._review.total:
            self._write("All examples are judged.")

    def _act(self, number: int) -> int | None:
        """Take keys until another item is to be shown; None to end."""
        while True:
            key = self._key()
            if key in _END:
                return None
            try:
                if (shown := self._on(key, number)) is not None:
                    return shown if shown >= 0 else self._review.next_open(number)
            except StorageError as error:
                self._write(f"  not saved: {printable(str(error), multiline=True)}")

    def _on(self, key: str, number: int) -> int | None:
        """Do what a key says. The item to show next, -1 for the next that is not judged; None to stay."""
        item = self._review.sample.items[number]
        if key in [str(digit) for digit in range(1, min(len(item.choices), _DIGITS) + 1)]:
            return self._choose(number, int(key) - 1)
        if key in {"v", "x"}:
            self._review.judge(number, valid=key == "v", note=self._note(number))
            self._write(f"  {'valid' if key == 'v' else 'not valid'}")
            return -1
        if key in {"back", "forward"}:
            to = number + (1 if key == "forward" else -1)
            return to if 0 <= to < self._review.total else None
        other: dict[str, Callable[[int], int | None]] = {
            "s": lambda _: -1,
            "u": self._undo,
            "n": self._take_note,
            "m": lambda number: self._show(number, whole=True),
            "l": self._find,
        }
        return other[key](number) if key in other else None

    def _undo(self, _: int) -> int | None:
        if (undone := self._review.undo()) is None:
            self._write("  nothing to undo")
        return undone

    def _choose(self, number: int, choice: int) -> int:
        self._review.judge(number, valid=True, choice=choice, note=self._note(number))
        self._write(f"  {_label(self._review.sample.items[number].choices[choice])}")
        return -1

    def _find(self, number: int) -> int | None:
        """Ask for a label by its number or by how it begins."""
        choices = self._review.sample.items[number].choices
        if len(choices) <= _DIGITS:
            return None
        said = self._line("  label, or its number: ").strip()
        fitting = [
            place
            for place, label in enumerate(choices)
            if said and (said == str(place + 1) or label.casefold().startswith(said.casefold()))
        ]
        exact = [place for place in fitting if choices[place].casefold() == said.casefold()]
        if len(found := exact or fitting) == 1:
            return self._choose(number, found[0])
        self._write(f"  {len(found)} labels begin so")
        return None

    def _take_note(self, number: int) -> None:
        note = self._line("  note: ").strip()[:LONGEST_NOTE]
        before, choices = self._review.verdict(number), self._review.sample.items[number].choices
        valid, label = (None, None) if before is None else (before.valid, before.label)
        self._review.judge(number, valid=valid, choice=choices.index(label) if label in choices else None, note=note)
        self._write("  noted")

    def _note(self, number: int) -> str:
        verdict = self._review.verdict(number)
        return "" if verdict is None else verdict.note

    def _show(self, number: int, *, whole: bool = False) -> None:
        review, item = self._review, self._review.sample.items[number]
        width = max(20, min(100, shutil.get_terminal_size().columns))
        self._write(f"\n-- example {number + 1:,} of {review.total:,} · {review.judged:,} judged ".ljust(width, "-"))
        cut = False
        for name, text in item.fields:
            shown = text if whole else text[:_SHORT]
            cut = cut or len(shown) < len(text)
            self._write(f"{_label(name)}:")
            for line in printable(shown, multiline=True).split("\n"):
                self._write(textwrap.fill(line, width, initial_indent="  ", subsequent_indent="  ") if line else "")
        if cut:
            self._write("  ... (m shows all of it)")
        verdict = review.verdict(number)
        if verdict is not None and (verdict.valid is not None or verdict.note):
            said = {True: verdict.label or "valid", False: "not valid", None: "not judged"}[verdict.valid]
            self._write(f"so far: {_label(said)}{f'  note: {printable(verdict.note)}' if verdict.note else ''}")
        for place, label in enumerate(item.choices, 1):
            self._write(f"  {place if place <= _DIGITS else f'({place})'}  {_label(label)}")
        keys = [f"v {_VALID[review.sample.question]}", "x not valid", "n note", "s skip", "u undo", "← → walk", "q end"]
        if len(item.choices) > _DIGITS:
            keys.insert(0, "l another label")
        self._write(textwrap.fill(" · ".join(key.replace(" ", "\xa0") for key in keys), width).replace("\xa0", " "))

    def _key(self) -> str:
        """One key: a character, the name of an arrow, or nothing at the end of the input."""
        read = os.read(self._descriptor, 1)
        if read == b"\x1b":
            while len(read) < 3 and select.select([self._descriptor], [], [], 0.05)[0]:
                read += os.read(self._descriptor, 1)
            return _ARROWS.get(read, "escape")
        return read.decode("ascii", "replace").lower()

    def _line(self, prompt: str) -> str:
        """A line that is typed, with the terminal's own editing."""
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._usual)
        try:
            os.write(self._descriptor, prompt.encode())
            return os.read(self._descriptor, 4 * LONGEST_NOTE).decode("utf-8", "replace").rstrip("\n")
        finally:
            tty.setcbreak(self._descriptor, termios.TCSADRAIN)

    @contextmanager
    def _single_keys(self) -> Iterator[None]:
        """The terminal gives each key at once, without showing it."""
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._usual)


def _label(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[:_LONGEST_LABEL]}..."
