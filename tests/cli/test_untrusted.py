"""A recipe, a cache, a project from somebody else: each attack is refused with a message, and nothing leaks."""

from __future__ import annotations

import http.server
import os
import pickle
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command import datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, write_recipe

KEYS = {"OPENAI_API_KEY": "sk-secret", "ANTHROPIC_API_KEY": "sk-ant-secret", "GROQ_API_KEY": "gsk-secret"}


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server that writes down whatever reaches it."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(f"{self.path} {dict(self.headers)}")
            self.send_error(401)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude", "hosted_vllm/m", "groq/m", "gpt-4o"])
@pytest.mark.parametrize("command", ["run", "preview"])
def test_a_recipes_own_server_is_not_contacted(tmp_path: Path, command: str, model: str) -> None:
    with listener() as (url, heard):
        path = write_recipe(tmp_path, RECIPE + f"model: {model}\napi_base: {url}\n")
        ran = datarecipe(command, str(path), cwd=tmp_path, env=KEYS)
    assert ran.code == 2
    assert url.removeprefix("http://") in ran.err
    assert "--trust" in ran.err
    assert "--api-base" in ran.err
    assert heard == []


def test_with_trust_it_gets_its_own_providers_key_alone(tmp_path: Path) -> None:
    with listener() as (url, heard):
        path = write_recipe(tmp_path, RECIPE + f"model: openai/gpt-4o-mini\napi_base: {url}\n")
        ran = datarecipe("run", str(path), "--trust", cwd=tmp_path, env=KEYS)
    assert ran.code == 4
    assert heard
    assert "sk-secret" in heard[0]
    assert "sk-ant-secret" not in str(heard)
    assert "sk-secret" not in ran.err


def test_a_cloned_folder_cannot_name_a_server(tmp_path: Path) -> None:
    with listener() as (url, heard), OpenAIServer(Author()) as server:
        path = write_recipe(tmp_path)
        (tmp_path / ".env").write_text(f"OPENAI_API_BASE={url}\nOPENAI_BASE_URL={url}\nHTTP_PROXY={url}\n")
        ran = datarecipe(
            "run", str(path), "--model", "openai/author", "--api-base", server.base_url, cwd=tmp_path, env=KEYS
        )
        assert ran.code == 0, ran.err
        assert heard == []
        (tmp_path / ".datarecipe" / "config.yaml").write_text(f"api_base: {url}\n")
        ran = datarecipe("run", str(path), "--model", "openai/author", cwd=tmp_path, env=KEYS)
        assert ran.code == 2
        assert "config.yaml" in ran.err
        assert heard == []


def test_a_planted_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    proof = tmp_path / "code-ran"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return os.system, (f"touch {proof}",)

    arguments = ["run", str(path), "--model", "openai/author", "--target-size", "20"]
    with OpenAIServer(Author()) as server:
        arguments += ["--api-base", server.base_url]
        assert datarecipe(*arguments, cwd=tmp_path, env=KEYS).code == 0
        database = tmp_path / ".datarecipe" / "cache" / "cache.db"
        with sqlite3.connect(database) as connection:
            # diskcache's mode 4 is a pickled value.
            connection.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Bomb()),))
        before = server.requests
        ran = datarecipe(*arguments, cwd=tmp_path, env=KEYS)
    assert ran.code == 4
    assert "cache" in ran.err
    assert "datarecipe cache --cache-dir" in ran.err
    assert server.requests == before
    assert not proof.exists()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("instruction", "../../../etc/passwd", "leads out of the recipe's project"),
        ("instruction", "/etc/passwd", "leads out of the recipe's project"),
        ("seed_example", "../../../../etc/hostname.json", "leads out of the recipe's project"),
        ("schema", "{type: object, properties: {question: {$ref: 'file:///etc/passwd'}}}", "file:///etc/passwd"),
        (
            "schema",
            "{type: object, properties: {question: {$ref: 'http://127.0.0.1:9/s.json'}}}",
            "http://127.0.0.1:9/s.json",
        ),
        ("name", "../../evil", "name"),
        ("instruction", "\"{{ ''.__class__.__mro__ }}\"", "__class__"),
        ("vary", "!!python/object/apply:os.system [id]", "tag"),
    ],
)
def test_what_a_recipe_may_not_reach(tmp_path: Path, key: str, value: str, expected: str) -> None:
    lines = RECIPE.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(f"{key}:")), len(lines))
    end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    project = tmp_path / "a" / "b" / "project"
    path = write_recipe(project, "\n".join([*lines[:start], f"{key}: {value}", *lines[end:]]) + "\n")
    for command in ("validate", "show", "prompt", "run"):
        if command == "show" and "__class__" in value:
            continue  # shows a template, renders none
        ran = datarecipe(command, str(path), cwd=project)
        assert ran.code == 2, (command, ran)
        assert expected in ran.err
        assert "facts.yaml" in ran.err
        assert "root:" not in ran.out + ran.err


def test_a_symlink_out_of_the_project_is_no_way_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.j2"
    secret.write_text("SECRET {{ batch_size }} {{ vary.topic }}")
    path = write_recipe(
        tmp_path / "project", RECIPE.replace("instruction: |\n", "x-old: |\n") + "instruction: ../t.j2\n"
    )
    (tmp_path / "project" / "t.j2").symlink_to(secret)
    ran = datarecipe("prompt", str(path), cwd=tmp_path)
    assert ran.code == 2
    assert "leads out" in ran.err
    assert "SECRET" not in ran.out + ran.err


def test_model_text_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    hostile = (
        '{"options": ["yes", "no"], "answer": "yes", "question": "\\u001b[2J\\u009b31m\\u202eevil [bold]x[/bold]?"}'
    )
    with OpenAIServer(lambda body: hostile) as server:
        for command in ("run", "preview"):
            arguments = [command, str(path), "--model", "openai/author", "--api-base", server.base_url]
            ran = datarecipe(*arguments, "--target-size", "1", cwd=tmp_path, env=KEYS)
            assert ran.code == 0, ran.err
            for text in (ran.out, ran.err):
                assert not {"\x1b", "\x9b", "\u202e"} & set(text)
            assert "[bold]x[/bold]" in ran.out
    assert "\\u001b[2J" in (tmp_path / "runs" / "facts" / "data.jsonl").read_text()
