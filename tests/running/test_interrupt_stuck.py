"""A signal ends the process within two seconds, whatever the event loop or a thread is busy with, and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.running.test_interrupt import INTERRUPTED, command_for, start
from tests.running.test_kill import _stored as stored_in

HOLDS = {
    "a reply is judged": "import datarecipe.generate.judge.batch_judge as m; m.Judge.batch = lambda *_: stuck()",
    "a template renders": "import datarecipe.generate.prompt.render as m; m.Renderer.content = lambda *_, **__: stuck()",
    "the disk does not answer": (
        "import datarecipe.llm.cache.response_cache as m; m.ResponseCache.get = lambda *_: time.sleep(600)"
    ),
    "rows are written": "import datarecipe.run_folder.write.writer as m; m.RunFolder.write = lambda *_: time.sleep(600)",
    "a connection is silent": (
        "import datarecipe.llm.transports.direct_transport as m\n"
        "async def complete(*_, **__): await asyncio.to_thread(time.sleep, 600)\n"
        "m.DirectTransport.complete = complete"
    ),
    "litellm is imported": (
        "import datarecipe.llm.through_litellm.litellm_transport as m\n"
        "m.LitellmTransport._import = lambda _: time.sleep(600)"
    ),
    "litellm reads a reply": (
        "import datarecipe.llm.through_litellm.litellm_transport as m\nasync def ask(*_): stuck()\nm._ask = ask"
    ),
    "a thread computes": (
        "import datarecipe.llm.transports.direct_transport as m\n"
        "async def complete(*_, **__): await asyncio.to_thread(stuck)\n"
        "m.DirectTransport.complete = complete"
    ),
}
"""What holds a run, as a program would be held by a hostile reply, a disk or a library."""

PROGRAM = """
import asyncio, sys, time
def stuck():
    print("held", file=sys.stderr, flush=True)
    while True:
        sum(range(1000))
sleep = time.sleep
def slow(seconds):
    if seconds > 60: print("held", file=sys.stderr, flush=True)
    sleep(seconds)
time.sleep = slow
{hold}
from datarecipe.cli.main import main
main()
"""


def held(tmp_path: Path, server: OpenAIServer, hold: str) -> subprocess.Popen[str]:
    """A run that is held there."""
    transport = "litellm" if hold.startswith("litellm") else "direct"
    _, _, *arguments = command_for(tmp_path, server, "--transport", transport)
    process = start([sys.executable, "-c", PROGRAM.format(hold=HOLDS[hold]), *arguments[1:]], tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if line == "held\n":
            return process
    raise AssertionError(process.wait())


@pytest.mark.parametrize("hold", HOLDS)
@pytest.mark.parametrize("numbers", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=str)
def test_a_held_process_ends(tmp_path: Path, hold: str, numbers: list[signal.Signals]) -> None:
    with OpenAIServer(Author(variety=5000)) as server:
        process = held(tmp_path, server, hold)
        if hold.startswith(("a connection", "a thread")):
            numbers = [*numbers, signal.SIGTERM][:2]  # the loop is alive, and waits half a minute for what is paid
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.2)
        _, err = process.communicate(timeout=30)
        # Before the run begins, where the first prompt is rendered, the signals have their usual meaning.
        assert process.returncode in (INTERRUPTED, -signal.SIGTERM), err
        assert "Traceback" not in err
        assert "interrupted" in err or process.returncode == -signal.SIGTERM
        stored = len(stored_in(tmp_path / "cache")) if (tmp_path / "cache").exists() else 0
        again = subprocess.run(
            command_for(tmp_path, server, "--target-size", "20"),
            env={"OPENAI_API_KEY": "sk-test", "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert again.returncode == 0, again.stderr
        assert len(stored_in(tmp_path / "cache")) >= stored
