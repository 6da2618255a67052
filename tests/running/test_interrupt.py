"""Ctrl-C at random moments, under load and faults: what was asked for is kept, and the same command goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datarecipe.running.drive.interrupt import Interrupts
from tests.openai_author import Author
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer, lognormal
from tests.running.test_faults import with_chances
from tests.running.test_kill import _stored as stored_in
from tests.running.test_kill import assert_nothing_stored_was_asked
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

INTERRUPTED = 130
FAULTS = {Fault("rate_limit", retry_after=0.02): 0.05, Fault("server_error"): 0.02, Fault("cut_connection"): 0.02}


def command_for(folder: Path, server: OpenAIServer, *flags: str) -> list[str]:
    recipe = write_recipe(folder / "project")
    command = [sys.executable, "-m", "datarecipe", "run", str(recipe), "--model", "openai/author"]
    command += ["--api-base", server.base_url, "--output", str(folder / "out"), "--cache-dir", str(folder / "cache")]
    return [*command, "--strategy", "tree", "--target-size", "400", "--concurrency", "16", *flags]


def start(
    command: list[str], home: Path, cwd: Path | None = None, output: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=cwd,
        env={"OPENAI_API_KEY": "sk-test", "HOME": str(home), "PATH": ""},
        stderr=subprocess.PIPE,
        stdout=output,
        text=True,
        # Who runs the tests in the background has Ctrl-C ignored, for whatever is started too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - set by exec
    )


def wait_until_asked(process: subprocess.Popen[str], server: OpenAIServer, requests: int) -> None:
    deadline = time.monotonic() + 60
    while server.requests < requests and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)


def test_interrupts_at_random_moments_under_load_and_faults(tmp_path: Path) -> None:
    chance = random.Random(4)
    with OpenAIServer(Author(variety=5000), latency=lognormal(0.03), faults=with_chances(FAULTS)) as server:
        flags = {"strategy.kind": "tree", "target_size": 400, "limits.concurrency": 16}
        recipe = recipe_with(write_recipe(tmp_path / "project"), **flags)
        uninterrupted = setup_for(recipe, server.base_url, tmp_path / "uninterrupted", tmp_path / "other-cache")
        assert run(uninterrupted).exit_code == 0

        command = command_for(tmp_path, server)
        interrupted = 0
        data = b""
        for _ in range(8):
            before, stored = server.requests, stored_in(tmp_path / "cache")
            process = start(command, tmp_path)
            wait_until_asked(process, server, before + chance.randint(1, 30))
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert "Traceback" not in err
            assert_nothing_stored_was_asked(server, before, stored)
            if process.returncode == 0:
                break
            assert process.returncode == INTERRUPTED, err
            assert "Run the same command again" in err
            interrupted += 1
            now = (tmp_path / "out" / "data.jsonl").read_bytes() if (tmp_path / "out" / "data.jsonl").exists() else b""
            assert now.startswith(data)
            data = now
        assert interrupted >= 3
        before, stored = server.requests, stored_in(tmp_path / "cache")
        assert subprocess.run(command, env={"OPENAI_API_KEY": "sk-test"}, check=False).returncode == 0
        assert_nothing_stored_was_asked(server, before, stored)
        assert Files.of(tmp_path / "out") == Files.of(tmp_path / "uninterrupted")
        assert Files.of(tmp_path / "out").data.startswith(data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_in_flight_is_kept(tmp_path: Path, number: signal.Signals) -> None:
    with OpenAIServer(Author(variety=5000), latency=0.4) as server:
        process = start(command_for(tmp_path, server), tmp_path)
        wait_until_asked(process, server, 24)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED, err
        assert server.answered == server.requests == len(stored_in(tmp_path / "cache"))
        assert "abandoned" not in err


def test_twice_and_nothing_is_waited_for(tmp_path: Path) -> None:
    """Nothing here is ever answered: whoever waited for it would wait half a minute."""
    with OpenAIServer(Author(), faults=always(Fault("hang"))) as server:
        process = start(command_for(tmp_path, server), tmp_path)
        wait_until_asked(process, server, 8)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        requests = server.requests
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == INTERRUPTED, err
        assert err.count("stopping: waiting up to 30 s for requests in flight") == 1
        assert "8 requests abandoned in flight" in err
        assert "Traceback" not in err
        assert server.requests == requests, "after the first nothing more is sent"


def test_while_the_provider_refuses_everything(tmp_path: Path) -> None:
    """Pauses between attempts are not waited for."""
    with OpenAIServer(Author(), faults=always(Fault("rate_limit", retry_after=100))) as server:
        process = start(command_for(tmp_path, server), tmp_path)
        wait_until_asked(process, server, 8)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED, err
        assert server.requests <= 16


def test_before_anything_is_sent_and_while_it_replays(tmp_path: Path) -> None:
    chance = random.Random(5)
    with OpenAIServer(Author(variety=5000)) as server:
        command = command_for(tmp_path, server)
        process = start(command, tmp_path)
        press_when_there(process, tmp_path / "out" / ".lock")
        _, err = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED, err
        assert "Traceback" not in err
        assert subprocess.run(command, env={"OPENAI_API_KEY": "sk-test"}, check=False).returncode == 0
        whole, requests = Files.of(tmp_path / "out"), server.requests
        for _ in range(5):
            process = start(command, tmp_path)
            press_when_there(process, tmp_path / "out" / "data.jsonl.partial", chance.uniform(0, 0.05))
            _, err = process.communicate(timeout=60)
            assert process.returncode in (0, INTERRUPTED), err
            assert "Traceback" not in err
            assert Files.of(tmp_path / "out") == whole, "a shorter dataset never takes the place of a longer one"
        assert server.requests == requests


def press_when_there(process: subprocess.Popen[str], file: Path, later: float = 0) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(later)
    process.send_signal(signal.SIGINT)


def test_many_recipes_end_together(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=5000), latency=lognormal(0.05)) as server:
        second = write_recipe(tmp_path / "project", name="second")
        second.write_text(second.read_text().replace("name: facts", "name: second").replace("Write", "Do write"))
        command = command_for(tmp_path, server, "--random-seed", "3")
        at = command.index("--output")
        command[at : at + 2] = [str(second)]
        process = start(command, tmp_path)
        wait_until_asked(process, server, 20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED, err
        assert "Traceback" not in err
        assert len(stored_in(tmp_path / "cache")) == server.answered == server.requests


PROGRAM = """
import signal
import sys

