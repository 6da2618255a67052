"""`format` in a schema: a text that says it is a date, an address or an identifier has to be one.

JSON Schema 2020-12 leaves the keyword to whoever judges. Here it is checked, by rules of our own, so that a text is judged
alike under every release of Python and of jsonschema; a name that is not in the table is refused when a recipe is loaded.
All checks take time in proportion to the text.
"""

from __future__ import annotations

import ipaddress
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from typing import Final

# Texts, which `re` compiles when it first needs them: few recipes have a format.
_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))"
_DURATION = r"P(?:\d+W|(?=[\dT])(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_URI_TEXT = r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


def _is_date(text: str) -> bool:
    """RFC 3339, full-date."""
    found = re.fullmatch(_DATE, text, re.ASCII)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_time(text: str) -> bool:
    """RFC 3339, full-time. A leap second may be anywhere."""
    found = re.fullmatch(_TIME, text, re.ASCII)
    if found is None:
        return False
    hour, minute, second, offset_hour, offset_minute = (int(part or 0) for part in found.groups())
    return hour < 24 and minute < 60 and second <= 60 and offset_hour < 24 and offset_minute < 60


def _is_date_time(text: str) -> bool:
    """RFC 3339, date-time."""
    found = re.fullmatch(f"({_DATE})[Tt]({_TIME})", text, re.ASCII)
    return found is not None and _is_date(found[1]) and _is_time(found[5])


def _is_hostname(text: str) -> bool:
    """RFC 1123, section 2.1; at most 253 characters."""
    return len(text) <= 253 and all(re.fullmatch(_LABEL, part) for part in text.split("."))


def _is_email(text: str) -> bool:
    """RFC 5321, section 4.1.2, without quoted names and addresses in brackets."""
    name, at, host = text.rpartition("@")
    return (
        bool(at)
        and len(name) <= 64
        and all(re.fullmatch(_ATOM, part) for part in name.split("."))
        and _is_hostname(host)
    )


def _is_ipv4(text: str) -> bool:
    """RFC 2673, section 3.2."""
    parts = text.split(".") if len(text) <= 15 and text.isascii() else []
    return len(parts) == 4 and all(part.isdigit() and str(int(part)) == part and int(part) < 256 for part in parts)


def _is_ipv6(text: str) -> bool:
    """RFC 4291, section 2.2; without a zone."""
    if len(text) > 45 or not text.isascii() or "%" in text or "/" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_uri(text: str) -> bool:
    """RFC 3986: a scheme, and no character that has to be written as `%20`."""
    return re.match(_SCHEME, text) is not None and re.fullmatch(_URI_TEXT, text) is not None


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "duration": lambda text: len(text) > 1 and re.fullmatch(_DURATION, text, re.ASCII) is not None,
    "email": _is_email,
    "hostname": _is_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": _is_uri,
    "uri-reference": lambda text: re.fullmatch(_URI_TEXT, text) is not None,
    "uuid": lambda text: re.fullmatch(_UUID, text) is not None,
}
"""By name. Formats are about texts: a value of another type fits any."""
