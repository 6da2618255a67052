"""The language server that these tests need: which packages, how they come here, and that it keeps to itself."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest

from tests.editor.documents import DOCUMENT, MODELINE
from tests.editor.language_client import LanguageClient
from tests.editor.server_install import NotInstalledError, installed, pinned, server_program


def test_every_package_is_there_in_the_version_that_is_named(program: Path) -> None:
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned().values())
    assert installed(program.parents[2]) == pinned()


def test_two_runs_at_once_install_it_once(tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(server_program(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert found[0].is_file()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_without_a_network_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(NotInstalledError, match=r"(?s)the tests of the editor need .*npm said:.*ECONNREFUSED"):
        server_program(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_the_server_asks_the_network_for_nothing(editor: LanguageClient, proxy: socket.socket) -> None:
    for modeline in (MODELINE, ""):
        editor.diagnostics(f"{modeline}recipe: 1\n", DOCUMENT)
        editor.completions(f"{modeline}recipe: 1\n|", DOCUMENT)
    with pytest.raises(BlockingIOError):
        proxy.accept()
