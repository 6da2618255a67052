"""The embedded model as a transport: llama.cpp inside this process, reached by function calls.

The engine (`xllamacpp`) decodes up to `SLOTS` requests together; each waits in a thread of its own, so the event loop
is never blocked. It is loaded at the first request, not before: a rerun that finds everything in the cache reads no
weights. Replies are streamed, only because between two tokens the engine asks whether to go on: that is what makes a
timeout or an interrupt take effect within a token's time.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from datarecipe.errors import DatarecipeError, MissingExtraError, ProviderError, TransientError, WeightsError
from datarecipe.exchange import Complete, Completion, FinishReason, Json, Usage
from datarecipe.llm.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

SLOTS: Final = 8
"""Requests that are decoded together. Measured best on two cores; more share the same arithmetic and context."""

CONTEXT: Final = 16_384
"""Tokens of context in all; each slot has an eighth of it, prompt and reply together."""

INSTALL: Final = "pip install 'datarecipe-llm[local]'"

_CONTEXT_ERROR: Final = "exceed_context_size_error"
_WAIT_POLICY: Final = "OMP_WAIT_POLICY"
_SOCKET_PATH_LIMIT: Final = 100
"""Bytes; the kernel's limit for the path of a Unix socket is 104 to 108."""


class EmbeddedTransport(Transport):
    """Answers requests with a GGUF model in this process.

    `locate` gives the path of the weights, fetching them if need be. It is called once, in a thread, at the first request,
    and should end soon once `stopping` is set. `model` is the model's name for the record.
    """

    slots: int = SLOTS

    def __init__(self, locate: Callable[[], Path], *, model: str) -> None:
        self._locate = locate
        self._model = model
        self._threads = ThreadPoolExecutor(SLOTS, thread_name_prefix="embedded-model")
        self._starting = Lock()
        self._server: Any = None
        self._socket_folder: Path | None = None
        self._broken: DatarecipeError | None = None
        self.stopping = Event()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        # Each thread sees `stopping` at its next token or the fetch at its next look, so this waits a moment at most.
        # It is shielded because leaving half-way would leave threads that the interpreter waits for at its exit.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._close))

    def _close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        # The binding frees the model, its threads and its socket when the last reference goes.
        self._server = None
        _remove(self._socket_folder)

    def check(self) -> None:
        """Raise `MissingExtraError` where the engine is not installed. Loads nothing."""
        if find_spec("xllamacpp") is None:
            raise _missing_engine()

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        """Answer `request`; give up after `timeout` seconds of work (waiting for a slot not counted)."""
        if self.stopping.is_set():
            raise TransientError("the embedded model is being left")
        abandoned = Event()
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._answer, request, timeout, abandoned)
        try:
            return await work
        finally:
            # Cancelled: nobody waits for the reply any more, so its slot is freed at the next token.
            abandoned.set()

    def _answer(self, request: Complete, timeout: float, abandoned: Event) -> Completion:
        """Ask the engine and wait for the whole reply, in one of its threads."""
        server = self._started()
        reply = _Reply(time.monotonic() + timeout, (self.stopping, abandoned))
        try:
            server.handle_chat_completions(_body(request), reply.take)
        except Exception as error:
            raise ProviderError(f"the embedded model cannot work on this request: {_one_line(error)}") from error
        finally:
            del server  # an error keeps this frame, and the engine must end when the transport is closed
        return reply.completion(self._model)

    def _started(self) -> Any:
        """The engine, started by whichever thread comes first. What failed once is not tried again by the others."""
        with self._starting:
            if self._broken is not None:
                raise self._broken
            if self.stopping.is_set():
                raise TransientError("the embedded model is being left")
            if self._server is None:
                try:
                    self._server, self._socket_folder = _start(self._locate())
                except DatarecipeError as error:
                    self._broken = error
                    raise
            return self._server


def _start(weights: Path) -> tuple[Any, Path | None]:
    """The engine with `weights`, and the folder of its socket. The binding holds the interpreter's lock meanwhile."""
    xllamacpp = _import_engine()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {weights.stem}
    parameters.n_parallel = SLOTS
    parameters.n_ctx = CONTEXT
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = usable_cpus()
    # The engine's log is silenced as a whole: it writes to the process's stderr, across our progress display.
    parameters.verbosity = -1
    parameters.warmup = False
    # It would load the model twice, to fit the context to a device's memory; ours is small and fixed.
    parameters.fit_params = False
    # A cache of prompts in RAM is of no use to prompts that differ, and 8 GB by default.
    parameters.cache_ram_mib = 0
    # Never reach for the network, whatever the weights' metadata say.
    parameters.offline = True
    folder = _close_the_door(parameters)
    try:
        return xllamacpp.Server(parameters), folder
    except Exception as error:
        _remove(folder)
        raise WeightsError(
            f"the engine cannot run {weights}: {error}",
            hint="It may be cut off, of another format, or newer than the engine: fetch it again, or update with "
            f"{INSTALL} --upgrade",
        ) from error


