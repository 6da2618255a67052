"""`%` and `str.format`, with widths and precisions that are looked at first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2.environment import Environment
from jinja2.sandbox import SandboxedFormatter

from datarecipe.recipe.template.metering.meter import Meter

_PLACEHOLDER = re.compile(r"[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?")
_DIGITS = re.compile(r"\d+")

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""What no file and no request can hold."""

NO_CHARACTER = "half of a surrogate pair is not a character"


def percent(meter: Meter, text: str, values: Any) -> str:
    """`text % values`."""
    meter.spend(2 * text.count("%"))
    size = len(text)
    given = values if isinstance(values, tuple) else (values,)
    sizes = [meter.weigh(value, printed=True) for value in given]
    stars = max((abs(value) for value in given if isinstance(value, int)), default=0)
    by_name = values if isinstance(values, dict) else {}
    for key, widths in _placeholders(text):
        for width in widths:
            number = stars if width == "*" else _number(width)
            meter.fits(number)
            size += number
        if key is not None and key in by_name:
            size += meter.weigh(by_name[key], printed=True)
    # A mapping is printed whole by a `%s` without a key.
    meter.fits(size + sum(sizes))
    return _whole(meter.made(text % values))


def _placeholders(text: str) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """The key (if any) and the width and precision of each placeholder, found as Python finds them."""
    at = text.find("%")
    while at >= 0:
        at += 1
        key = None
        if text.startswith("(", at):
            end, depth = at + 1, 1
            while end < len(text) and depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            key, at = text[at + 1 : end - 1], end
        found = _PLACEHOLDER.match(text, at)
        if found is not None:
            yield key, tuple(width for width in found.groups() if width)
            at = found.end()
        # The next sign is the type, "%" too: "%%" is one placeholder.
        at = text.find("%", at + 1)


def _whole(text: str) -> str:
    """`text`, into which `%c` may have put half a character by its number."""
    if HALF_CHARACTER.search(text):
        raise ValueError(NO_CHARACTER)
    return text


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 16 else 10**15


class BoundedFormatter(SandboxedFormatter):
    """`str.format` in the sandbox: attributes as a template has them, and no width beyond the bounds."""

    def __init__(self, environment: Environment, meter: Meter) -> None:
        super().__init__(environment)
        self._meter = meter

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value by its format, such as `>10`."""
        meter = self._meter
        for digits in _DIGITS.findall(format_spec):
            meter.fits(_number(digits))
        size = meter.weigh(value, printed=True)
        meter.fits(size)
        return _whole(meter.made(str(format(value, format_spec))))

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """`!r`, `!s` and `!a`."""
        if conversion is None:
            return value
        meter = self._meter
        meter.fits(meter.weigh(value, printed=True))
        return meter.made(str(super().convert_field(value, conversion)))


def braces(environment: Environment, meter: Meter, text: str, /, *values: Any, **names: Any) -> str:
    """`text.format(*values, **names)`."""
    meter.spend(len(text) // 2)
    return meter.made(BoundedFormatter(environment, meter).vformat(text, values, names))
