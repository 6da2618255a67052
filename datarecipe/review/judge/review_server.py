"""Serves the page of a review to this machine alone, to whoever has the token.

A web page of somebody else may send requests to a local server, and by its own name for 127.0.0.1 even read what it answers
(DNS rebinding). So the host that is asked for must be this machine, the page that asks must be this server's, and both page
and data need a token that only the address holds which the command printed.
"""

from __future__ import annotations

import json
import re
import secrets
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from datarecipe.errors import DatarecipeError, StorageError, UsageError
from datarecipe.review.judge.review_page import review_page, shown
from datarecipe.review.judge.review_state import ReviewState

HOST: Final = "127.0.0.1"
LARGEST_BODY: Final = 65_536
"""Bytes of a request: a verdict with the longest note fits."""
_MOST_CONNECTIONS: Final = 32
_SECONDS: Final = 20
"""That a connection may take to say what it wants."""
_OURS: Final = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")
"""Values of `Host`. The port may be another one: it is, through a tunnel."""


class ReviewServer(ThreadingHTTPServer):
    """Listens on the loopback interface as soon as it is made. `serve_forever` serves, `server_close` ends."""

    daemon_threads = True

    def __init__(self, review: ReviewState, port: int = 0) -> None:
        """`port` 0 takes any free one. Raises `UsageError` where the port cannot be had."""
        self.review = review
        self.token = secrets.token_urlsafe(32)
        self.page, self.policy = review_page(review)
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used: {error.strerror or error}", hint="Name another, or none: --port PORT."
            ) from None

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"http://{HOST}:{self.server_address[1]}/?token={self.token}"

    def server_bind(self) -> None:
        """Bind, and ask no name server for the name of 127.0.0.1 as `HTTPServer` does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, unless too many are open."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In that thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error; anything else is one of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _RefusedError(Exception):
    """A request that is not answered: status, and why."""


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = _SECONDS

    def do_GET(self) -> None:
        """The page."""
        try:
            self._check_page()
        except (_RefusedError, ValueError) as error:
            self._refuse(error)
        else:
            self._send(200, "text/html; charset=utf-8", self.server.page)

    def do_POST(self) -> None:
        """What the script asks: an item, or a verdict to be saved."""
        try:
            document = self._asked()
        except (_RefusedError, ValueError) as error:
            self._refuse(error)
            return
        try:
            self._send_json(200, shown(self.server.review, answered(self.server.review, document)))
        except DatarecipeError as error:
            self._send_json(500 if isinstance(error, StorageError) else 400, {"error": str(error)})

    def _check_page(self) -> None:
        self._check_host()
        asked = urlsplit(self.path)
        self._check_token(*parse_qs(asked.query, max_num_fields=5).get("token", [])[:1])
        if asked.path != "/":
            raise _RefusedError(404, "There is nothing here.")

    def _asked(self) -> dict[str, Any]:
        """What the page asks for, once it is known to be the page. Raises `_RefusedError`."""
        self._check_host()
        if self.headers.get_all("Origin") != [f"http://{self.headers['Host']}"]:
            raise _RefusedError(403, "This server answers only its own page.")
        self._check_token(self.headers.get("X-Review-Token", ""))
        if self.path != "/review" or self.headers.get_content_type() != "application/json":
            raise _RefusedError(404, "There is nothing here.")
        return self._document()

    def _check_host(self) -> None:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or _OURS.fullmatch(hosts[0]) is None:
            raise _RefusedError(403, "This server answers only to the name of this machine, 127.0.0.1.")

    def _check_token(self, token: str = "") -> None:
        if not secrets.compare_digest(token.encode(errors="replace"), self.server.token.encode()):
            raise _RefusedError(403, "This address lacks the token: open the one that `datarecipe review` printed.")

    def _document(self) -> dict[str, Any]:
        """The body: a JSON object. Raises `_RefusedError`."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length) or "Transfer-Encoding" in self.headers:
            raise _RefusedError(411, "The length of the request is missing.")
        if int(length) > LARGEST_BODY:
            raise _RefusedError(413, f"A request has at most {LARGEST_BODY:,} bytes.")
        try:
            document = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise _RefusedError(400, "The request is not a JSON object.")
        return document

    def _refuse(self, error: Exception) -> None:
        status, why = error.args if isinstance(error, _RefusedError) else (400, "The request cannot be read.")
        self._send(status, "text/plain; charset=utf-8", f"{why}\n".encode())

    def _send_json(self, status: int, document: object) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.server.policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """The header `Server`: nobody's business."""
        return "datarecipe"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing: the first line of a request holds the token."""


def answered(review: ReviewState, document: dict[str, Any]) -> int | None:
    """Do what the page asks, and say which item it shows then. Raises `UsageError`, `StorageError`."""
    number = document.get("number", -1)
    if type(number) is not int or not -1 <= number < review.total:
        raise UsageError("there is no such example in this review")
    match document:
        case {"do": "open"}:
            return review.next_open(number)
        case {"do": "show"} if number >= 0:
            return number
        case {"do": "undo"}:
            undone = review.undo()
            return number if undone is None and number >= 0 else undone
        case {"do": "judge" | "note" as do, "valid": bool() | None as valid, "choice": choice, "note": str(note)}:
            if not (choice is None or type(choice) is int):
                raise UsageError("there is no such label to choose")
            review.judge(number, valid=valid, choice=choice, note=note)
            return number if do == "note" else review.next_open(number)
    raise UsageError("the page asks for what this release does not know; load it again")
