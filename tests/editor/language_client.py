"""An editor without a screen: speaks the Language Server Protocol with the YAML language server, over its pipes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.editor.server_install import NODE

PATIENCE = 60.0
"""Seconds after which a silent server counts as broken."""

_CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown", "plaintext"], "snippetSupport": True}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
}


@dataclass(frozen=True)
class Diagnostic:
    """A squiggle: what an editor underlines, and what it says. Lines and columns count from 1, as in our messages."""

    line: int
    column: int
    end_column: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}-{self.end_column}: {self.message}"


@dataclass(frozen=True)
class Completion:
    """What an editor offers: the word in the list, what stands beside it, and what is written if it is taken."""

    label: str
    documentation: str
    inserted: str


class LanguageClient:
    """One conversation with one language server. Not for several threads."""

    def __init__(self, program: Path, settings: Mapping[str, Any], root: Path | None = None) -> None:
        """Start the server. `settings` are answered by section, as an editor does; `root` is the folder that is open."""
        self._settings = settings
        self._process = subprocess.Popen([NODE, program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        self._opened = 0
        threading.Thread(target=self._read, daemon=True).start()
        uri = None if root is None else root.as_uri()
        folders = None if root is None else [{"uri": uri, "name": root.name}]
        opened = {"processId": None, "rootUri": uri, "workspaceFolders": folders}
        self._request("initialize", {**opened, "capabilities": _CAPABILITIES})
        self._notify("initialized", {})

    def close(self) -> None:
        """End the conversation the way the protocol wants it."""
        self._request("shutdown", None)
        self._notify("exit", None)
        self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def diagnostics(self, text: str, path: Path) -> list[Diagnostic]:
        """What is underlined in a document with this text, were it a file beside `path`; in the order of the places."""
        (found,) = self.all_diagnostics([text], path)
        return found

    def all_diagnostics(self, texts: Sequence[str], path: Path) -> list[list[Diagnostic]]:
        """The same for several documents, which the server checks side by side."""
        uris = [self._open(text, path) for text in texts]
        found: dict[str, list[Diagnostic]] = {}
        while set(uris) - set(found):
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics":
                places = (_diagnostic(item) for item in message["params"]["diagnostics"])
                found[message["params"]["uri"]] = sorted(places, key=lambda d: (d.line, d.column, d.message))
        for uri in uris:
            self._close(uri)
        return [found[uri] for uri in uris]

    def completions(self, text: str, path: Path) -> list[Completion]:
        """What is offered where `|` stands in the text."""
        before, after = text.split("|")
        uri = self._open(before + after, path)
        answer = self._request("textDocument/completion", _place(uri, before))
        self._close(uri)
        return [
            Completion(item["label"], _plain(item.get("documentation", "")), _inserted(item))
            for item in answer["items"]
        ]

    def hover(self, text: str, path: Path) -> str:
        """What is shown, as Markdown, for what stands behind the `|` in the text; nothing is ''."""
        before, after = text.split("|")
        uri = self._open(before + after, path)
        answer = self._request("textDocument/hover", _place(uri, before))
        self._close(uri)
        return _plain(answer["contents"]) if answer else ""

    def _open(self, text: str, path: Path) -> str:
        # Each document is another one for the server: what it says of the last one is never taken for this one.
        self._opened += 1
        uri = path.with_name(f"{self._opened}-{path.name}").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def _close(self, uri: str) -> None:
        self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _request(self, method: str, params: object) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _next(self) -> dict[str, Any]:
        """The next message that is no question of the server's; those are answered."""
        while True:
            try:
                message = self._messages.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"the language server said nothing for {PATIENCE} seconds") from None
            assert message is not None, "the language server ended"
            if "method" not in message or "id" not in message:
                return message
            answer: object = None
            if message["method"] == "workspace/configuration":
                answer = [self._settings.get(item["section"]) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": answer})

    def _send(self, message: Mapping[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (message := _received(self._process.stdout)) is not None:
            self._messages.put(message)
        self._messages.put(None)


def _received(stream: IO[bytes]) -> dict[str, Any] | None:
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        return None
    message: dict[str, Any] = json.loads(stream.read(length))
    return message


def _diagnostic(item: Mapping[str, Any]) -> Diagnostic:
    start, end = item["range"]["start"], item["range"]["end"]
    return Diagnostic(start["line"] + 1, start["character"] + 1, end["character"] + 1, item["message"])


def _place(uri: str, before: str) -> dict[str, Any]:
    lines = before.split("\n")
    return {"textDocument": {"uri": uri}, "position": {"line": len(lines) - 1, "character": len(lines[-1])}}


def _plain(content: str | Mapping[str, str]) -> str:
    return content if isinstance(content, str) else content["value"]


def _inserted(item: Mapping[str, Any]) -> str:
    text = item.get("textEdit", {}).get("newText") or item.get("insertText") or item["label"]
    return str(text)
