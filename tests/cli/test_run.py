"""`datarecipe run`: what it says while it runs and after, to people and to machines."""

from __future__ import annotations

import functools
import json
import os
import shlex
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author
from tests.openai_faults import Fault, always, every
from tests.openai_server import OpenAIServer
from tests.runs import MODEL, RECIPE, Files, write_recipe

KEY = {"OPENAI_API_KEY": "sk-a-secret-that-nobody-may-see"}
PRICES = "prices: {input_per_million: 0.5, output_per_million: 1.5}\n"


def run(folder: Path, server: OpenAIServer, *arguments: str) -> Ran:
    """`datarecipe run recipes/facts.yaml ARGUMENTS` in `folder`."""
    recipe = folder / "recipes" / "facts.yaml"
    if not recipe.exists():
        write_recipe(folder, RECIPE + PRICES)
    flags = ("--model", "openai/author", "--api-base", server.base_url, "--trust")
    return datarecipe("run", "recipes/facts.yaml", *flags, *arguments, cwd=folder, env=KEY)


def events_in(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_events_tell_machines_how_it_went(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000), latency=0.05, faults=every(9, Fault("server_error"))) as server:
        ran = run(tmp_path, server, "--events", "events.jsonl", "--json", "--concurrency", "2")
    assert ran.code == 0, ran.err
    events = events_in(tmp_path / "events.jsonl")
    names = [event["event"] for event in events]
    assert names[0] == "begin"
    assert names[-1] == "end"
    assert set(names) == {"begin", "progress", "notice", "end"}
    begin, end = events[0], events[-1]
    assert (begin["run"], begin["model"], begin["target_size"]) == ("facts", "openai/author", 60)
    document = json.loads(ran.out)
    assert {key: end[key] for key in document if key != "name"} == {k: v for k, v in document.items() if k != "name"}
    assert (end["run"], end["exit_code"], end["accepted"]) == ("facts", 0, 60)
    times = [str(event["at"]) for event in events]
    assert times == sorted(times)
    progress = [event for event in events if event["event"] == "progress"]
    fields = {
        "accepted",
        "target_size",
        "rejected",
        "in_flight",
        "limit",
        "cost",
        "yield",
        "seconds_left",
        "down",
    }
    assert all(fields <= event.keys() for event in progress)
    accepted = [event["accepted"] for event in progress]
    assert accepted == sorted(accepted, key=lambda count: int(str(count)))
    assert KEY["OPENAI_API_KEY"] not in (tmp_path / "events.jsonl").read_text()


def test_events_of_later_runs_are_appended_and_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        for _ in range(2):
            assert run(tmp_path, server, "--events", "events.jsonl", "--quiet").code == 0
        requests = server.requests
        ran = run(tmp_path, server, "--events", "no/such/folder/events.jsonl", "--target-size", "90")
        assert ran.code == 2
        assert "--events" in ran.err
        assert server.requests == requests
    assert [event["event"] for event in events_in(tmp_path / "events.jsonl")].count("end") == 2


def test_the_log_is_kept_over_runs_and_holds_no_key(tmp_path: Path) -> None:
    secret = KEY["OPENAI_API_KEY"]
    with OpenAIServer(faults=always(Fault("bad_key", message=f"Incorrect API key provided: {secret}"))) as server:
        refused = run(tmp_path, server)
        assert refused.code == 4
        server.faults = every(5, Fault("server_error", message=f"no luck with {secret}"))
        server.answer = Author(variety=3000)
        ran = run(tmp_path, server)
        assert ran.code == 0
    log = (tmp_path / "runs" / "facts" / "run.log").read_text()
    assert log.count("facts: 60 examples") == 2
    assert "ended early" in log
    assert "done" in log
    for text in (log, refused.err, ran.err, ran.out):
        assert secret not in text
    manifest = (tmp_path / "runs" / "facts" / "manifest.json").read_text()
    assert secret not in manifest