import datarecipe

OWN = "OWN_HANDLER"
if OWN == "True":
    signal.signal(signal.SIGINT, lambda *_: print("mine", flush=True))
before = signal.getsignal(signal.SIGINT)
try:
    datarecipe.run(sys.argv[1], **dict(word.split("=", 1) for word in sys.argv[2:]))
    print("returned")
except KeyboardInterrupt:
    print("KeyboardInterrupt")
print(signal.getsignal(signal.SIGINT) is before)
"""


def program_for(folder: Path, server: OpenAIServer, *, own_handler: bool = False) -> list[str]:
    text = Path(write_recipe(folder / "project")).read_text()
    recipe = write_recipe(folder / "project", text.replace("target_size: 60", "target_size: 400"))
    program = PROGRAM.replace("OWN_HANDLER", str(own_handler))
    options = [f"output={folder / 'out'}", f"cache_dir={folder / 'cache'}"]
    return [sys.executable, "-c", program, str(recipe), "model=openai/author", f"api_base={server.base_url}", *options]


def test_a_program_s_run_keeps_what_is_in_flight_too(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=5000), latency=0.4) as server:
        process = start(program_for(tmp_path, server), tmp_path, output=subprocess.PIPE)
        wait_until_asked(process, server, 24)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert out.split() == ["KeyboardInterrupt", "True"], err
        assert err.startswith("stopping: waiting up to 30 s for requests in flight"), (
            "else it seems that nothing comes of it"
        )
        assert "Traceback" not in err
        assert server.answered == server.requests == len(stored_in(tmp_path / "cache"))
    assert (tmp_path / "out" / "data.jsonl").stat().st_size > 0


def test_a_program_s_run_waits_for_nothing_after_the_second(tmp_path: Path) -> None:
    with OpenAIServer(Author(), faults=always(Fault("hang"))) as server:
        process = start(program_for(tmp_path, server), tmp_path, output=subprocess.PIPE)
        wait_until_asked(process, server, 8)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert out.split() == ["KeyboardInterrupt", "True"], err


def test_a_program_that_handles_it_has_its_way(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=5000), latency=0.05) as server:
        process = start(program_for(tmp_path, server, own_handler=True), tmp_path, output=subprocess.PIPE)
        wait_until_asked(process, server, 8)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert out.split() == ["mine", "returned", "True"], err


LAST_MOMENT = """
import os
import signal
import sys

import datarecipe


class Pressing:
    begin = notice = progress = lambda *_: None

    def end(self, result):
        os.kill(os.getpid(), signal.SIGINT)


options = dict(word.split("=", 1) for word in sys.argv[2:])
try:
    datarecipe.run(sys.argv[1], observer=Pressing(), **options)
    print("returned")
except KeyboardInterrupt:
    print("KeyboardInterrupt")
"""


def test_in_the_last_moment_of_a_program_s_run_it_is_heard_too(tmp_path: Path) -> None:
    """Also where all is stored: then the event loop has nothing more to do, and would never come to a signal."""
    recipe = write_recipe(tmp_path / "project")
    with OpenAIServer(Author(variety=5000)) as server:
        setup = setup_for(recipe_with(recipe), server.base_url, tmp_path / "out", tmp_path / "cache")
        assert run(setup).exit_code == 0
        options = [f"output={tmp_path / 'again'}", f"cache_dir={tmp_path / 'cache'}", f"api_base={server.base_url}"]
        command = [sys.executable, "-c", LAST_MOMENT, str(recipe), "model=openai/author", *options]
        out, err = start(command, tmp_path, output=subprocess.PIPE).communicate(timeout=60)
    assert out.split() == ["KeyboardInterrupt"], err
    assert Files.of(tmp_path / "again") == Files.of(tmp_path / "out")


@pytest.mark.parametrize("graces", [(), (0.0,), (30.0,), (0.0, 30.0)])
def test_the_words_tell_how_long_the_runs_wait(graces: tuple[float, ...]) -> None:
    told: list[str] = []
    interrupts = Interrupts(notice=told.append)
    for grace in graces:
        interrupts.listen(lambda: None, grace)
    interrupts.press()
    interrupts.press()
    waiting = "stopping: waiting up to 30 s for requests in flight; Ctrl-C again to stop waiting"
    assert told == [waiting if 30.0 in graces else "stopping", "stopping now"]
