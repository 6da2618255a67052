"""Endpoints of the user's configuration, as a user meets them: a server moves, and nothing is asked anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer
from tests.runs import DATA_FILES, RECIPE, write_recipe

MODEL = ("--model", "lab:author")


class Lab:
    """A project with one recipe, and a user with a configuration."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.output = self.project / "runs" / "facts"
        self._config = folder / "config"
        self.home = self._config / "datarecipe"
        write_recipe(self.project)

    def config(self, **endpoints: dict[str, Any]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "config.yaml").write_text(json.dumps({"endpoints": endpoints}))

    def __call__(self, *arguments: str, **env: str) -> Ran:
        return datarecipe(*arguments, cwd=self.project, env={"XDG_CONFIG_HOME": str(self._config), **env})

    def files(self) -> dict[str, bytes]:
        return {name: (self.output / name).read_bytes() for name in DATA_FILES}

    def manifest(self) -> Any:
        return json.loads((self.output / "manifest.json").read_text())


def at(server: OpenAIServer, **more: Any) -> dict[str, Any]:
    return {"provider": "hosted_vllm", "urls": [server.base_url], **more}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_server_that_moved_is_the_same_model(lab: Lab, tmp_path: Path) -> None:
    author = Author(variety=3000)
    run = ("run", "facts", *MODEL, "--concurrency", "1")
    with OpenAIServer(author) as there:
        lab.config(lab=at(there, key_env="LAB_API_KEY"))
        ran = lab(*run, "--target-size", "20", LAB_API_KEY="sk-lab", HOSTED_VLLM_API_KEY="sk-other")
        assert ran.code == 0, ran.err
        assert "model lab:author" in ran.err
        assert there.keys_seen == {"Bearer sk-lab"}
        assert {seen.body["model"] for seen in there.seen} == {"author"}
        paid = there.requests
    with OpenAIServer(author) as here:
        assert here.port != there.port
        lab.config(lab=at(here))
        assert "nothing would be asked" in lab("cache", "explain", "facts", *MODEL, "--target-size", "20").out
        explained = lab("cache", "explain", "facts", *MODEL, "--target-size", "60")
        assert f"from {paid} stored responses; the next request is not stored" in explained.out
        assert "earlier runs stopped here" in explained.out
        assert lab(*run, "--target-size", "20").code == 0
        assert here.requests == 0
        ran = lab(*run, "--target-size", "60")
        assert ran.code == 0, ran.err
        moved, asked = lab.files(), here.requests
        assert lab.manifest()["model"]["answered_by"] == {"lab:author": paid + asked}
        assert str(here.port) not in (lab.output / "manifest.json").read_text()
        other = Lab(tmp_path / "other")
        other.config(lab=at(here))
        assert other(*run, "--target-size", "60").code == 0
        assert here.requests - asked == paid + asked, "only what was missing was asked after the move"
    assert other.files() == moved


def test_both_transports_ask_it_alike(lab: Lab) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        lab.config(lab=at(server, provider="openai", key_env="LAB_API_KEY"))
        for transport in ("litellm", "direct"):
            run = ("run", "facts", *MODEL, "--target-size", "10", "--transport", transport)
            ran = lab(*run, LAB_API_KEY="sk-lab", OPENAI_API_KEY="sk-other")
            assert ran.code == 0, ran.err
        assert server.keys_seen == {"Bearer sk-lab"}
        assert "nothing would be asked" in lab("cache", "explain", "facts", *MODEL, "--target-size", "10").out
        server.faults = always(Fault("bad_key"))
        ran = lab("run", "facts", *MODEL, "--set", "random_seed=1", "--overwrite", LAB_API_KEY="sk-lab")
    assert ran.code == 4
    assert f"lab at 127.0.0.1:{server.port} (author)" in ran.err
    assert "LAB_API_KEY" in ran.err


def test_a_recipe_s_own_server_is_left_behind(lab: Lab) -> None:
    write_recipe(lab.project, RECIPE + "api_base: http://evil.example/v1\n")
    with OpenAIServer(Author(variety=3000)) as server:
        lab.config(lab=at(server))
        assert lab("run", "facts", *MODEL).code == 0
        write_recipe(lab.project, RECIPE + "api_base: http://evil.example/v1\nmodel: lab:author\n")
        ran = lab("run", "facts", "--trust")
    assert ran.code == 2
    assert "another address is given" in ran.err
    assert "config.yaml" in ran.err


