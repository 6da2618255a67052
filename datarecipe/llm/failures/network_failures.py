"""What an exception of an HTTP library says about the connection, as a `Failure`, whichever library raised it.

Judged by the standard library's errors at its root and by the names of classes, so that this imports no HTTP library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datarecipe.errors import DatarecipeError
from datarecipe.llm.failures.failure_table import Failure, Kind, garbage

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROXY_STATUS = re.compile(r"\b(407|4\d\d|5\d\d)\b")
_UNREADABLE = re.compile(r"Unable to get json response|Empty or invalid response|Invalid JSON|Expecting value")
_NOT_TLS = re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST")
LONGEST_CHAIN = 20


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error`, and what each error was raised from or while handling, to the root.

    Not beyond an error of ours: that one is of an earlier attempt, which somebody is still handling.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and not isinstance(current, DatarecipeError):
        if id(current) in seen or len(seen) >= LONGEST_CHAIN:
            return
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def network_failure(error: BaseException) -> Failure | None:
    """What broke between here and the server, or None where `error` speaks of something else."""
    errors = list(chain(error))
    errors += [inner for e in errors if isinstance(inner := getattr(e, "os_error", None), OSError)]
    names = frozenset(kind.__name__ for e in errors for kind in type(e).__mro__)
    if (found := _told(error, errors, names)) is not None:
        return found
    for kind, code, among in _BY_NAME:
        if not names.isdisjoint(among):
            message = next((text for e in reversed(errors) if (text := str(e))), type(error).__name__)
            return Failure(kind, codes=frozenset({code} - {""}), message=message)
    return None


_BY_NAME: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    ("connection", "dns", ("gaierror",)),
    ("timeout", "connect", ("ConnectionTimeoutError", "ConnectTimeout")),
    ("connection", "refused", ("ConnectionRefusedError", "ClientConnectorError", "ConnectError")),
    ("timeout", "", ("Timeout", "APITimeoutError", "TimeoutException", "TimeoutError")),
    (
        "connection",
        "",
        ("ClientError", "TransportError", "APIConnectionError", "ConnectionError", "SSLError", "OSError"),
    ),
)


def _told(error: BaseException, errors: list[BaseException], names: frozenset[str]) -> Failure | None:
    """What more is known of than that the connection broke."""
    if "SSLCertVerificationError" in names or "CERTIFICATE_VERIFY_FAILED" in str(error):
        said = (text for each in errors if isinstance(text := getattr(each, "verify_message", None), str) and text)
        message = next(said, "certificate verify failed")
        return Failure("connection", codes=frozenset({"certificate"}), message=message)
    if names & {"ClientHttpProxyError", "ProxyError"}:
        return _proxy(errors)
    if "SSLError" in names and (wrong := _NOT_TLS.search(" ".join(map(str, errors)))) is not None:
        return Failure("connection", codes=frozenset({"tls"}), message=wrong.group())
    if "TooManyRedirects" in names:
        return Failure("http", status=302, message="redirects without end")
    if "JSONDecodeError" in names or _UNREADABLE.search(str(error)):
        return garbage("json", str(error))
    return None


def _proxy(errors: list[BaseException]) -> Failure:
    """Of a proxy that answered the request for a tunnel with a status of its own."""
    for error in errors:
        status = getattr(error, "status", None)
        if not isinstance(status, int) and type(error).__name__ == "ProxyError":
            found = _PROXY_STATUS.search(str(error))
            status = int(found.group()) if found else None
        if status == 407:
            return Failure("http", status=407)
        if isinstance(status, int):
            return Failure("connection", codes=frozenset({"proxy"}), message=f"the proxy answered with status {status}")
    return Failure("connection", codes=frozenset({"proxy"}), message=str(errors[-1]))
