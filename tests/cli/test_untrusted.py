"""A recipe, a cache, a project from somebody else: each attack is refused with a message, and nothing leaks."""

from __future__ import annotations

import http.server
import json
import os
import pickle
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
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
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", heard
    finally:
        server.shutdown()
        server.server_close()


def test_offline_a_recipes_own_server_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """Nothing is sent, so nobody has to be trusted: stored responses give the dataset, and without them one is missing."""
    with OpenAIServer(Author()) as server:
        more = f"model: openai/author\napi_base: {server.base_url}\nfallbacks: [hosted_vllm/other]\n"
        path = write_recipe(tmp_path, RECIPE + more)
        missing = datarecipe("run", str(path), "--offline", cwd=tmp_path, env=KEYS)
        assert (missing.code, server.seen) == (4, [])
        assert "not in the cache" in missing.err
        asked = datarecipe("run", str(path), "--trust", "--output", "asked", cwd=tmp_path, env=KEYS)
        assert asked.code == 0, asked.err
        sent = len(server.seen)
        again = datarecipe("run", str(path), "--offline", "--output", "again", cwd=tmp_path, env=KEYS)
        assert (again.code, len(server.seen)) == (0, sent), again.err
    assert (tmp_path / "asked/data.jsonl").read_bytes() == (tmp_path / "again/data.jsonl").read_bytes()


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


ANYWHERE = "bedrock/agentcore/arn:aws:bedrock-agentcore:evil.example/:123456789012:runtime/x"


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("model: {}\n", []),
        ("fallbacks: [{}]\n", []),
        ("fallbacks: [{}]\n", ["--model", "openai/m", "--api-base", "http://127.0.0.1:9/v1"]),
        (None, []),
    ],
)
@pytest.mark.parametrize("model", [ANYWHERE, "replicate/stranger/m", "langgraph/m", "gigachat/m"])
def test_a_model_s_name_sends_no_key_to_a_host_of_its_own(
    tmp_path: Path, where: str | None, arguments: list[str], model: str
) -> None:
    path = write_recipe(tmp_path, RECIPE + (where or "").format(f'"{model}"'))
    if where is None:
        config = path.parents[1] / ".datarecipe" / "config.yaml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(f'model: "{model}"\n')
    environ = KEYS | {"AWS_BEARER_TOKEN_BEDROCK": "ABSK-secret", "AWS_REGION": "us-east-1"}
    ran = datarecipe("run", str(path), *arguments, cwd=tmp_path, env=environ)
    assert ran.code == 2
    assert "nothing was sent" in ran.err
    assert "--trust" in ran.err
    assert "Traceback" not in ran.err


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


ORDERS = ("::error file=x::obeyed", "##[error]obeyed", "##vso[task.complete]obeyed", "##teamcity[buildStop obeyed]")
"""What code hosts do when a job prints it."""


def ordering(text: str) -> list[str]:
    """The lines of output that a code host would obey."""
    return [line for line in text.splitlines() if re.match(r"\s*::\w", line) or re.search(r"##\w*\[", line)]