def test_a_fallback_at_an_endpoint(lab: Lab) -> None:
    write_recipe(lab.project, RECIPE + "model: lab:author\nfallbacks: [rack:author]\n")
    with OpenAIServer(faults=always(Fault("no_model"))) as first, OpenAIServer(Author(variety=3000)) as second:
        lab.config(lab=at(first), rack=at(second))
        ran = lab("run", "facts")
        assert ran.code == 0, ran.err
        assert set(lab.manifest()["model"]["answered_by"]) == {"rack:author"}
        assert "rack:author" in ran.err + ran.out
        second.faults = always(Fault("no_model"))
        before = second.requests
        assert lab("run", "facts").code == 0
        assert second.requests == before


def test_retry_of_a_run_s_folder_finds_the_endpoint(lab: Lab) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        lab.config(lab=at(server))
        assert lab("run", "facts", *MODEL).code == 0
        ran = lab("retry", "runs/facts")
    assert ran.code == 0, ran.err


def test_commands_name_it(lab: Lab) -> None:
    url = "http://10.0.0.5:8000/v1"
    lab.config(lab={"provider": "hosted_vllm", "urls": [url], "key_env": "LAB_API_KEY"})
    assert "hosted_vllm at 10.0.0.5:8000, key in LAB_API_KEY (not set)" in lab("doctor").out
    assert "(not set)" not in lab("doctor", LAB_API_KEY="sk-lab").out
    prompt = lab("prompt", "facts", *MODEL).out
    assert "model: lab:author (from --model), at 10.0.0.5:8000" in prompt
    assert "response_format: json_schema" in prompt, "as the provider's models are asked"
    assert "endpoint:lab" in lab("show", "facts", *MODEL, "--origins").out
    assert "lab:author" in lab("plan", "facts", *MODEL).out
    ran = lab("run", "facts", *MODEL)
    assert ran.code == 4
    assert "LAB_API_KEY is not set" in ran.err


def test_without_the_endpoint_the_lines_to_add_are_shown(lab: Lab) -> None:
    write_recipe(lab.project, RECIPE + "model: lab:author\n")
    for command in ("run", "prompt", "plan"):
        ran = lab(command, "facts")
        assert ran.code == 2
        assert "there is no endpoint lab" in ran.err
        assert 'endpoints:\n  lab:\n    {provider: hosted_vllm, urls: ["' in ran.err


def test_a_project_cannot_define_an_endpoint(lab: Lab) -> None:
    with OpenAIServer() as server:
        folder = lab.project / ".datarecipe"
        folder.mkdir()
        (folder / "config.yaml").write_text(json.dumps({"endpoints": {"lab": at(server)}}))
        ran = lab("run", "facts", *MODEL, "--trust")
        assert server.requests == 0
    assert ran.code == 2
    assert "`endpoints` cannot be set here" in ran.err


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"urls": ["http://a", "http://b"]}, "a pool of several URLs is not supported yet"),
        ({"urls": []}, "`endpoints.lab.urls` must be a list of addresses, not an empty list"),
        ({"urls": "http://a"}, 'for example: urls: ["http://localhost:8000/v1"]'),
        ({"urls": ["a.example"]}, "must begin with http"),
        ({"provider": "nobody"}, "`provider` names no provider that can be used"),
        ({"key": "sk-secret"}, "unknown key `key` in `endpoints.lab`"),
        ({"bearer": "sk-secret"}, "unknown key `bearer` in `endpoints.lab`"),
        ({"key_env": "sk-secret", "url": "http://a"}, "unknown key `url` in `endpoints.lab`"),
        ({"key_env": ["sk-secret"]}, "`endpoints.lab.key_env` must be the name of an environment variable"),
        ({"urls": "http://user:sk-secret@a"}, "`endpoints.lab.urls` must be a list of addresses"),
        ({"prices": {"input_per_million": 1}}, "`output_per_million` is missing in `endpoints.lab.prices`"),
    ],
)
def test_a_row_that_is_wrong(lab: Lab, row: dict[str, Any], words: str) -> None:
    lab.config(lab={"provider": "hosted_vllm", "urls": ["http://10.0.0.5:8000/v1"], **row})
    ran = lab("prompt", "facts", *MODEL)
    assert ran.code == 2
    assert words in ran.err
    assert "config.yaml" in ran.err
    assert "sk-secret" not in ran.err


