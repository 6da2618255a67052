"""The embedded model for real: its answers, its limits, and that it leaves cleanly."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datarecipe.errors import ProviderError, TransientError, WeightsError
from datarecipe.exchange import Complete, Content, Draw, Example, Json
from datarecipe.generate.prompt.embedded_prompt import embedded_schema
from datarecipe.llm.embedded.embedded_transport import EmbeddedTransport
from datarecipe.llm.embedded.weights import SMOLLM2_135M, default_data_dir, ensure_weights
from datarecipe.recipe.recipe import LabelSpace, Recipe, Strategy, Task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

pytestmark = pytest.mark.embedded

MODEL = "local/smollm2-135m"


@pytest.fixture(scope="module")
def weights() -> Path:
    named = os.environ.get("DATARECIPE_WEIGHTS")
    return Path(named) if named else ensure_weights(SMOLLM2_135M, data_dir=default_data_dir())


@pytest.fixture
async def transport(weights: Path) -> AsyncIterator[EmbeddedTransport]:
    async with EmbeddedTransport(lambda: weights, model=MODEL) as running:
        yield running


def ask(text: str, *, lane: str = "root:0", schema: Json = None, **sampling: Json) -> Complete:
    settings: Mapping[str, Json] = {"max_tokens": 24, "temperature": 0.8, **sampling}
    wrapped: Mapping[str, Json] | None = None
    if schema is not None:
        wrapped = {"type": "json_schema", "json_schema": {"name": "examples", "schema": schema}}
    return Complete(Content(MODEL, (("user", text),), settings, wrapped, None), Draw(0, lane, 0))


async def test_answers_with_the_schema_as_grammar(transport: EmbeddedTransport) -> None:
    schema: Json = {
        "type": "object",
        "properties": {"text": {"type": "string", "pattern": "^[A-Z][ a-z]{8,20}[?]$"}, "label": {"const": "já"}},
        "required": ["text", "label"],
        "additionalProperties": False,
    }
    reply = await transport.complete(ask("Ask something.", schema=schema, max_tokens=60), timeout=60)
    example = json.loads(reply.text)
    assert list(example) == ["text", "label"]
    assert example["label"] == "já"
    assert example["text"].endswith("?")
    assert (reply.finish_reason, reply.answered_by) == ("stop", MODEL)
    assert reply.usage is not None
    assert 0 < reply.usage.completion_tokens <= 60
    assert reply.created.endswith("+00:00")


async def test_the_engine_knows_all_of_the_grammar_that_any_seed_leads_to(
    transport: EmbeddedTransport, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = [
        "Does cooked rice keep well in the freezer?",
        "The handle broke (again) on the first day: a shame!",
        "¿Puede volar un pingüino?",
        "क्या चाय में कैफ़ीन होती है?",
        "猫は一日に何時間眠りますか。",
        "costs $5 [per unit] ^ 2 - 10%",
        "New York",
        "two\nlines",
        "an end like this ^",
        "long text " * 300,
    ]
    for text in texts:
        schema = embedded_schema(_recipe_of({"text": text, "facts": {"km": 3, "tags": [text[:20]]}, "answer": 1.5}))
        reply = await transport.complete(ask("Write.", schema=schema, max_tokens=3), timeout=60)
        assert reply.finish_reason == "length"
    # It says so on stderr where it takes less of a schema than the whole.
    assert capfd.readouterr() == ("", "")


def _recipe_of(seed: Example) -> Recipe:
    return Recipe(
        name="test",
        task=Task("custom", "answer", None),
        instruction="",
        seed_examples=(seed,),
        labels=LabelSpace("open"),
        strategy=Strategy("tree"),
        target_size=1,
        schema={},
    )


async def test_a_cut_off_reply_and_a_prompt_that_is_too_long_are_responses(transport: EmbeddedTransport) -> None:
    cut_off = await transport.complete(ask("Tell a long story.", max_tokens=5), timeout=60)
    assert (cut_off.finish_reason, cut_off.usage and cut_off.usage.completion_tokens) == ("length", 5)
    overflow = await transport.complete(ask("word " * 3000), timeout=60)
    assert (overflow.finish_reason, overflow.text) == ("context_overflow", "")


async def test_draws_differ_and_more_requests_than_slots_are_answered(transport: EmbeddedTransport) -> None:
    requests = [ask("Name a thing.", lane=f"root:{number}") for number in range(2 * transport.slots)]
    replies = await asyncio.gather(*(transport.complete(request, timeout=120) for request in requests))
    assert len({reply.text for reply in replies}) > transport.slots


async def test_errors_of_the_engine_are_ours(transport: EmbeddedTransport) -> None:
    with pytest.raises(ProviderError, match="temperature"):
        await transport.complete(ask("x", temperature="hot"), timeout=60)
    with pytest.raises(TransientError, match="in time"):
        await transport.complete(ask("Tell a long story.", max_tokens=1500, ignore_eos=True), timeout=0.2)


async def test_nothing_is_loaded_before_the_first_request_and_what_fails_once_is_not_tried_again() -> None:
    tried: list[str] = []

    def locate() -> Path:
        tried.append("once")
        raise WeightsError("not here")

    async with EmbeddedTransport(locate, model=MODEL) as transport:
        assert tried == []
        for _ in range(2):
            with pytest.raises(WeightsError, match="not here"):
                await transport.complete(ask("x"), timeout=60)
    assert tried == ["once"]


async def test_weights_that_the_engine_cannot_read_are_explained(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\x03\0\0\0" + bytes(1000))
    async with EmbeddedTransport(lambda: broken, model=MODEL) as transport:
        with pytest.raises(WeightsError, match=r"cannot run .*broken\.gguf"):
            await transport.complete(ask("x"), timeout=60)


async def test_leaving_in_the_midst_of_work_takes_a_moment(weights: Path) -> None:
    async with EmbeddedTransport(lambda: weights, model=MODEL) as transport:
        await transport.complete(ask("x", max_tokens=1), timeout=60)
        stories = [
            asyncio.create_task(
                transport.complete(ask("Story", lane=f"root:{n}", max_tokens=1800, ignore_eos=True), timeout=600)
            )
            for n in range(2 * transport.slots)
        ]
        await asyncio.sleep(0.3)
        stories[0].cancel()
        started = time.monotonic()
    assert time.monotonic() - started < 60
    ends = await asyncio.gather(*stories, return_exceptions=True)
    assert all(isinstance(end, TransientError | asyncio.CancelledError) for end in ends)


async def test_it_is_quiet_and_opens_no_port(
    weights: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _listening()
    async with EmbeddedTransport(lambda: weights, model=MODEL) as transport:
        await transport.complete(ask("Hello."), timeout=60)
        assert _listening() == before
    assert capfd.readouterr() == ("", "")


def _listening() -> set[str]:
    """Inodes of this process's TCP sockets that wait for connections."""
    own = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            own.add(str(descriptor.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                found.add(fields[9])
    return found


def test_the_probe_for_open_ports_sees_one() -> None:
    before = _listening()
    with socket.create_server(("127.0.0.1", 0)):
        assert len(_listening() - before) == 1