def test_quiet_says_errors_only_and_json_is_one_document(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        ran = run(tmp_path, server, "--quiet")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        short = run(tmp_path, server, "--quiet", "--target-size", "400", "--set", "limits.calls=20")
        assert short.code == 3
        assert short.err.startswith("error:")
        document = json.loads(run(tmp_path, server, "--quiet", "--json").out)
        assert (document["outcome"], document["sent"]) == ("target", 0)


@pytest.mark.parametrize("cap", ["limits.usd=0.002", "limits.tokens=3000", "limits.calls=8"])
def test_at_a_cap_the_command_that_goes_on_is_named_and_does(tmp_path: Path, cap: str) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        ran = run(tmp_path, server, "--set", cap, "--concurrency", "4")
        assert ran.code == 3
        assert f"`{cap.partition('=')[0]}` is reached" in ran.err
        before = (tmp_path / "runs" / "facts" / "data.jsonl").read_bytes()
        for _ in range(6):
            program, *arguments = shlex.split(ran.err[ran.err.index("datarecipe run") :].splitlines()[0])
            assert program == "datarecipe"
            ran = datarecipe(*arguments, cwd=tmp_path, env=KEY)
            after = (tmp_path / "runs" / "facts" / "data.jsonl").read_bytes()
            assert after.startswith(before)
            before = after
            if ran.code == 0:
                break
            assert ran.code == 3
        assert ran.code == 0
        assert len(Files.of(tmp_path / "runs" / "facts").data.splitlines()) == 60


def test_what_was_used_is_said_in_the_provider_s_own_count(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        ran = run(tmp_path, server)
        tokens = sum(asked + answered for asked, answered in server.billed)
        assert f"used: {server.requests} calls, {tokens:,} tokens, $" in ran.err
        again = run(tmp_path, server, "--target-size", "90")
        assert f"over all runs {server.requests} calls" in again.err


def test_without_a_terminal_lines_are_calm(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000), latency=0.02) as server:
        ran = run(tmp_path, server)
    assert ran.code == 0
    assert "\x1b" not in ran.err + ran.out
    assert "\r" not in ran.err + ran.out
    first, *_, last = ran.err.splitlines()
    assert first.startswith("facts: 60 examples, strategy fixed, model openai/author (from --model)")
    assert last == "dataset: runs/facts"
    assert len(ran.err.splitlines()) < 10


def test_too_little_for_stop_when_ends_the_run_and_says_why(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=8)) as server:
        ran = run(tmp_path, server, "--set", "limits.stop_when={duplicates_above: 0.5, window: 5}")
        assert ran.code == 3
        assert "stop_when" in ran.err
        assert json.loads((tmp_path / "runs" / "facts" / "manifest.json").read_text())["outcome"] == "degraded"


def test_the_command_at_a_cap_goes_on(tmp_path: Path) -> None:
    """However small the cap was, what is offered has room for more, and says each thing once."""
    with OpenAIServer(Author(variety=3000)) as server:
        short = run(tmp_path, server, "--overwrite", "--set", "limits.usd=0.00001")
        assert short.code == 3
        assert "Raise the cap: " in short.err, "there is no dataset yet"
        for _ in range(12):
            offered = shlex.split(short.err.strip().splitlines()[-1].partition(": ")[2])
            assert offered[:2] == ["datarecipe", "run"]
            assert "--overwrite" not in offered or "Raise the cap: " in short.err, "once there is a dataset it goes on"
            assert sum(word.startswith("limits.usd=") for word in offered) == 1
            requests = server.requests
            short = datarecipe(*offered[1:], cwd=tmp_path, env=KEY)
            if short.code == 0:
                break
            assert server.requests > requests, "it went on"
    assert short.code == 0


def test_what_failed_is_told(tmp_path: Path) -> None:
    faults = every(6, Fault("rate_limit", retry_after=0.01), Fault("server_error"), Fault("html"))
    with OpenAIServer(Author(variety=3000), faults=faults) as server:
        ran = run(tmp_path, server, "--json", "--concurrency", "4")
        failed = sum(1 for number in range(server.requests) if number % 6 == 5)
    assert ran.code == 0
    document = json.loads(ran.out)["failed_attempts"]
    assert set(document) == {"rate limit", "server error", "unreadable"}
    assert sum(document.values()) == failed
    assert f"failed attempts: {document['rate limit']} rate limit" in ran.err
    manifest = json.loads((tmp_path / "runs" / "facts" / "manifest.json").read_text())
    assert manifest["this_run"]["failed_attempts"] == document
    log = (tmp_path / "runs" / "facts" / "run.log").read_text()
    assert "the provider asks to slow down" in log, "notices about a provider stand there too"


def test_another_run_s_folder_says_what_is_different_and_there_is_a_place_beside_it(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        assert run(tmp_path, server, "--quiet").code == 0
        refused = run(tmp_path, server, "--set", "strategy.kind=tree", "--random-seed", "7")
        assert refused.code == 2
        assert "`random_seed`, `strategy` are different" in refused.err
        refused = run(tmp_path, server, "--random-seed", "7", "--model", "hosted_vllm/author")
        assert refused.code == 2
        (first, *_) = refused.err.partition("\n  ")
        assert first.endswith("`model`, `profile`, `random_seed`, `response_format` are different"), first
        beside = run(tmp_path, server, "--random-seed", "7", "--runs-dir", "other")
        assert beside.code == 0
    assert (tmp_path / "other" / "facts" / "data.jsonl").exists()


def test_where_nothing_happens_that_is_told_too(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000), faults=every(8, Fault("rate_limit", retry_after=13))) as server:
        ran = run(tmp_path, server, "--concurrency", "4", "--target-size", "50")
    assert ran.code == 0
    assert "the provider asks for a pause of 13 s" in ran.err
    assert "0 in flight of 3 (" in ran.err
    assert "s to wait: the provider's pause)" in ran.err


