"""litellm as a transport: one request to one provider for each `complete`, no retry, no cache, no key gone astray."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from datarecipe.errors import ProviderError
from datarecipe.exchange import Completion, Embedding, thawed
from datarecipe.llm.failures.failure_errors import no_answer
from datarecipe.llm.failures.failure_table import Failure, garbage
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.allowed_hosts import AllowedHosts, allowed_hosts
from datarecipe.llm.through_litellm import litellm_thread
from datarecipe.llm.through_litellm.connection_guard import Guard, guarded
from datarecipe.llm.through_litellm.http_guard import hold_clients
from datarecipe.llm.through_litellm.litellm_import import import_litellm
from datarecipe.llm.through_litellm.litellm_outcome import answer_behind, document_of, embeddings_of
from datarecipe.llm.transports import openai_protocol, sending
from datarecipe.llm.transports.embedding_reply import EmbeddingReplies
from datarecipe.llm.transports.openai_reply import Replies
from datarecipe.llm.transports.request_form import FormInUse, RequestForm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from datarecipe.exchange import Complete, Embed
    from datarecipe.llm.providers.endpoint import Endpoint

T = TypeVar("T", Completion, Embedding)


class LitellmTransport:
    """Answers requests to one endpoint. Use it as an async context manager, in one event loop.

    litellm is imported at the first `complete`, in a thread; `loading` starts that earlier.
    """

    slots: int | None = None
    """How many requests at once are too many, the provider says."""

    def __init__(self, endpoint: Endpoint, *, environ: Mapping[str, str]) -> None:
        """`environ` is where keys are looked for."""
        self._endpoint = endpoint
        self._environ = environ
        self._hosts: AllowedHosts | None = None
        self._thread: litellm_thread.LitellmThread | None = None
        self._key = endpoint.api_key(environ)
        self._wire, self._base = endpoint.wire, _base(endpoint)
        self._client: Any = None
        self._replies = Replies(endpoint, sending.secrets_of(endpoint, environ))
        self._embeddings = EmbeddingReplies(self._replies)
        self._importing: asyncio.Task[Any] | None = None
        self._knows_seed = False
        self._form = FormInUse()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        thread, self._thread = self._thread, None
        if self._importing is not None:
            # It ends in its thread. Who waited for it has heard of its failure.
            self._importing.add_done_callback(lambda task: task.cancelled() or task.exception())
        if thread is not None:
            if self._client is not None:
                thread.soon(self._client.close)
            await litellm_thread.leave(thread, _close_clients)

    def _import(self) -> Any:
        """litellm, asked here about the model rather than in the event loop, where its answer takes an import or two."""
        litellm = import_litellm(openai_client=provider_facts.facts(self._wire).openai_client)
        name, provider = self._endpoint.name, self._wire
        hold_clients()
        with contextlib.suppress(Exception):  # a few providers' code objects to the name; it will when it is asked, too
            known = litellm.get_supported_openai_params(model=name, custom_llm_provider=provider)
            self._knows_seed = "seed" in (known or ())
        return litellm

    def loading(self, _: Complete) -> asyncio.Future[Any] | None:
        """The import, which takes a second or two."""
        importing = self._imported()
        return None if importing.done() else importing

    def _imported(self) -> asyncio.Task[Any]:
        if self._importing is None:
            self._importing = asyncio.create_task(asyncio.to_thread(self._import))
        return self._importing

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        """Answer `request`; see `Transport`. A missing key or URL is a `ProviderError` before anything is sent."""
        sending.check_belongs(request.content, self._endpoint)
        litellm = await self._ready()
        form = self._form.form
        arguments = self._arguments(request, timeout, form)
        answer = await self._answer(litellm.acompletion, arguments, timeout, self._completion, self._replies.read)
        if isinstance(answer, Failure) and (again := self._form.another(answer, form, arguments)) is not None:
            raise again
        outcome = answer if isinstance(answer, ProviderError) else self._replies.outcome(answer)
        if isinstance(outcome, Completion):
            return outcome
        raise outcome from None

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        """Answer `request`; see `Transport`."""
        sending.check_belongs(request, self._endpoint)
        litellm = await self._ready()
        # Where it is not said, the openai client asks for Base64, which not every server knows.
        plain = {"encoding_format": "float"} if provider_facts.facts(self._wire).openai_client else {}
        arguments = {**self._arguments_to_all(timeout), **plain, "input": [request.text]}
        answer = await self._answer(litellm.aembedding, arguments, timeout, self._embedding, self._embeddings.read)
        outcome = answer if isinstance(answer, ProviderError) else self._embeddings.outcome(answer)
        if isinstance(outcome, Embedding):
            return outcome
        raise outcome from None

    async def _ready(self) -> Any:
        """litellm, and what keeps it to the endpoint's hosts."""
        self.check()
        litellm = await asyncio.shield(self._imported())
        if self._thread is None:
            import urllib.request  # noqa: PLC0415  # imports much, and only a request needs it

            self._thread = litellm_thread.enter()
            self._hosts = allowed_hosts(self._endpoint, self._environ, urllib.request.getproxies().values())
        return litellm

    def _completion(self, reply: Any) -> Completion | Failure:
        return self._replies.completion(document_of(reply, self._endpoint.provider))

    def _embedding(self, reply: Any) -> Embedding | Failure:
        return self._embeddings.embedding(embeddings_of(reply, self._endpoint.provider))

    async def _answer(
        self,
        ask: Callable[..., Any],
        arguments: dict[str, Any],
        seconds: float,
        read: Callable[[Any], T | Failure],
        read_text: Callable[[str], T | Failure],
    ) -> T | Failure | ProviderError:
        """What came of it: `read` takes litellm's object, `read_text` a body that litellm could not read.

        Raises none of that while litellm's error is handled, which may hold a key.
        """
        assert self._thread is not None
        assert self._hosts is not None
        guard = Guard(self._hosts)
        try:
            async with asyncio.timeout(seconds):
                reply = await self._thread.run(_ask(ask, arguments, guard))
        except TimeoutError:
            return no_answer(seconds)
        except Exception as error:  # noqa: BLE001  # litellm raises whatever its providers' code does
            stopped = self._stopped(guard)
            return answer_behind(error, self._replies, read_text) if stopped is None else stopped
        stopped = self._stopped(guard)
        return read(reply) if stopped is None else stopped

    def _stopped(self, guard: Guard) -> Failure | ProviderError | None:
        """What the guard had to stop, whatever litellm made of that."""
        if guard.refused is not None:
            named = self._endpoint.api_base is not None
            return ProviderError(
                f"litellm wanted to ask {guard.refused:.200}, which is not where {self._endpoint.model} is asked; "
                "nothing was sent there",
                hint=f"litellm asks {self._endpoint.provider} at its own hosts alone: leave out the URL."
                if named
                else "If the model is on a server of yours, name that with --api-base.",
            )
        if guard.redirect is not None:
            return self._replies.refused(*guard.redirect, "")
        return None if guard.unreadable is None else garbage("json", guard.unreadable)

    def _arguments(self, request: Complete, timeout: float, form: RequestForm) -> dict[str, Any]:
        content = request.content
        arguments = self._arguments_to_all(timeout)
        arguments |= {
            "messages": sending.messages_of(content, system=form.system),
            "stream": False,
            # None at all. That there is a list, if an empty one, also keeps litellm from making a log entry of each
            # answer, with its price, for callbacks that nobody has set: a tenth of a request's CPU time.
            "fallbacks": [],
        }
        arguments |= sending.length_named(sending.sampling_of(content), form.length)
        if content.response_format is not None:
            arguments["response_format"] = thawed(content.response_format)
        if self._knows_seed and form.seed:
            arguments["seed"] = request.draw.seed
        return arguments

    def _arguments_to_all(self, timeout: float) -> dict[str, Any]:
        """What goes with every request, whatever is asked."""
        endpoint, provider = self._endpoint, self._wire
        arguments: dict[str, Any] = {
            # Both, always: litellm guesses the provider from the URL's host otherwise, and takes that one's key.
            "model": f"{provider}/{endpoint.name}",
            "custom_llm_provider": provider,
            "timeout": timeout,
            "num_retries": 0,
            "max_retries": 0,  # the openai client's own
        }
        if self._base is not None:
            arguments["api_base"] = self._base
        if self._key is not None:
            arguments["api_key"] = self._key
        if endpoint.has_secrets:
            arguments["client"] = self._client_for_secrets()
        return arguments

    def _client_for_secrets(self) -> Any:
        """A client that sends what stands in the URL besides the host: litellm's own would garble it."""
        if self._client is None:
            openai = importlib.import_module("openai")
            hold_clients()
            url = urlsplit(self._endpoint.api_base or "")
            headers: dict[str, Any] = {}
            if not self._endpoint.facts.names_account:
                # Whose account at OpenAI pays is nobody else's business; the client would say so.
                names = ("OpenAI-Organization", "OpenAI-Project", *sending.custom_headers(os.environ))
                headers |= dict.fromkeys(names, openai.Omit())
            if (authorization := sending.basic_authorization(url)) is not None:
                headers["Authorization"] = authorization
            self._client = openai.AsyncOpenAI(
                api_key=self._key,
                base_url=self._base,
                default_headers=headers,
                default_query=dict(parse_qsl(url.query, keep_blank_values=True)),
                max_retries=0,
            )
        return self._client

    def check(self) -> None:
        """What litellm would find out by asking somebody else's host, or not at all."""
        sending.check_reachable(self._endpoint, has_key=self._key is not None)


async def _ask(ask: Callable[..., Any], arguments: dict[str, Any], guard: Guard) -> Any:
    with guarded(guard):
        return await ask(**arguments)


async def _close_clients() -> None:
    litellm = import_litellm()
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()


def _base(endpoint: Endpoint) -> str | None:
    """The URL to give to litellm, without user info and query; None where it knows the provider's own."""
    base = openai_protocol.base_of(endpoint) if endpoint.facts.dialect.as_plain else endpoint.api_base
    if base is None:
        return None
    url = urlsplit(base)
    return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2], query=""))
