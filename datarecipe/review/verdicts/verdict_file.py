"""Reads a file of verdicts, which anybody may have written, within bounds."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from datarecipe.errors import UsageError
from datarecipe.review.verdicts.verdict import LONGEST_NAME, VERSION, Header, Verdict, is_moment
from datarecipe.run_folder.json_records import RecordError, from_json

T = TypeVar("T")

LARGEST: Final = 20_000_000
"""Bytes of a file."""
_LONGEST_LINE: Final = 4_000_000
_BEGINNING: Final = b'{"verdicts": '
_MOST_VALUES: Final = 100_000
"""Of a line: the header holds the ids of up to 10,000 examples."""
_LONGEST_TEXT: Final = 10_000
"""Characters of a note, and of a name or id."""


@dataclass(frozen=True, slots=True)
class VerdictFile:
    """What a file holds. It has several headers where files were put one behind the other."""

    headers: Sequence[Header]
    verdicts: Sequence[Verdict]
    whole: int
    """Bytes up to the end of the last line that is whole."""
    ended: bool
    """Whether that line has its line feed."""


def read_verdicts(path: Path) -> VerdictFile:
    """Read a file of verdicts.

    A last line that was cut off, as by a kill while it was written, counts as not there. Raises `UsageError` with file and
    line for anything else that is no line of such a file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UsageError(f"{path} is not a regular file")
            return read_stream(file, path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def read_stream(file: IO[bytes], path: Path) -> VerdictFile:
    """The same of an open file that `path` names in messages. Raises `OSError` too."""
    if os.fstat(file.fileno()).st_size > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST:,} bytes")
    headers: list[Header] = []
    verdicts: list[Verdict] = []
    whole, ended = 0, True
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
        at = f"{path}:{number}"
        document = _parsed(line)
        ended = line.endswith(b"\n")
        if document is None:
            # Without a header before it, only the beginning of one can be ours.
            ours = headers or line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
            if ours and not ended and len(line) < _LONGEST_LINE:
                ended = True
                break
            raise UsageError(f"{at}: not a JSON object", hint=_MEND if headers else _NONE)
        if "verdicts" in document:
            headers.append(_header(document, at))
        elif headers:
            verdicts.append(_verdict(document, at))
        else:
            raise UsageError(f"{at}: not a file of verdicts", hint=_NONE)
        whole += len(line)
    return VerdictFile(headers, verdicts, whole, ended)


def _parsed(line: bytes) -> dict[str, Any] | None:
    if len(line) >= _LONGEST_LINE or sum(line.count(sign) for sign in b"[{,") > _MOST_VALUES:
        return None
    try:
        document = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _header(document: dict[str, Any], at: str) -> Header:
    version = document["verdicts"]
    if type(version) is int and version > VERSION:
        raise UsageError(f"{at}: a newer release of datarecipe wrote this file", hint="Install a newer one.")
    header = _record(Header, document, at)
    if version != VERSION:
        raise UsageError(f"{at}: not a file of verdicts", hint=_NONE)
    _check_texts(at, [header.reviewer, *(text for each in header.datasets for text in (each.name, *each.items))])
    return header


def _verdict(document: dict[str, Any], at: str) -> Verdict:
    verdict = _record(Verdict, document, at)
    if not is_moment(verdict.time):
        raise UsageError(f"{at}: `time` is not a time as 2026-01-31T12:00:00.000Z", hint=_MEND)
    if verdict.label is not None and not verdict.valid:
        raise UsageError(f"{at}: an example that is not valid has no right label", hint=_MEND)
    _check_texts(at, [verdict.item, verdict.reviewer, verdict.note])
    return verdict


def _record(kind: type[T], document: dict[str, Any], at: str) -> T:
    try:
        return from_json(kind, document)
    except RecordError as error:
        raise UsageError(f"{at}: {error}", hint=_MEND) from None


def _check_texts(at: str, texts: Sequence[str]) -> None:
    """Raise `UsageError` where one of them is longer than any that a review writes."""
    if max(map(len, texts)) > _LONGEST_TEXT:
        raise UsageError(f"{at}: a text has more than {_LONGEST_TEXT:,} characters", hint=_MEND)


def name_of(reviewer: str) -> str:
    """A reviewer's name, stripped. Raises `UsageError` where it cannot be one."""
    name = reviewer.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"a reviewer's name has 1 to {LONGEST_NAME} printable characters", hint="Name yourself: --reviewer NAME"
        )
    return name


def _refuse(constant: str) -> None:
    """JSON has no `NaN` and `Infinity`. Raises `ValueError`."""
    raise ValueError(constant)


_NONE: Final = "A file of verdicts is what `datarecipe review` writes."
_MEND: Final = "Mend the line, or delete it: every line is a verdict of its own."
