"""What a call through litellm costs, by itself and through this package: `python -m benchmarks.litellm_calls [--calls N]`

The same requests to one local server, by a script that calls `litellm.acompletion` as its documentation shows, and by
the transport of this package. Each side is a process of its own, in turns; what the table shows are medians, and CPU time
is that of the side's own process. The server is a third process, answers at once, and counts that both sides sent it the
same bodies. Both sides read prices from litellm's own file: a script that does not ask for that fetches them at the import.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata

from datarecipe.exchange import Complete, Content, Draw

MODELS = ("openai/gpt-4o-mini", "openai/my-model", "hosted_vllm/my-model")
"""One that litellm has on its list, and two that it does not know, as on a server of one's own."""
IN_FLIGHT = (8, 32, 64)
SIDES = {"bare": "bare litellm", "ours": "datarecipe"}
KEY = "sk-benchmark"
MESSAGES = (
    ("system", "Write 5 more examples in the format of the user's. " * 10),
    ("user", json.dumps({"question": "is the sky blue on a clear day in summer?", "answer": "yes"}) * 5),
)

Ask = Callable[[Complete], Awaitable[int]]


def request(model: str, base: str, number: int) -> Complete:
    """The request that both sides make for a number."""
    content = Content(model, MESSAGES, {"temperature": 1, "max_tokens": 400}, None, base)
    return Complete(content, Draw(0, "root:0", number))


async def ask_at_once(ask: Ask, requests: Sequence[Complete], in_flight: int) -> dict[str, float]:
    """CPU milliseconds for each call, and calls a second."""
    room = asyncio.Semaphore(in_flight)

    async def one(wanted: Complete) -> None:
        async with room:
            assert await ask(wanted) > 0

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(wanted) for wanted in requests))
    spent = time.process_time() - cpu
    return {"cpu": spent / len(requests) * 1000, "rate": len(requests) / (time.perf_counter() - started)}


async def measure(ask: Ask, model: str, base: str, calls: int, started: float) -> None:
    """One side's process: report how it began, then a round of calls for each number in flight that is read from stdin.

    `started` is when it began to import litellm.
    """
    imported = time.perf_counter()
    await ask(request(model, base, 0))
    first = time.perf_counter()
    requests = [request(model, base, number) for number in range(calls)]
    await ask_at_once(ask, requests[:30], IN_FLIGHT[0])
    print(json.dumps({"import": imported - started, "first": first - imported}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await ask_at_once(ask, requests, int(line))), flush=True)


async def bare(model: str, base: str, calls: int) -> None:
    """litellm as its documentation shows it."""
    started = time.perf_counter()
    litellm = importlib.import_module("litellm")

    async def ask(wanted: Complete) -> int:
        reply = await litellm.acompletion(
            model=model,
            messages=[{"role": role, "content": text} for role, text in wanted.content.messages],
            temperature=1,
            max_tokens=400,
            seed=wanted.draw.seed,
            api_base=base,
            api_key=KEY,
        )
        assert reply.choices[0].message.content
        return int(reply.usage.completion_tokens)

    await measure(ask, model, base, calls, started)


async def ours(model: str, base: str, calls: int) -> None:
    """The same through this package."""
    from datarecipe.llm.providers.endpoint import resolve_endpoint  # noqa: PLC0415  # the other side does without
    from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport  # noqa: PLC0415

    provider = model.partition("/")[0].upper()
    endpoint = resolve_endpoint(
        model, flag_api_base=base, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    async with LitellmTransport(endpoint, environ={f"{provider}_API_KEY": KEY}) as transport:

        async def ask(wanted: Complete) -> int:
            completion = await transport.complete(wanted, timeout=60)
            assert completion.text
            assert completion.usage is not None
            return completion.usage.completion_tokens

        started = time.perf_counter()
        if (importing := transport.loading(request(model, base, 0))) is not None:
            await importing
        await measure(ask, model, base, calls, started)


async def serve() -> None:
    """The server's process: answer at once, in the name of the model asked, as servers do; print the port.

    When its standard input ends, print how often each body came, and end.
    """
    from aiohttp import web  # noqa: PLC0415  # the sides do without

    seen: Counter[str] = Counter()
    items = [{"question": f"is the sky blue on a clear day in summer {n}?", "answer": "yes"} for n in range(5)]
    message = {"role": "assistant", "content": json.dumps({"examples": items}), "refusal": None}
    usage = {"prompt_tokens": 400, "completion_tokens": 120, "total_tokens": 520}

    async def answer(asked: web.Request) -> web.Response:
        body = await asked.json()
        seen[json.dumps(body, sort_keys=True)] += 1
        choices = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices}
        return web.json_response(reply | {"usage": usage})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    print(json.dumps(sorted(seen.values())))