def ordering_recipe(orders: Sequence[str]) -> str:
    """A recipe that has them in its texts, as lines of their own too."""
    lines = "\n".join(f"  {order}" for order in orders)
    quoted = json.dumps("\n".join(orders))
    return f"""\
recipe: 1
name: facts
description: {quoted}
task: {{label: answer}}
instruction: |
{lines}
  Write {{{{ batch_size }}}} more of {{{{ labels | join(", ") }}}} on {{{{ vary.topic }}}}.
seed_example: {{question: {quoted}, answer: {json.dumps(orders[0])}}}
labels: {json.dumps(orders)}
vary: {{topic: {json.dumps(orders)}}}
strategy: fixed
target_size: 2
batch_size: 2
x-notes: [{quoted}, {json.dumps(orders[1])}]
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate",),
        ("validate", "--format", "json"),
        ("prompt",),
        ("prompt", "--json"),
        ("show",),
        ("show", "--json"),
        ("show", "--origins"),
        ("plan",),
        ("plan", "--json"),
        ("preview",),
        ("run",),
        ("run", "--json"),
    ],
    ids=" ".join,
)
def test_nothing_that_is_printed_is_a_command_to_a_code_host(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    reply = json.dumps({"examples": [{"question": "\n".join(ORDERS), "answer": ORDERS[2]}, {ORDERS[1]: ORDERS[0]}]})
    path = write_recipe(tmp_path, ordering_recipe(ORDERS))
    named = path.rename(path.with_name("::error::##[error]named so.yaml")).relative_to(tmp_path / "recipes")
    with OpenAIServer(lambda body: reply) as server:
        model = () if "validate" in arguments else ("--model", "openai/author", "--api-base", server.base_url)
        ran = datarecipe(*arguments, str(named), *model, cwd=tmp_path / "recipes", env=KEYS)
    assert ran.code in (0, 2, 3), ran.err
    assert arguments[0] in ("plan", "run") or "obeyed" in ran.out + ran.err or "named so" in ran.out + ran.err
    assert not ordering(ran.out + ran.err)
    if "--json" in arguments:
        assert arguments[0] in ("plan", "run") or all(order in str(json.loads(ran.out)) for order in ORDERS)


@pytest.mark.parametrize("broken", ["labels: [{orders: ", "target_size: '{orders}'", "x{orders}: 1", "model: {orders}"])
def test_errors_are_no_commands_to_a_code_host_and_annotations_still_are(tmp_path: Path, broken: str) -> None:
    text = RECIPE + "".join(broken.replace("{orders}", order) + "\n" for order in ORDERS)
    path = write_recipe(tmp_path, text)
    named = path.rename(path.with_name("::error::##[error]named so.yaml")).relative_to(tmp_path / "recipes")
    for command in ("validate", "run", "show"):
        ran = datarecipe(command, str(named), cwd=tmp_path / "recipes")
        assert ran.code == 2
        assert not ordering(ran.out + ran.err)
    ran = datarecipe("validate", str(named), "--format", "github", cwd=tmp_path / "recipes")
    assert ran.out.startswith("::error file=%3A%3Aerror%3A%3A") or ran.out.startswith("::error file=\\u003a%3A")
    assert all(line.startswith("::error file=") and "##" not in line for line in ran.out.splitlines())


def test_flags_and_data_are_no_commands_to_a_code_host(tmp_path: Path) -> None:
    (tmp_path / "::error::a.csv").write_text('text,##[error]label\n"::error::x\n##[error]y",a\n' * 4)
    for arguments in (
        ("run", "::error::no such recipe"),
        ("validate", "\n::error::no such recipe"),
        ("run", "--##[error]x"),
        ("##[error]x",),
        ("init", "m", "--from", "::error::a.csv"),
        ("init", "m", "--from", "::error::a.csv", "--label", "##[error]label", "--labels", "a,b"),
        ("init", "##[error]m"),
        ("cache", "--cache-dir", "::error::c"),
        ("plan", "boolq", "--set", "x\n::error::y=1"),
    ):
        ran = datarecipe(*arguments, cwd=tmp_path)
        assert ran.out + ran.err
        assert not ordering(ran.out + ran.err), arguments


@pytest.mark.parametrize(
    "arguments",
    [("prompt",), ("run", "--offline"), ("retry",), ("plan",), ("validate",), ("show", "--origins"), ("preview",)],
    ids=" ".join,
)
def test_a_folder_s_name_is_no_command_to_a_code_host(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    project = tmp_path / "sub\x1b[31m\n::error::obeyed\n##[error]z"
    path = write_recipe(project)
    (project / ".datarecipe").mkdir()
    (project / ".datarecipe" / "config.yaml").write_text("model: openai/gpt-4o-mini")
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    ran = datarecipe(*arguments, str(path.relative_to(tmp_path)), cwd=tmp_path, env=env)
    assert ran.out + ran.err
    assert ordering(ran.out + ran.err) == []
    assert "\x1b" not in ran.out + ran.err


def test_model_text_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    item = '{"options": ["yes", "no"], "answer": "yes", "question": "%s\\u202eevil [bold]x[/bold]?"}'
    controls = "\\u001b[2J\\u009b31m"
    hostile = f"{item % controls} {item % ''}"  # the first is malformed, the second an example
    with OpenAIServer(lambda body: hostile) as server:
        for command in ("run", "preview"):
            arguments = [command, str(path), "--model", "openai/author", "--api-base", server.base_url]
            ran = datarecipe(*arguments, "--target-size", "1", cwd=tmp_path, env=KEYS)
            assert ran.code == 0, ran.err
            for text in (ran.out, ran.err):
                assert not {"\x1b", "\x9b", "\u202e"} & set(text)
            assert "[bold]x[/bold]" in ran.out
    folder = tmp_path / "runs" / "facts"
    assert "\u202e" in json.loads((folder / "data.jsonl").read_text())["question"]
    assert "\\u001b[2J" in json.loads((folder / "rejected.jsonl").read_text())["raw"]
