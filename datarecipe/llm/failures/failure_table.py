"""The table of failures: what each that a provider, the network or this machine can show means for the request.

It is judged from top to bottom, and the first row that fits counts. docs/failures.md shows the same table, and a test holds
the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from datarecipe.llm.failures.failure_wordings import ACCESS, CONTEXT, GENERATION, POLICY, Wording

Kind: TypeAlias = Literal["http", "timeout", "connection", "garbage", "machine"]
"""An HTTP status that is no success; no answer in time; no connection, or a broken one; a 200 that is no completion;
something that this machine lacks."""

Meaning: TypeAlias = Literal["context_overflow", "content_filter", "generation", "retry", "end"]
"""The first two are reasons for the end of a response, see `Transport`; the third is a response that the provider took for
invalid."""

RESPONSES: frozenset[Meaning] = frozenset({"context_overflow", "content_filter", "generation"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened to one attempt, before anybody judged it."""

    kind: Kind
    status: int | None = None
    """The HTTP status; for an `error` object inside a 200 the one that it names."""
    codes: frozenset[str] = frozenset()
    """The provider's short words (`code`, `type`, `status` of its error object) in lower case; for other kinds than
    `http` one word of ours, as in the table, or `json`."""
    message: str = ""
    """The provider's or the library's text as it came: with secrets, line breaks and all."""
    parameter: str | None = None
    """The part of the request that the provider complains of, where it names one."""
    retry_after: float | None = None
    """Seconds that the provider asks to wait."""
    generation: str = ""
    """What the model wrote, where the provider refuses it and shows it."""
    out_of_room: bool = False
    """Whether it wrote until its tokens were used up."""


def garbage(code: str, message: str) -> Failure:
    """A 200 that is no completion."""
    return Failure("garbage", codes=frozenset({code}), message=message)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A row fits a failure of its kind when status, and a code or the words, fit too."""

    name: str
    """Unique; what tests and the documentation call it."""
    when: str
    """What the provider or the network does, in words."""
    kind: Kind
    meaning: Meaning
    says: str
    """The message, after the name of the endpoint."""
    hint: str | None = None
    charged: bool = False
    """Whether the attempt may cost something: a model may have run."""
    rate_limited: bool = False
    """Whether it asks for fewer requests."""
    statuses: Container[int] | None = None
    """None: any."""
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Regular expressions for the message, in whatever case; compiled when a failure is judged, which few runs see."""
    wordings: tuple[Wording, ...] = ()
    """More codes and words, with where each was seen."""

    def fits(self, failure: Failure) -> bool:
        """Whether this row judges `failure`, if none above does."""
        if failure.kind != self.kind or (self.statuses is not None and failure.status not in self.statuses):
            return False
        codes = {*self.codes, *(wording.code for wording in self.wordings)} - {""}
        words = (*self.words, *(wording.words for wording in self.wordings if wording.words))
        if not codes and not words:
            return True
        return not codes.isdisjoint(failure.codes) or (
            bool(words) and _compiled(words).search(failure.message) is not None
        )


@cache
def _compiled(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE | re.ASCII)


_CLIENT = range(400, 500)
_SERVER = range(500, 600)
_REFUSED = (400, 403, 406, 413, 422, 424, 451, 500)
"""Where a provider may say that this one request is not answered: not about the key (401), credit (402) or rates (429)."""
_REFUSED_BUT_403 = tuple(status for status in _REFUSED if status != 403)

_ADD_CREDIT = "Add credit with the provider, then run the same command again: what was paid for is kept."
_ADDRESS = "Is the address right, and does the server run?"
_KEY = "The key is read from {key_variables}. Is it set, valid, and allowed to use this model?"
_NAME_RIGHT = "Is the model's name right? A server of your own often wants the URL to end in /v1."
_NO_API = "Is it the address of an API? Most end in /v1, and a page to log in must not stand before it."
_SMALLER = "Ask for less at once: a smaller `batch_size` or `sampling.max_tokens` in the recipe."