@contextmanager
def server(counts: list[int]) -> Iterator[str]:
    """A server process; gives its base URL, and in the end, in `counts`, how often each different body came."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.litellm_calls", "--side", "server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        counts += json.loads(process.communicate()[0])
    finally:
        process.kill()
        process.wait()


class Side:
    """One side's process."""

    def __init__(self, side: str, model: str, base: str, calls: int) -> None:
        command = [sys.executable, "-m", "benchmarks.litellm_calls", "--side", side, "--model", model, "--base", base]
        environ = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}
        self._process = subprocess.Popen(
            [*command, "--calls", str(calls)], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.began = self._read()

    def round(self, in_flight: int) -> dict[str, float]:
        """A round of calls."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{in_flight}\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> None:
        """Wait until it has ended by itself."""
        self._process.communicate()

    def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a side's process ended: {self._process.args!r}")
        found: dict[str, float] = json.loads(line)
        return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one side with one model."""

    began: list[dict[str, float]] = field(default_factory=list)
    rounds: dict[int, list[dict[str, float]]] = field(default_factory=lambda: {n: [] for n in IN_FLIGHT})


def compare(model: str, base: str, calls: int, rounds: int) -> Iterator[tuple[str, int | None, dict[str, float]]]:
    """Both sides in turns, so that what else the machine does meets both; gives (side, in flight, figures)."""
    sides = {}
    for name in SIDES:
        sides[name] = Side(name, model, base, calls)
        yield name, None, sides[name].began
    for _ in range(rounds):
        for in_flight in IN_FLIGHT:
            for name, side in sides.items():
                yield name, in_flight, side.round(in_flight)
    for side in sides.values():
        side.end()


def median(runs: Iterable[dict[str, float]], *names: str) -> float:
    """The median of a figure, or of the sum of several."""
    return statistics.median(sum(run[name] for name in names) for run in runs)


def print_tables(measured: dict[tuple[str, str], Figures]) -> None:
    """Print the tables: calls, and how a process begins."""
    print("| model | | " + " | ".join(f"{n} in flight: CPU ms a call | calls a second" for n in IN_FLIGHT) + " |")
    print("|---|---|" + "---:|---:|" * len(IN_FLIGHT))
    for (model, side), figures in measured.items():
        cells = [f"{median(runs, 'cpu'):.2f} | {median(runs, 'rate'):.0f}" for runs in figures.rounds.values()]
        print(f"| {model} | {SIDES[side]} | {' | '.join(cells)} |")
    print("\n| model | | import, s | first call, s | both, s |\n|---|---|---:|---:|---:|")
    for (model, side), figures in measured.items():
        cells = [f"{median(figures.began, *names):.2f}" for names in (("import",), ("first",), ("import", "first"))]
        print(f"| {model} | {SIDES[side]} | {' | '.join(cells)} |")


def main() -> None:
    """Print the tables, or what one side's process found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="in each round")
    parser.add_argument("--rounds", type=int, default=5, help="for each number in flight, in each process")
    parser.add_argument("--repeat", type=int, default=3, help="processes of each side")
    parser.add_argument("--model", nargs="+", default=MODELS)
    parser.add_argument("--side", choices=[*SIDES, "server"], help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side == "server":
        asyncio.run(serve())
        return
    if arguments.side is not None:
        play = bare if arguments.side == "bare" else ours
        asyncio.run(play(arguments.model[0], arguments.base, arguments.calls))
        return
    measured = {(model, side): Figures() for model in arguments.model for side in SIDES}
    counts: list[int] = []
    with server(counts) as base:
        for model in list(arguments.model) * arguments.repeat:
            for side, in_flight, found in compare(model, base, arguments.calls, arguments.rounds):
                figures = measured[model, side]
                (figures.began if in_flight is None else figures.rounds[in_flight]).append(found)
    # As many different bodies as one side sends, each as often from one as from the other.
    assert len(counts) == arguments.calls * len({model.partition("/")[2] for model in arguments.model})
    assert all(times % (2 * arguments.repeat) == 0 for times in counts), "the two sides sent different bodies"
    print_tables(measured)
    versions = " ".join(f"{name} {metadata.version(name)}," for name in ("litellm", "openai", "aiohttp", "httpx"))
    print(f"\nPython {platform.python_version()}, {versions} {platform.machine()}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
