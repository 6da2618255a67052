"""Connections only to the hosts of an endpoint, whatever library opens them.

litellm reaches providers over half a dozen libraries, so it is held below all of them: at the look-up of a name and at the
connection, for which Python raises audit events (PEP 578). A context variable, which tasks and the threads of
`litellm_thread.py` inherit, says which code runs for a guarded request; the rest of the process is let through.

A connection has an address and no name. So the answers of guarded look-ups are remembered, and an address that no allowed
name led to is refused: also one that a library found out by itself.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from datarecipe.llm.providers.allowed_hosts import AllowedHosts, plain

MOST_ADDRESSES = 10_000
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class RefusedHostError(OSError):
    """A connection, or a request, to a host that is none of the endpoint's."""


@dataclass(slots=True)
class Guard:
    """Holds one request to its hosts, and remembers what it had to stop."""

    hosts: AllowedHosts
    refused: str | None = None
    """The host that was refused last, unless something allowed has answered since."""
    redirect: tuple[int, dict[str, str]] | None = None
    """Status and headers of the last answer, if it led elsewhere."""
    unreadable: str | None = None
    """Why the body of the last answer was not read to its end."""

    def answered(self, status: int, headers: dict[str, str]) -> None:
        """One of the hosts has answered, so what was stopped before did not matter."""
        self.refused = self.unreadable = None
        self.redirect = (status, headers) if 300 <= status < 400 else None

    def refuse(self, host: str) -> RefusedHostError:
        """The error to raise for `host`."""
        self.refused = host
        return RefusedHostError(f"{host} is not a host of this endpoint")


_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)
_lock = threading.Lock()
_names: dict[str, set[str]] = {}
_installed = False


def current() -> Guard | None:
    """The guard of the request that this code runs for."""
    return _guard.get()


@contextlib.contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Hold everything in this context, and in the tasks and threads that it starts, to the guard's hosts."""
    _install()
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)


def _install() -> None:
    """Once for the process; an audit hook cannot be removed. Without a guard it does nothing."""
    global _installed  # noqa: PLW0603  # as the hook is: one for the process
    with _lock:
        if not _installed:
            sys.addaudithook(_hook)
            socket.getaddrinfo = _remembering(socket.getaddrinfo)
            _installed = True


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _LOOK_UPS:
        if (guard := _guard.get()) is not None and arguments[0] is not None:
            name = _name(arguments[0])
            if not guard.hosts.allows_connection(name, None):
                raise guard.refuse(name)
    elif event in _CONNECTIONS and (guard := _guard.get()) is not None:
        _check_connection(guard, arguments[1])


def _name(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _check_connection(guard: Guard, address: object) -> None:
    if not isinstance(address, tuple) or len(address) < 2:
        raise guard.refuse(f"{address!a:.100}")
    host, port = str(address[0]), int(address[1])
    names = {host, *_names.get(host, ())}
    if not any(guard.hosts.allows_connection(name, port) for name in names):
        raise guard.refuse(f"{host}:{port}")


def _remembering(look_up: Any) -> Any:
    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        found = look_up(host, port, *arguments, **options)
        if _guard.get() is not None and host is not None:
            name = plain(_name(host))
            with _lock:
                if len(_names) > MOST_ADDRESSES:
                    _names.clear()
                for *_, address in found:
                    _names.setdefault(str(address[0]), set()).add(name)
        return found

    return getaddrinfo