TABLE: tuple[Row, ...] = (
    # Responses: what is refused is this one request, so none of these ends a run.
    Row("context length", "the prompt, or prompt and `max_tokens` together, are longer than the model's context",
        "http", "context_overflow", "says that the request does not fit into the model's context",
        statuses=_REFUSED_BUT_403, wordings=CONTEXT),
    Row("content policy", "the prompt, or the reply, is refused by a safety system",
        "http", "content_filter", "refuses the prompt", charged=True, statuses=_REFUSED, wordings=POLICY),
    Row("invalid generation", "the provider refused what the model wrote: invalid JSON, a tool call that does not parse",
        "http", "generation", "could not use what its model wrote", charged=True,
        statuses=_REFUSED_BUT_403, wordings=GENERATION),
    # Credit
    Row("no credit", "429, 402 or another refusal that says `insufficient_quota`, or that the balance is spent",
        "http", "end", "has no credit left for this key", _ADD_CREDIT, statuses=_CLIENT,
        codes=("insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"),
        words=(r"insufficient[_ ](?:quota|balance|credits?|funds)", r"credit balance is too low",
               r"(?:doesn't|does not) have any credits", r"billing hard limit")),
    Row("rate limit of Google", "429 with `RESOURCE_EXHAUSTED`: Google says so of a limit per minute too",
        "http", "retry", "asks for fewer requests", rate_limited=True, statuses=(429,), codes=("resource_exhausted",)),
    Row("quota spent", "429 that says that the quota of the plan is exceeded",
        "http", "end", "has no credit left for this key", _ADD_CREDIT, statuses=(429,),
        words=(r"exceeded your current quota",)),
    Row("payment required", "402", "http", "end", "wants to be paid first", _ADD_CREDIT, statuses=(402,)),
    # The key is good, and may not use this model.
    Row("no access to the model",
        "403, 400 or 429 that says that the account, project, plan or region may not use this model",
        "http", "end", "gives this key no access to the model",
        "Allow the model for the key's account or project with the provider, or take another model. "
        "The key is read from {key_variables}.", statuses=(400, 403, 422, 429), wordings=ACCESS),
    # Rates, the key, the model's name, the request
    Row("more than a minute's allowance",
        "429 or 413 that says that this one request is larger than the limit of tokens a minute",
        "http", "end", "does not take a request of this size", _SMALLER, statuses=(413, 429),
        words=(r"request too large for",)),
    Row("rate limit", "429", "http", "retry", "asks for fewer requests", rate_limited=True, statuses=(429,)),
    Row("key", "401, or 403 in other words", "http", "end", "does not accept the key", _KEY, statuses=(401, 403)),
    Row("key in other words", "400 that says that the key is wrong",
        "http", "end", "does not accept the key", _KEY, statuses=(400,),
        codes=("invalid_api_key", "authentication_error", "api_key_invalid"),
        words=(r"(?:incorrect|invalid) api key", r"api key not valid")),
    Row("model not pulled", "404 of Ollama: the model is not on the machine",
        "http", "end", "does not have the model",
        "Fetch it with `ollama pull {name}`; `ollama list` shows what is there.", statuses=(404,),
        codes=("not_pulled",), words=(r"try pulling it first",)),
    Row("no such model", "404: the model's name, or the URL's path, is wrong",
        "http", "end", "does not know the model, or there is no such path", _NAME_RIGHT, statuses=(404,)),
    Row("no such model in other words", "400 that says that there is no such model",
        "http", "end", "does not know the model", _NAME_RIGHT, statuses=(400, 422),
        codes=("model_not_found", "invalid_model"),
        words=(r"not a valid model", r"model[ _]not[ _]exist", r"unknown model", r"invalid model")),
    Row("proxy wants a password", "407",
        "http", "end", "is behind a proxy that wants a name and a password",
        "Write them into the proxy's address, before the host: NAME:PASSWORD@HOST:PORT.", statuses=(407,)),
    Row("temporary failure", "408, 409, 425, or 499 of a gateway that gave up",
        "http", "retry", "failed", statuses=(408, 409, 425, 499)),
    Row("broken generation", "424: the server's model failed in the midst of it",
        "http", "retry", "failed", charged=True, statuses=(424,)),
    Row("no capacity", "498: the provider has no room for requests of this kind now",
        "http", "retry", "is overloaded", rate_limited=True, statuses=(498,)),
    Row("too large", "413", "http", "end", "does not take a request of this size", _SMALLER, statuses=(413,)),
    Row("TLS wanted", "400 of a server that expects TLS, though the address begins with `http`",
        "http", "end", "wants TLS", "Does its address begin with https:// rather than http://?", statuses=(400,),
        words=(r"plain HTTP request was sent to HTTPS port", r"HTTP request to an HTTPS server")),
    Row("parameter", "400, 422 or any other 4xx: a parameter that the model does not take, say",
        "http", "end", "does not take the request", "{leave_out}", statuses=_CLIENT),
    Row("redirect", "301, 302, 303, 307 or 308: it is never followed, since the key would travel to another host",
        "http", "end", "sends requests on to another address, and that is not followed",
        "If you know that address, name it yourself with --api-base.", statuses=range(300, 400)),
    # The server
    Row("overloaded", "529, or 503 that speaks of overload",
        "http", "retry", "is overloaded", charged=True, rate_limited=True, statuses=(529,)),
    Row("overloaded in other words", "503 or 500 that speaks of overload",
        "http", "retry", "is overloaded", charged=True, rate_limited=True, statuses=(500, 503),
        codes=("overloaded", "overloaded_error"),
        words=(r"overload", r"at capacity", r"capacity exceeded", r"too many (?:requests|pending)", r"server busy")),
    Row("too little memory", "500 of Ollama: the model does not fit into the machine's memory",
        "http", "end", "cannot load the model",
        "Take a smaller model, or one that is quantised more; or end what else needs the memory.", statuses=_SERVER,
        words=(r"requires more system memory",)),
    Row("server error", "500, 502, 503, 504 or any other 5xx", "http", "retry", "failed", charged=True, statuses=_SERVER),
    Row("unknown status", "any other status", "http", "retry", "failed", charged=True),
    # The network
    Row("no connection in time", "the connection is not there in time: nothing was sent",
        "timeout", "retry", "cannot be reached in time", _ADDRESS, codes=("connect",)),
    Row("timeout", "no answer within `limits.timeout`", "timeout", "retry", "did not answer in time", charged=True),
    Row("unknown host", "the host's name cannot be looked up",
        "connection", "retry", "cannot be found in the network", _ADDRESS, codes=("dns",)),
    Row("refused connection", "nothing listens at the address, or there is no way to it",
        "connection", "retry", "takes no connection", _ADDRESS, codes=("refused",)),
    Row("certificate", "the server's certificate is not trusted",
        "connection", "end", "shows a certificate that is not trusted, so nothing was sent",
        "Behind a company's proxy, name the company's certificates: export SSL_CERT_FILE=company.pem",
        codes=("certificate",)),
    Row("no TLS", "the server does not answer in TLS, though the address begins with `https`",
        "connection", "end", "does not speak TLS, so nothing was sent",
        "Does its address begin with http:// rather than https://?", codes=("tls",)),
    Row("proxy", "the proxy does not let the connection through",
        "connection", "retry", "cannot be reached through the proxy", codes=("proxy",)),
    Row("broken connection", "the connection ends before the answer is whole",
        "connection", "retry", "failed", charged=True),
    # A success that holds no answer: what will never hold one ends the run at once.
    Row("another protocol",
        "a 200 with the reply of another protocol: Anthropic's, Ollama's own, OpenAI's Responses, plain completions",
        "garbage", "end", "does not answer in OpenAI's protocol",
        "Name the model with its provider's prefix, or another address with --api-base: most end in /v1.",
        charged=True, codes=("other_protocol",)),
    Row("web page", "a 200 with a web page without an error message: a login page, say, or one of another server",
        "garbage", "end", "answers with a web page", _NO_API, codes=("page",)),
    Row("plain text", "a 200 with a text without an error message: `Ollama is running`, say",
        "garbage", "end", "answers with a text that is no JSON", _NO_API, codes=("plain_text",)),
    Row("empty stream", "a 200 with a stream that ends without an event: `data: [DONE]` alone",
        "garbage", "end", "streams an answer with nothing in it, though it is asked not to stream",
        "Does the server, or a gateway before it, have a setting that switches streaming off?", charged=True,
        codes=("empty_stream",)),
    Row("no choices", "a 200 with JSON that holds no choices",
        "garbage", "retry", "answered without an answer", charged=True, codes=("no_choices",)),
    Row("no such path", "a 200 with an error that says that there is no such path: LM Studio does so",
        "garbage", "end", "has no such path", _NAME_RIGHT, words=(r"unexpected endpoint or method",)),
    Row("error inside", "a 200 with an `error` object in it; one that names a status is judged by that",
        "garbage", "retry", "failed", charged=True, codes=("error",)),
    Row("broken off", "a 200 whose reply says that the model was broken off: `finish_reason` is `error` or `abort`, say",
        "garbage", "retry", "broke off its answer", charged=True, codes=("broken_off",)),
    Row("unreadable", "a 200 with invalid JSON, probably temporary: a gateway's page, an empty body, a reply without end",
        "garbage", "retry", "gave an answer that cannot be read", charged=True),
    # This machine
    Row("missing package", "the provider's protocol needs a package that is not installed",
        "machine", "end", "needs something that this machine lacks"),
)  # fmt: skip


def row_of(failure: Failure) -> Row:
    """The row that judges `failure`."""
    return next(row for row in TABLE if row.fits(failure))
