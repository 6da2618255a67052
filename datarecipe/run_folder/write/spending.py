"""`spending.jsonl`: what a dataset's runs have used, kept over kills.

A line is written before each attempt, with the most that it can use, and one after it, with what it did use. An attempt that
has no second line was under way when its process died: it counts at its most, since it may have been charged. The lines are
of one identity; the first one keeps the sums of all that had this folder before. What was used while its model's price was
not known has no dollars, and gets them when the price is. What counts at its most, since nobody told what it used, is summed
apart: a provider's bill may be lower by so much.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

from datarecipe.amount import LARGEST, NOTHING, Amount, Priced, Reservation
from datarecipe.errors import StorageError
from datarecipe.run_folder.layout import PARTIAL, SPENDING
from datarecipe.run_folder.run_files import RunFiles, storage_errors

SPENDING_VERSION = 2
_LONGEST_LINE = 1_000_000


class _Kind(NamedTuple):
    """What is summed together."""

    model: str
    known: bool
    """Whether the price was known."""
    assumed: bool
    """Whether it is the most that attempts could use, since nobody told what they did use."""


Sums: TypeAlias = "dict[_Kind, Amount]"


class Spending(AbstractContextManager["Spending"]):
    """The file of one run's folder, which this process has locked."""

    def __init__(
        self, folder: Path | RunFiles, identity: str, prices: Mapping[str, Priced] = MappingProxyType({})
    ) -> None:
        """`prices` are those that are known now, by the model's name."""
        self._files = folder if isinstance(folder, RunFiles) else RunFiles(folder)
        self.path = self._files.path / SPENDING
        self.before = NOTHING
        """What earlier runs used."""
        self._sums: Sums = {}
        self._others: dict[str, Sums] = {}
        self._prices = prices
        self._identity = identity
        self._file: int | None = None
        self._length = 0
        self._broken: StorageError | None = None

    def __enter__(self) -> Self:
        """Read what is there. Raises `StorageError`."""
        with storage_errors(self.path):
            self._read()
        for kind, amount in list(self._sums.items()):
            if not kind.known and (price := self._prices.get(kind.model)) is not None:
                del self._sums[kind]
                _add(self._sums, kind._replace(known=True), replace(amount, usd=_priced(amount, price)))
        self.before = sum(self._sums.values(), NOTHING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def by_model(self) -> Mapping[tuple[str, bool], Amount]:
        """What all runs used, this one too, by model and whether its price was known; without it the dollars say nothing."""
        sums: dict[tuple[str, bool], Amount] = {}
        for kind, amount in self._sums.items():
            sums[kind.model, kind.known] = sums.get((kind.model, kind.known), NOTHING) + amount
        return sums

    @property
    def assumed(self) -> Amount:
        """How much of what all runs used nobody told: it counts at its most."""
        return sum((amount for kind, amount in self._sums.items() if kind.assumed), NOTHING)

    def reserved(self, reservation: Reservation) -> None:
        """Write down that an attempt begins. Raises `StorageError`: what cannot be counted is not sent."""
        known = reservation.priced
        self._write(
            {"reserved": reservation.number, "model": reservation.model, **_row(reservation.amount, known=known)}
        )

    def settled(self, reservation: Reservation, amount: Amount) -> None:
        """Write down what it used.

        Where that fails the answer must not be lost with it: the attempt counts at its most then, and nothing more is sent.
        """
        kind = _Kind(reservation.model, reservation.priced, amount == reservation.amount)
        _add(self._sums, kind, amount)
        with contextlib.suppress(StorageError):
            self._write({"settled": reservation.number, **_row(amount, known=reservation.priced)})

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
        file = self._files.new(SPENDING + PARTIAL)
        head = {
            "spending": SPENDING_VERSION,
            "identity": self._identity,
            "models": _rows_of(self._sums),
            "others": {identity: _rows_of(sums) for identity, sums in self._others.items()},
        }
        self._length = 0
        try:
            self._append(file, json.dumps(head).encode() + b"\n")
        except OSError:
            os.close(file)
            raise
        os.fsync(file)
        self._files.rename(SPENDING + PARTIAL, SPENDING)
        return file

    def _read(self) -> None:
        found = self._files.status(SPENDING)
        if found is None:
            return
        if not stat.S_ISREG(found.st_mode):
            raise self._damaged(0)
        rows = self._rows()
        number, head = next(rows, (1, None))
        if head is None or head.get("spending") != SPENDING_VERSION or not isinstance(head.get("identity"), str):
            raise self._damaged(number)
        others = head.get("others")
        if not isinstance(others, dict):
            raise self._damaged(number)
        everybody = {identity: self._sums_in(written, number) for identity, written in others.items()}
        everybody[head["identity"]] = self._with_attempts(self._sums_in(head.get("models"), number), rows)
        self._sums = everybody.pop(self._identity, {})
        self._others = everybody

    def _with_attempts(self, sums: Sums, rows: Iterator[tuple[int, dict[str, Any] | None]]) -> Sums:
        """`sums` and the attempts of the lines after the first; those without a second line at their most."""
        open_ones: dict[int, tuple[_Kind, Amount]] = {}
        for number, row in rows:
            if row is None:
                raise self._damaged(number)
            amount, known = self._amount(row, number)
            if isinstance(row.get("reserved"), int) and isinstance(row.get("model"), str):
                if row["reserved"] in open_ones:
                    raise self._damaged(number)  # one of the two would count as nothing
                open_ones[row["reserved"]] = _Kind(row["model"], known, assumed=True), amount
            elif isinstance(row.get("settled"), int) and row["settled"] in open_ones:
                kind, reserved = open_ones.pop(row["settled"])
                _add(sums, kind._replace(assumed=amount == reserved), amount)
            else:
                raise self._damaged(number)
        for kind, amount in open_ones.values():
            _add(sums, kind, amount)
        return sums

    def _sums_in(self, written: Any, number: int) -> Sums:
        sums: Sums = {}
        for row in written if isinstance(written, list) else [None]:
            if not isinstance(row, dict) or not isinstance(row.get("model"), str):
                raise self._damaged(number)
            amount, known = self._amount(row, number)
            _add(sums, _Kind(row["model"], known, row.get("assumed") is True), amount)
        return sums

    def _rows(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Number and content of each line; None for one that is not ours. A line without its end was never acted upon."""
        stream = self._files.reading(SPENDING)
        if stream is None:
            return
        with stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
                if not line.endswith(b"\n") and not stream.read(1):
                    return
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                yield number, row if isinstance(row, dict) else None

    def _amount(self, row: dict[str, Any], number: int) -> tuple[Amount, bool]:
        """What a row says, and whether the price was known."""
        counts = [row.get(name) for name in ("calls", "prompt_tokens", "completion_tokens")]
        known = row.get("usd", "") is not None
        try:
            usd = Decimal(row["usd"]) if isinstance(row.get("usd"), str) else None if known else Decimal(0)
        except InvalidOperation:
            usd = None
        if usd is None or not usd.is_finite() or not 0 <= usd <= LARGEST:
            raise self._damaged(number)
        if not all(
            isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= LARGEST for count in counts
        ):
            raise self._damaged(number)
        calls, prompt, completion = (int(count) for count in counts if isinstance(count, int))
        return Amount(calls, prompt, completion, usd), known

    def _damaged(self, line: int) -> StorageError:
        place = f"{self.path}:{line}" if line else str(self.path)
        return StorageError(
            f"{place}: this is not what datarecipe writes, so what the dataset has cost so far is not known",
            hint="Mend the line, or move the file away: what was spent counts from nothing then.",
        )


def _row(amount: Amount, *, known: bool) -> dict[str, Any]:
    return {
        "calls": amount.calls,
        "prompt_tokens": amount.prompt_tokens,
        "completion_tokens": amount.completion_tokens,
        "usd": str(amount.usd) if known else None,
    }


def _rows_of(sums: Sums) -> list[dict[str, Any]]:
    return [
        {"model": kind.model, "assumed": kind.assumed, **_row(amount, known=kind.known)}
        for kind, amount in sums.items()
    ]


def _add(sums: Sums, kind: _Kind, amount: Amount) -> None:
    sums[kind] = sums.get(kind, NOTHING) + amount


def _priced(amount: Amount, price: Priced) -> Decimal:
    """What `amount` costs; as of one request, beside the fees of all."""
    fee = price.cost(0, 0)
    return price.cost(amount.prompt_tokens, amount.completion_tokens) + fee * max(0, amount.calls - 1)
