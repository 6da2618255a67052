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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeAlias

from datarecipe.amount import NOTHING, Amount, Priced, Reservation
from datarecipe.errors import StorageError
from datarecipe.run_folder.json_records import FLAT, RecordError, from_json, to_json
from datarecipe.run_folder.layout import PARTIAL, SPENDING
from datarecipe.run_folder.manifest import Used
from datarecipe.run_folder.run_files import RunFiles, storage_errors

SPENDING_VERSION = 2
_LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Sum:
    model: str
    assumed: bool
    used: Used = field(metadata=FLAT)


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line."""

    spending: int
    identity: str
    models: tuple[_Sum, ...]
    others: Mapping[str, tuple[_Sum, ...]]


@dataclass(frozen=True, slots=True)
class _Reserved:
    """The line before an attempt."""

    reserved: int
    model: str
    used: Used = field(metadata=FLAT)


@dataclass(frozen=True, slots=True)
class _Settled:
    """The line after an attempt."""

    settled: int
    used: Used = field(metadata=FLAT)


class _Kind(NamedTuple):
    """What is summed together."""

    model: str
    known: bool
    """Whether the price was known."""
    assumed: bool
    """Whether it is the most that attempts could use, since nobody told what they did use."""


Sums: TypeAlias = "dict[_Kind, Amount]"


class Spending:
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
                used = Used.of(replace(amount, usd=_priced(amount, price)), priced=True)
                _add(self._sums, kind.model, used, assumed=kind.assumed)
        self.before = sum(self._sums.values(), NOTHING)
        return self

    def __exit__(self, *_: object) -> None:
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
        used = Used.of(reservation.amount, priced=reservation.priced)
        self._write(_Reserved(reservation.number, reservation.model, used))

    def settled(self, reservation: Reservation, amount: Amount) -> None:
        """Write down what it used.

        Where that fails the answer must not be lost with it: the attempt counts at its most then, and nothing more is sent.
        """
        used = Used.of(amount, priced=reservation.priced)
        _add(self._sums, reservation.model, used, assumed=amount == reservation.amount)
        with contextlib.suppress(StorageError):
            self._write(_Settled(reservation.number, used))

    def _write(self, row: _Reserved | _Settled) -> None:
        if self._broken is not None:
            raise self._broken
        try:
            with storage_errors(self.path):
                if self._file is None:
                    self._file = self._begin()
                self._append(self._file, row)
        except StorageError as error:
            self._broken = error
            raise

    def _append(self, file: int, row: _Head | _Reserved | _Settled) -> None:
        """Its line, whole or not at all: a full disk takes the beginning of one and says that all is well."""
        line = json.dumps(to_json(row)).encode() + b"\n"
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
        others = {identity: _rows_of(sums) for identity, sums in self._others.items()}
        self._length = 0
        try:
            self._append(file, _Head(SPENDING_VERSION, self._identity, _rows_of(self._sums), others))
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
        lines = enumerate(self._lines(), 1)
        number, line = next(lines, (1, b""))
        try:
            head = from_json(_Head, json.loads(line))
            if head.spending != SPENDING_VERSION:
                raise RecordError("of another version")
            sums = _sums_of(head.models)
            under_way: dict[int, _Reserved] = {}
            for number, line in lines:  # noqa: B007 - the message names it
                _take(json.loads(line), under_way, sums)
        except (ValueError, RecursionError):
            raise self._damaged(number) from None
        for begun in under_way.values():
            _add(sums, begun.model, begun.used, assumed=True)
        everybody = {identity: _sums_of(rows) for identity, rows in head.others.items()} | {head.identity: sums}
        self._sums = everybody.pop(self._identity, {})
        self._others = everybody

    def _lines(self) -> Iterator[bytes]:
        """Each line. One without its end was never acted upon."""
        stream = self._files.reading(SPENDING)
        if stream is None:
            return
        with stream:
            for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
                if not line.endswith(b"\n") and not stream.read(1):
                    return
                yield line

    def _damaged(self, line: int) -> StorageError:
        place = f"{self.path}:{line}" if line else str(self.path)
        return StorageError(
            f"{place}: this is not what datarecipe writes, so what the dataset has cost so far is not known",
            hint="Mend the line, or move the file away: what was spent counts from nothing then.",
        )


def _take(row: Any, under_way: dict[int, _Reserved], sums: Sums) -> None:
    """Count the line of an attempt. Raises `RecordError`."""
    if isinstance(row, dict) and "reserved" in row:
        begun = from_json(_Reserved, row)
        if begun.reserved in under_way:
            raise RecordError("one of the two would count as nothing")
        under_way[begun.reserved] = begun
        return
    ended = from_json(_Settled, row)
    if ended.settled not in under_way:
        raise RecordError("it ends what did not begin")
    begun = under_way.pop(ended.settled)
    _add(sums, begun.model, ended.used, assumed=ended.used == begun.used)


def _rows_of(sums: Sums) -> tuple[_Sum, ...]:
    return tuple(_Sum(kind.model, kind.assumed, Used.of(amount, priced=kind.known)) for kind, amount in sums.items())


def _sums_of(rows: Iterable[_Sum]) -> Sums:
    sums: Sums = {}
    for row in rows:
        _add(sums, row.model, row.used, assumed=row.assumed)
    return sums


def _add(sums: Sums, model: str, used: Used, *, assumed: bool) -> None:
    kind = _Kind(model, used.usd is not None, assumed)
    sums[kind] = sums.get(kind, NOTHING) + used.amount


def _priced(amount: Amount, price: Priced) -> Decimal:
    """What `amount` costs; as of one request, beside the fees of all."""
    fee = price.cost(0, 0)
    return price.cost(amount.prompt_tokens, amount.completion_tokens) + fee * max(0, amount.calls - 1)