def test_a_wrong_address_is_told_soon(tmp_path: Path) -> None:
    with OpenAIServer() as gone:
        nobody = gone
    ran = run(tmp_path, nobody)
    assert ran.code == 3
    assert "Is the address right, and does the server run?" in ran.err


def test_a_place_for_events_that_fills_up_ends_no_run(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        ran = run(tmp_path, server, "--events", "/dev/full")
    assert ran.code == 0
    assert "Traceback" not in ran.err
    assert "--events /dev/full is no longer written: No space left on device" in ran.err
    assert "done: 60 of 60" in ran.err


def test_a_run_that_cannot_begin_has_an_end_among_the_events(tmp_path: Path) -> None:
    write_recipe(tmp_path, RECIPE)
    with OpenAIServer() as server:
        for flags in (("--max-usd", "1"), ("--set", "limits.usd=1")):
            ran = run(tmp_path, server, "--events", "events.jsonl", *flags)
            assert ran.code == 2
    ends = [event for event in events_in(tmp_path / "events.jsonl") if event["event"] == "end"]
    assert [(end["outcome"], end["exit_code"]) for end in ends] == [("error", 2)] * 2


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e300"])
def test_a_budget_that_is_no_number_is_a_user_s_mistake(tmp_path: Path, value: str) -> None:
    with OpenAIServer() as server:
        ran = run(tmp_path, server, "--max-usd", value)
        assert ran.code == 2
        assert "Traceback" not in ran.err
        assert server.requests == 0


def test_the_offered_command_shows_no_password_and_keeps_what_it_needs(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        assert run(tmp_path, server, "--quiet").code == 0
        secret = server.base_url.replace("://", "://user:s3cret-word@")
        recipe = (
            "run",
            "recipes/facts.yaml",
            "--model",
            "openai/author",
            "--api-base",
            secret,
            "--trust",
            "--random-seed",
            "5",
        )
        flags = ("--overwrite", "--set", "limits.usd=0.00001")
        ran = datarecipe(*recipe, *flags, cwd=tmp_path, env=KEY)
    assert ran.code == 3
    assert "s3cret-word" not in ran.err
    assert "--overwrite" in ran.err.splitlines()[-1], "the folder holds the other dataset still"


def test_every_account_of_the_money_is_the_provider_s(tmp_path: Path) -> None:
    """Terminal, summary, events, manifest and file after two runs with failed attempts, beside what the server billed."""
    faults = every(5, Fault("rate_limit", retry_after=0.01))
    with OpenAIServer(Author(variety=3000), faults=faults) as server:
        assert run(tmp_path, server, "--quiet", "--target-size", "30").code == 0
        first, calls = len(server.billed), server.requests
        ran = run(tmp_path, server, "--json", "--events", "events.jsonl")
        billed = [Decimal(asked * 5 + answered * 15) / 10_000_000 for asked, answered in server.billed]
        in_all, now = sum(billed, Decimal(0)), sum(billed[first:], Decimal(0))
        requests = server.requests
    assert ran.code == 0
    document = json.loads(ran.out)
    (end,) = [event for event in events_in(tmp_path / "events.jsonl") if event["event"] == "end"]
    assert document["cost"] == end["cost"]
    assert Decimal(document["cost"]["usd"]) == now
    assert Decimal(document["cost"]["usd_over_all_runs"]) == in_all
    assert document["cost"]["calls"] == requests - calls
    manifest = json.loads((tmp_path / "runs" / "facts" / "manifest.json").read_text())["cost"]
    assert (Decimal(manifest["all_runs"]["usd"]), manifest["all_runs"]["calls"]) == (in_all, requests)
    assert (Decimal(manifest["this_run"]["usd"]), manifest["this_run"]["calls"]) == (now, requests - calls)
    (model,) = manifest["by_model"]
    assert (model["model"], Decimal(model["usd"]), model["calls"]) == ("openai/author", in_all, requests)
    assert f"used: {requests - calls} calls" in ran.err
    assert f"over all runs {requests} calls" in ran.err


def test_two_places_for_one_run_are_one_too_many(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        ran = run(tmp_path, server, "--output", "here", "--runs-dir", "there")
        assert (ran.code, server.requests) == (2, 0)
    assert "--runs-dir" in ran.err


def test_the_offered_command_is_read_by_a_shell_as_it_was_typed(tmp_path: Path) -> None:
    instruction = "Write {{ batch_size }} new examples.\nIt's \\n at the end\t."
    with OpenAIServer(Author(variety=3000)) as server:
        write_recipe(tmp_path)
        flags = ("--model", MODEL, "--api-base", server.base_url, "--set", f"instruction={instruction}")
        urls = ("--set", "description=see https://x.example?u=@bob", "--set", "limits.calls=4")
        ran = datarecipe("run", *flags, *urls, "--", "recipes/facts.yaml", cwd=tmp_path, env=KEY)
        assert ran.code == 3, ran.err
        offered = ran.err[ran.err.index("datarecipe run") :].splitlines()[0]
        words = subprocess.run(
            ["bash", "-c", f"for word in {offered}; do printf '%s\\0' \"$word\"; done"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")[1:-1]
        assert words[-2:] == ["--", "recipes/facts.yaml"]
        assert f"instruction={instruction}" in words
        assert "description=see https://x.example?u=@bob" in words
        again = datarecipe(*words, cwd=tmp_path, env=KEY)
        assert "another run" not in again.err
        assert again.code == 0, again.err


@pytest.mark.parametrize("flags", [("--json",), ()])
def test_an_output_that_takes_nothing_is_told_without_a_traceback(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        write_recipe(tmp_path)
        command = [sys.executable, "-m", "datarecipe", "run", "recipes/facts.yaml", "--model", MODEL, *flags]
        command += ["--api-base", server.base_url]
        with Path("/dev/full").open("w") as full:
            start = functools.partial(subprocess.run, cwd=tmp_path, env={**os.environ, **KEY}, text=True, check=False)
            done = start(command, stdout=full, stderr=subprocess.PIPE)
            assert "Traceback" not in done.stderr
            assert "Exception ignored" not in done.stderr
            assert done.stderr.splitlines()[-1] == "error: the output cannot be written: No space left on device"
            assert done.returncode == 4
            capped = [*command, "--target-size", "400", "--set", "limits.calls=16"]
            done = start(capped, stderr=full, stdout=subprocess.PIPE)
            assert done.returncode == 3, "what the run came to"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(tmp_path: Path, closed: str) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        assert run(tmp_path, server).code == 0
        whole = Files.of(tmp_path / "runs" / "facts")
        where = f"--model {MODEL} --api-base {server.base_url}"
        command = f"{shlex.quote(sys.executable)} -m datarecipe run recipes/facts.yaml {where} --runs-dir new {closed}"
        assert subprocess.run(command, shell=True, cwd=tmp_path, env={**os.environ, **KEY}, check=False).returncode == 0
    assert Files.of(tmp_path / "new" / "facts").data == whole.data


def test_a_pipe_in_place_of_the_log_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "runs" / "facts").mkdir(parents=True)
    os.mkfifo(tmp_path / "runs" / "facts" / "run.log")
    with OpenAIServer(Author(variety=3000)) as server:
        ran = run(tmp_path, server)
    assert ran.code == 0
    assert "run.log is no longer written: it is no file" in ran.err


def test_where_the_folder_is_plan_and_explain_can_be_told_as_well(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        assert run(tmp_path, server, "--runs-dir", "other").code == 0
        data = tmp_path / "other" / "facts" / "data.jsonl"
        data.write_text(data.read_text() + "{}\n")
        where = ("--model", MODEL, "--api-base", server.base_url, "--runs-dir", "other")
        planned = datarecipe("plan", "recipes/facts.yaml", *where, cwd=tmp_path, env=KEY)
        assert planned.code == 0
        assert "was changed since its run wrote it (61 lines now)" in " ".join(planned.out.split())
        explained = datarecipe("cache", "explain", "recipes/facts.yaml", *where, cwd=tmp_path, env=KEY)
        assert "a run would be refused: " in explained.out
        twice = datarecipe("plan", "recipes/facts.yaml", *where, "--output", "x", cwd=tmp_path, env=KEY)
        assert twice.code == 2


def test_what_an_output_s_encoding_lacks_is_shown_as_an_escape(tmp_path: Path) -> None:
    write_recipe(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "datarecipe",
                "run",
                "recipes/facts.yaml",
                "--model",
                MODEL,
                "--api-base",
                server.base_url,
            ],
            cwd=tmp_path,
            env={**KEY, "PYTHONIOENCODING": "latin-1"},
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5
    assert rb"\u201cquoted\u201d" in done.stdout