def _missing_engine() -> MissingExtraError:
    return MissingExtraError("the embedded model needs an engine that is not installed", hint=INSTALL)


def _import_engine() -> Any:
    """The engine's module.

    Its threads wait for each other at every token, by default in a busy loop, and one other busy process on the machine
    then slows it down several times. Waiting passively costs some speed on an idle machine and saves it on a busy one. The
    OpenMP runtime reads the setting once, when it is loaded; a setting of the user's wins.
    """
    own = os.environ.get(_WAIT_POLICY)
    os.environ.setdefault(_WAIT_POLICY, "passive")
    try:
        import xllamacpp  # noqa: PLC0415 - an extra, and 100 MB of shared library
    except ImportError as error:
        raise _missing_engine() from error
    finally:
        if own is None:
            del os.environ[_WAIT_POLICY]
    return xllamacpp


def usable_cpus() -> int:
    """Cores that this process may use. More threads than that do not share: they wait for each other at each token.

    The engine counts the machine's cores, which in a container with a quota are many more.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):
        # No such control group, or no quota ("max").
        return cores


def _close_the_door(parameters: Any) -> Path | None:
    """The engine insists on an HTTP door that we never use: make it one that nobody else can find or open.

    A socket in a folder that only this user can enter; without one, or where its path is too long, a port on loopback.
    Both ask for a key that nobody knows.
    """
    parameters.api_keys = [secrets.token_hex(32)]
    parameters.ui = False
    parameters.endpoint_slots = False
    folder: Path | None = None
    with suppress(OSError):  # a machine without a folder for temporary files, or a full one
        folder = Path(tempfile.mkdtemp(prefix="datarecipe-"))
    if folder is None or len(bytes(socket := folder / "engine.sock")) > _SOCKET_PATH_LIMIT:
        _remove(folder)
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        return None
    parameters.hostnames = [str(socket)]
    return folder


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _body(request: Complete) -> dict[str, Json]:
    """The request in the engine's terms, which are OpenAI's."""
    content = request.content
    body: dict[str, Json] = {
        **content.sampling,
        "messages": [{"role": role, "content": text} for role, text in content.messages],
        "seed": request.draw.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if content.response_format is not None:
        body["response_format"] = dict(content.response_format)
    return body


@dataclass(slots=True)
class _Reply:
    """A reply as it comes, piece by piece; `take` says whether to stop."""

    deadline: float
    stops: tuple[Event, ...]
    pieces: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    error: Mapping[str, Any] | None = None
    late: bool = False

    def take(self, chunk: Mapping[str, Any]) -> bool:
        """Keep one piece; True stops the engine. Must not raise: the binding would swallow it."""
        if "error" in chunk:
            self.error = chunk["error"]
            return True
        self.model = chunk.get("model") or self.model
        for choice in chunk.get("choices") or ():
            self.pieces.append((choice.get("delta") or {}).get("content") or "")
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        usage = chunk.get("usage")
        if usage:
            self.usage = Usage(usage["prompt_tokens"], usage["completion_tokens"])
        if self.finish_reason is None and time.monotonic() > self.deadline:
            self.late = True
        return self.late or any(stop.is_set() for stop in self.stops)

    def completion(self, model: str) -> Completion:
        """The whole of it as a `Completion`, or the error it came to."""
        if self.error is not None and self.error.get("type") != _CONTEXT_ERROR:
            message = f"the embedded model cannot work on this request: {_one_line(self.error.get('message'))}"
            code = self.error.get("code")
            raise (ProviderError if isinstance(code, int) and 400 <= code < 500 else TransientError)(message)
        if self.late:
            raise TransientError("the embedded model gave no reply in time", hint="Raise `limits.timeout`.")
        reason: FinishReason = "stop" if self.finish_reason == "stop" else "length"
        if self.error is not None:
            reason = "context_overflow"
            self.usage = Usage(int(self.error.get("n_prompt_tokens") or 0), 0)
        elif self.finish_reason is None:
            raise TransientError("the embedded model stopped in the midst of its reply")
        return Completion(
            text="".join(self.pieces),
            finish_reason=reason,
            usage=self.usage,
            model=self.model or model,
            answered_by=model,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
