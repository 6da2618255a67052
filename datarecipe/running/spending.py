"""`spending.jsonl`: what a dataset's runs have used, kept over kills.

A line is written before each attempt, with the most that it can use, and one after it, with what it did use. An attempt that
has no second line was under way when its process died: it counts at its most, since it may have been charged. The file
belongs to one identity; another dataset in the folder begins at nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from datarecipe.errors import StorageError
from datarecipe.llm.limits.account import Reservation
from datarecipe.llm.limits.amount import NOTHING, Amount
from datarecipe.running.folder import storage_errors

SPENDING = "spending.jsonl"
FORMAT = 1
_LONGEST_LINE = 1000


class Spending(AbstractContextManager["Spending"]):
    """The file of one run's folder, which this process has locked. `before` is what earlier runs used."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.path = folder / SPENDING
        self.before = NOTHING
        self._identity = identity
        self._file: int | None = None
        self._length = 0
        self._broken: StorageError | None = None

    def __enter__(self) -> Self:
        """Read what is there. Raises `StorageError`."""
        with storage_errors(self.path):
            self.before = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def reserved(self, reservation: Reservation) -> None:
        """Write down that an attempt begins. Raises `StorageError`: what cannot be counted is not sent."""
        self._write({"reserved": reservation.number, **_row(reservation.amount)})

    def settled(self, reservation: Reservation, amount: Amount) -> None:
        """Write down what it used.

        Where that fails the answer must not be lost with it: the attempt counts at its most then, and nothing more is sent.
        """
        with contextlib.suppress(StorageError):
            self._write({"settled": reservation.number, **_row(amount)})

    def _write(self, row: dict[str, Any]) -> None:
        if self._broken is not None:
            raise self._broken
        try:
            with storage_errors(self.path):
                if self._file is None:
                    self._file = self._begin()
                self._append(self._file, json.dumps(row).encode() + b"\n")
        except StorageError as error:
            self._broken = error
            raise

    def _append(self, file: int, line: bytes) -> None:
        """The line, whole or not at all: a full disk takes the beginning of one and says that all is well."""
        try:
            written = 0
            while written < len(line):
                written += os.write(file, line[written:])
        except OSError:
            os.ftruncate(file, self._length)
            raise
        self._length += len(line)

    def _begin(self) -> int:
        """A new file that begins with the sum of the old one."""
        partial = self.path.with_name(SPENDING + ".partial")
        partial.unlink(missing_ok=True)
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW, 0o666)
        head = {"spending": FORMAT, "identity": self._identity, **_row(self.before)}
        self._length = 0
        try:
            self._append(file, json.dumps(head).encode() + b"\n")
        except OSError:
            os.close(file)
            raise
        os.fsync(file)
        partial.replace(self.path)
        return file

    def _read(self) -> Amount:
        if not os.path.lexists(self.path):
            return NOTHING
        if self.path.is_symlink() or not self.path.is_file():
            raise self._damaged(0)
        rows = self._rows()
        number, head = next(rows, (1, None))
        if head is None or head.get("spending") != FORMAT:
            raise self._damaged(number)
        if head.get("identity") != self._identity:
            return NOTHING
        total, open_ones = self._amount(head, number), dict[int, Amount]()
        for number, row in rows:
            if row is None:
                raise self._damaged(number)
            amount = self._amount(row, number)
            if isinstance(row.get("reserved"), int):
                open_ones[row["reserved"]] = amount
            elif isinstance(row.get("settled"), int) and row["settled"] in open_ones:
                del open_ones[row["settled"]]
                total += amount
            else:
                raise self._damaged(number)
        return sum(open_ones.values(), total)

    def _rows(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Number and content of each line; None for one that is not ours. A line without its end was never acted upon."""
        with self.path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
                if not line.endswith(b"\n") and not stream.read(1):
                    return
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                yield number, row if isinstance(row, dict) else None

    def _amount(self, row: dict[str, Any], number: int) -> Amount:
        counts = [row.get(name) for name in ("calls", "prompt_tokens", "completion_tokens")]
        try:
            usd = Decimal(row["usd"]) if isinstance(row.get("usd"), str) else None
        except InvalidOperation:
            usd = None
        if usd is None or not usd.is_finite() or usd < 0:
            raise self._damaged(number)
        if not all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts):
            raise self._damaged(number)
        calls, prompt, completion = (int(count) for count in counts if isinstance(count, int))
        return Amount(calls, prompt, completion, usd)

    def _damaged(self, line: int) -> StorageError:
        place = f"{self.path}:{line}" if line else str(self.path)
        return StorageError(
            f"{place}: this is not what datarecipe writes, so what the dataset has cost so far is not known",
            hint="Mend the line, or move the file away: what was spent counts from nothing then.",
        )


def _row(amount: Amount) -> dict[str, Any]:
    return {
        "calls": amount.calls,
        "prompt_tokens": amount.prompt_tokens,
        "completion_tokens": amount.completion_tokens,
        "usd": str(amount.usd),
    }
