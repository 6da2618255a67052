"""One language server for all tests of the editor, with everything switched off that asks the network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editor.language_client import LanguageClient
from tests.editor.server_install import server_program


@pytest.fixture(scope="session")
def program() -> Path:
    return server_program()


@pytest.fixture(scope="session")
def proxy() -> Iterator[socket.socket]:
    """Where the server's requests to the network would go: a port that takes connections and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="session")
def settings(proxy: socket.socket) -> dict[str, Any]:
    """By section, as an editor gives them."""
    return {
        "yaml": {
            "validate": True,
            "hover": True,
            "completion": True,
            "schemaStore": {"enable": False, "url": ""},
            "kubernetesCRDStore": {"enable": False},
        },
        "http": {"proxy": f"http://127.0.0.1:{proxy.getsockname()[1]}", "proxyStrictSSL": True},
        "[yaml]": {},
        "editor": {"tabSize": 2},
    }


@pytest.fixture(scope="session")
def editor(program: Path, settings: dict[str, Any]) -> Iterator[LanguageClient]:
    client = LanguageClient(program, settings)
    yield client
    client.close()
