"""How long a provider asks to wait: in a header, in its words, or until the limits that it names are whole again.

All of it is a stranger's. What cannot be read asks for nothing, and nothing holds a request for longer than a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

DAY = 86_400.0
LONGEST_WORDS = 10_000
"""Characters of a body that are looked at."""

_FLAGS = re.ASCII | re.IGNORECASE  # without ASCII other scripts' digits count as digits, and \u017f as an s
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{0,15})?"
_UNITS = (
    (r"n(?:ano)?s(?:ec(?:ond)?s?)?", 1e-9),
    (r"(?:u|\u00b5|\u03bc|micro)s(?:ec(?:ond)?s?)?", 1e-6),
    (r"m(?:illi)?s(?:ec(?:ond)?s?)?", 0.001),
    (r"s(?:ec(?:ond)?s?)?", 1.0),
    (r"m(?:in(?:ute)?s?)?", 60.0),
    (r"h(?:(?:ou)?rs?)?", 3600.0),
    (r"d(?:ays?)?", DAY),
)
_UNIT = "|".join(f"({pattern})" for pattern, _ in _UNITS)
# A unit ends where the word ends, or where the next number begins: `1m30s`.
_PART = re.compile(rf"[ \t]*(?:,|and\b)?[ \t]*(?:({_NUMBER})|(?:an?|one)\b)[ \t-]*(?:{_UNIT})(?![a-z_])", _FLAGS)
_PARTS = 6
_LEAD = re.compile(
    r"\b(?:again|retry(?:ing)?|retry[-_]after|wait(?:ing)?|resets?|available)\b"
    r"(?:[ \t]+(?:again|after|in|for|at|least|about|around|approximately|another|only|up|to|until|on|your|the|request)\b)"
    r"{0,5}[ \t]*[:=~]?[ \t]*",
    _FLAGS,
)
_BARE = re.compile(rf"\bretry[-_ ]after\b[ \t]*[:=]?[ \t]*({_NUMBER})(?![\w.:-])", _FLAGS)
_FIELD = re.compile(
    rf"\"(?:retry[-_]?(?:delay|after)|wait)(?:[-_]?(?:(ms|millis\w*)|s|sec\w*))?\"[ \t]*:[ \t]*"
    rf"(?:\"({_NUMBER})[ \t]*([a-z]*)\"|({_NUMBER})(?![\w.]))",
    _FLAGS,
)
_RESET_FIELD = re.compile(rf"\"x-ratelimit-reset\"[ \t]*:[ \t]*\"?({_NUMBER})(?![\w.])", _FLAGS)
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?[ \t]*(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
    _FLAGS,
)
_SINCE_1970 = ((1e12, 0.001), (1e9, 1.0))
"""Numbers so large are no spans: they count milliseconds, or seconds, since 1970."""


def asked_pause(status: int, headers: Mapping[str, str], text: str, now: datetime) -> float | None:
    """Seconds that the provider asks to wait; `headers` with names in lower case, `text` its message and body.

    Where it names a moment, that counts from the `Date` of its reply, since its clock and this machine's may differ.
    """
    now = _date(headers.get("date", "")) or now
    found = _in_headers(headers, now)
    if found is None:
        found = next(_in_words(text[:LONGEST_WORDS], now), None)
    if found is None and status == 429:
        found = max(_until_whole(headers, now), default=None)
    return None if found is None else min(max(0.0, found), DAY)


def _in_headers(headers: Mapping[str, str], now: datetime) -> float | None:
    """`retry-after-ms` (OpenAI's, Azure's), `Retry-After` (RFC 9110, 10.2.3: seconds or a date)."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms", "retry-after"):
        value = headers.get(name, "").strip()
        if name.endswith("-ms") and re.fullmatch(_NUMBER, value):
            return float(value) * 0.001
        if (found := _moment(value, now)) is not None:
            return found
    return None


def _in_words(text: str, now: datetime) -> Iterator[float]:
    for field in _FIELD.finditer(text):
        milliseconds, quoted, unit, bare = field.groups()
        found = (
            _span(f"{quoted}{unit}", whole=True) if unit else float(quoted or bare) * (0.001 if milliseconds else 1.0)
        )
        if found is not None:
            yield found
    for lead in _LEAD.finditer(text):
        found = _span(text, lead.end())
        if found is None and (iso := _ISO.match(text, lead.end())) is not None:
            found = _until(iso.group(), now)
        if found is not None:
            yield found
    for bare_number in _BARE.findall(text):
        yield float(bare_number)
    for reset in _RESET_FIELD.findall(text):
        if (found := _moment(reset, now)) is not None:
            yield found


def _until_whole(headers: Mapping[str, str], now: datetime) -> Iterator[float]:
    """Of each limit of which nothing remains, when it is whole again: `x-ratelimit-reset-tokens`, Anthropic's
    `anthropic-ratelimit-tokens-reset`, `ratelimit-reset`, Cerebras' `x-ratelimit-reset-requests-day`."""
    for name, value in headers.items():
        if "ratelimit" not in name or "reset" not in name:
            continue
        if headers.get(name.replace("reset", "remaining"), "").strip() != "0":
            continue
        if (found := _moment(value.strip(), now)) is not None:
            yield found


def _moment(value: str, now: datetime) -> float | None:
    """Seconds until what a reset says: a span, seconds, a moment since 1970, a date."""
    if not re.fullmatch(_NUMBER, value):
        found = _span(value, whole=True)
        return _until(value, now) if found is None else found
    number = float(value)
    for least, unit in _SINCE_1970:
        if number >= least:
            return number * unit - now.timestamp()
    return number


def _span(text: str, start: int = 0, *, whole: bool = False) -> float | None:
    """The span that begins at `start` (`6m0s`, `20 ms`, `1 minute`) in seconds; only if nothing follows, if `whole`."""
    total = None
    for _ in range(_PARTS):
        part = _PART.match(text, start)
        if part is None:
            break
        number, *units = part.groups()
        unit = next(seconds for group, (_, seconds) in zip(units, _UNITS, strict=True) if group is not None)
        total = (total or 0.0) + (float(number) if number else 1.0) * unit
        start = part.end()
    return None if whole and text[start:].strip() else total


def _until(value: str, now: datetime) -> float | None:
    """Seconds until a date, as HTTP or ISO 8601 writes it."""
    date = _date(value)
    return None if date is None else date.timestamp() - now.timestamp()


def _date(value: str) -> datetime | None:
    import email.utils  # noqa: PLC0415  # imports much, for a few failures only

    value = value.strip()[:100]
    if not value.isascii() or not value:
        return None
    try:
        if _ISO.fullmatch(value):
            date = datetime.fromisoformat(re.sub(r"[ \t]*UTC$", "Z", value))
        else:
            date = email.utils.parsedate_to_datetime(value)
        # What has no time zone is in UTC.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