def test_all_mistakes_are_told_at_once_each_with_its_line(lab: Lab) -> None:
    lab.config()
    (lab.home / "config.yaml").write_text(
        "endpoints:\n"
        '  lab: {provider: hosted_vllm, url: "http://localhost:8000/v1", key_env: LAB_API_KEY}\n'
        '  rack: {provider: nobody, urls: ["http://localhost:8000/v1"]}\n'
        "modle: openai/gpt-4o\n"
    )
    ran = lab("prompt", "facts")
    assert ran.code == 2
    assert "config.yaml:2:32: unknown key `url` in `endpoints.lab`\n" in ran.err
    assert "  did you mean `urls`?\n" in ran.err
    assert "`urls` is missing" not in ran.err
    assert "config.yaml:3:3: `endpoints.rack`: `provider` names no provider that can be used\n" in ran.err
    assert "config.yaml:4:1: unknown key `modle`\n" in ran.err
    assert "did you mean `model`?" in ran.err


SECRET = "Xq7-hunter2.PASS"
ROW = 'endpoints: {lab: {provider: hosted_vllm, urls: ["http://a/v1"], '


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'endpoints: {{lab: {{provider: hosted_vllm, urls: "https://h/v1?api-key={SECRET}"}}}}', ":1:"),
        (f'endpoints: {{lab: {{provider: hosted_vllm, urls: ["h/v1?token={SECRET}"]}}}}', "must begin with http"),
        (f'endpoints: {{lab: {{provider: hosted_vllm, urls: ["http://h/v1#{SECRET}"]}}}}', "a fragment"),
        (f"{ROW}key_evn: {SECRET}}}}}", "did you mean `key_env`?"),
        (f'{ROW}"{SECRET}": x}}}}', "unknown key in `endpoints.lab`"),
        (f"{ROW}key_env: LAB\n    key_env: {SECRET}}}}}", "config.yaml:1:"),
        (f"endpoints:\n  lab:\n    key_env: {SECRET}\n    key_env: {SECRET}", ":4:5: duplicate key `key_env`\n"),
        (f"endpoints: {{lab: {{provider: hosted_vllm, key_env: {SECRET}", "this `{` is not closed"),
        (f'endpoints: {{lab: {{urls: ["http://u:{SECRET}@h/v1"}}}}}}', "config.yaml:1:"),
        (f"endpoints: {{lab: {{provider: {SECRET}, urls: [http://a/v1]}}}}", "names no provider that can be used"),
        (f"api_base: http://h/v1?key={SECRET}", "config.yaml:1:1: `api_base` needs `model` beside it"),
        (f"model: openai/x\napi_base: h/v1?key={SECRET}", "the config's `api_base` cannot be used"),
        (f"model: {{a: {SECRET}}}", "`model` must be text, not a mapping"),
        (f"api_base: [{SECRET}]", "`api_base` must be text, not a list of 1"),
        (SECRET, "a configuration must be a mapping, not text"),
    ],
)
def test_no_message_shows_what_a_configuration_holds(lab: Lab, text: str, words: str) -> None:
    lab.config()
    (lab.home / "config.yaml").write_text(text)
    ran = lab("prompt", "facts")
    assert ran.code == 2
    assert words in ran.err
    assert "config.yaml:" in ran.err or "the config's `api_base`" in ran.err
    assert not any(part in ran.out + ran.err for part in ("Xq7", "hunter2", "PASS"))


def test_its_prices(lab: Lab) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        lab.config(lab=at(server))
        ran = lab("run", "facts", *MODEL, "--max-usd", "1")
        assert (ran.code, server.requests) == (2, 0), "unknown"
        lab.config(lab=at(server, prices={"input_per_million": 1, "output_per_million": 2}))
        assert lab("run", "facts", *MODEL, "--max-usd", "1").code == 0
    assert lab.manifest()["cost"]["prices"]["output_per_million"] == "2"
