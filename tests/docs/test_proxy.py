"""What docs/how-to/behind-a-proxy.md says, with a proxy that answers what it is asked for, so that no host is reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docs.pages import document

REPLY = {"examples": [{"label": "b", "text": "Another text."}]}
RECIPE = """
recipe: 1
name: proxied
task: classification
instruction: 'Write {{ batch_size }}. {"examples": [...]}'
seed_example: {label: a, text: A text.}
labels: [a, b]
strategy: fixed
target_size: 5
"""


class Proxy(ThreadingHTTPServer):
    """Keeps what it was asked for: `POST URL`, or `CONNECT HOST:PORT`, which it refuses."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """As a variable names it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers for every host, as OpenAI's protocol wants it."""

    server: Proxy

    def do_CONNECT(self) -> None:
        """Refuse: what lies behind is encrypted."""
        self.server.asked.append(f"CONNECT {self.path}")
        self._send(403, b"")

    def do_POST(self) -> None:
        """A completion with one example."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(f"POST {self.path}")
        message = {"role": "assistant", "content": json.dumps(REPLY)}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        self._send(200, json.dumps(reply).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def preview(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`datarecipe preview` with these variables for proxies and no others."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, "-m", "datarecipe", "preview", str(recipe), *arguments],
        env={**environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_requests_go_through_the_proxy(variable: str, proxy: Proxy, tmp_path: Path) -> None:
    base = "http://models.invalid:8000/v1"
    done = preview(tmp_path, "--model", "hosted_vllm/m", "--api-base", base, **{variable: proxy.address})
    assert done.returncode == 0, done.stderr
    assert proxy.asked == [f"POST {base}/chat/completions"]


def test_providers_are_reached_through_the_proxy(proxy: Proxy, tmp_path: Path) -> None:
    # Not a model that takes the proxy's 403 for something that may pass, which would be tried again for long.
    done = preview(tmp_path, "--model", "gemini/gemini-2.0-flash", GEMINI_API_KEY="k", HTTPS_PROXY=proxy.address)
    assert done.returncode != 0
    assert proxy.asked
    assert all(line.startswith("CONNECT ") and line.endswith(":443") for line in proxy.asked)


def test_hosts_that_need_no_proxy_are_asked_directly(proxy: Proxy, tmp_path: Path) -> None:
    base = f"{proxy.address}/v1"
    nobody = "http://127.0.0.1:9"
    done = preview(
        tmp_path, "--model", "hosted_vllm/m", "--api-base", base, HTTP_PROXY=nobody, NO_PROXY="localhost,127.0.0.1"
    )
    assert done.returncode == 0, done.stderr
    # Without a host in it: asked as the server itself.
    assert proxy.asked == ["POST /v1/chat/completions"]


def test_the_page_names_what_is_tested() -> None:
    named = {cells[0].strip("`") for cells in document("how-to/behind-a-proxy").rows() if cells[0].startswith("`")}
    assert named == {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
