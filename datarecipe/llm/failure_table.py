"""The table of failures: what each that a provider, the network or this machine can show means for the request.

It is judged from top to bottom, and the first row that fits counts. docs/failures.md shows the same table, and a test holds
the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["http", "timeout", "connection", "garbage", "machine"]
"""An HTTP status that is no success; no answer in time; no connection, or a broken one; a 200 that is no completion;
something that this machine lacks."""

Meaning: TypeAlias = Literal["context_overflow", "content_filter", "retry", "end"]
"""The first two are reasons for the end of a response; see `Transport`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened to one attempt, before anybody judged it."""

    kind: Kind
    status: int | None = None
    """The HTTP status; for an `error` object inside a 200 the one that it names."""
    codes: frozenset[str] = frozenset()
    """The provider's short words (`code`, `type`, `status` of its error object) in lower case; for other kinds than
    `http` one word of ours: `dns`, `refused`, `certificate`, `proxy`, `connect`, `html`, `json`, `no_choices`, `error`,
    `broken_off`."""
    message: str = ""
    """The provider's or the library's text as it came: with secrets, line breaks and all."""
    parameter: str | None = None
    """The part of the request that the provider complains of, where it names one."""
    retry_after: float | None = None
    """Seconds that the provider asks to wait."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A row fits a failure of its kind when status, and a code or the words, fit too."""

    name: str
    """Unique; what tests and the documentation call it."""
    when: str
    """What the provider or the network does, in words."""
    kind: Kind
    meaning: Meaning
    charged: bool
    """Whether the attempt may cost something. Not where it was refused before a model ran."""
    says: str
    """The message, after the name of the endpoint."""
    hint: str | None = None
    statuses: Container[int] | None = None
    """None: any."""
    codes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    rate_limited: bool = False
    """Whether it asks for fewer requests."""

    def fits(self, failure: Failure) -> bool:
        """Whether this row judges `failure`, if none above does."""
        if failure.kind != self.kind:
            return False
        if self.statuses is not None and failure.status not in self.statuses:
            return False
        if not self.codes and self.words is None:
            return True
        return not self.codes.isdisjoint(failure.codes) or (
            self.words is not None and self.words.search(failure.message) is not None
        )


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CLIENT = range(400, 500)
_SERVER = range(500, 600)
_ADD_CREDIT = "Add credit with the provider, then run the same command again: what was paid for is kept."
_NAME_RIGHT = "Is the model's name right? A server of your own often wants the URL to end in /v1."
_KEY = "The key is read from {key_variables}. Is it set, valid, and allowed to use this model?"
_ADDRESS = "Is the address right, and does the server run?"
_SMALLER = "Ask for less at once: a smaller `batch_size` or `sampling.max_tokens` in the recipe."

TABLE: tuple[Row, ...] = (
    Row(
        "context length",
        "the prompt, or prompt and `max_tokens` together, are longer than the model's context",
        "http",
        "context_overflow",
        charged=False,
        says="says that the request does not fit into the model's context",
        statuses=(400, 413, 422, 500),
        codes=frozenset({"context_length_exceeded", "exceed_context_size_error", "context_window_exceeded"}),
        words=_words(
            r"maximum context (?:length|limit)",
            r"exceeds? (?:the |your )?(?:model'?s? |available )?(?:maximum )?context (?:length|window|size|limit)",
            r"longer than the (?:model's )?context",
            r"larger than the (?:model's )?context",
            r"greater than the context length",
            r"prompt (?:is too long|contains too many tokens)",
            r"too (?:long|large) for model with \d+ maximum context",
            r"input tokens exceed the configured limit",
            r"`?inputs`? tokens \+ `?max_new_tokens`? must be",
            r"exceeds the maximum number of tokens allowed",
            r"maximum input length is \d+ tokens",
            r"current length is \d+ while limit is",
            r"longer than the maximum model length",
            r"context length (?:is|of) only",
            r"maximum prompt length",
            r"too many tokens",
        ),
    ),
    Row(
        "content policy",
        "the prompt is refused by a safety system",
        "http",
        "content_filter",
        charged=True,
        says="refuses the prompt",
        statuses=(400, 403, 422),
        codes=frozenset(
            {
                "content_policy_violation",
                "content_filter",
                "responsibleaipolicyviolation",
                "content_filter_policy",
                "moderation_blocked",
                "data_inspection_failed",
            }
        ),
        words=_words(
            r"safety system",
            r"content management policy",
            r"flagged (?:as potentially violating|by (?:our )?moderation)",
            r"input was flagged",
            r"content exists risk",
        ),
    ),
    Row(
        "no credit",
        "429, 402 or another refusal that says `insufficient_quota`, or that the balance is spent",
        "http",
        "end",
        charged=False,
        says="has no credit left for this key",
        hint=_ADD_CREDIT,
        statuses=_CLIENT,
        codes=frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}),
        words=_words(
            r"insufficient[_ ](?:quota|balance|credits?|funds)",
            r"credit balance is too low",
            r"(?:doesn't|does not) have any credits",
            r"billing hard limit",
        ),
    ),
    Row(
        "rate limit of Google",
        "429 with `RESOURCE_EXHAUSTED`: Google says so of a limit per minute too",
        "http",
        "retry",
        charged=False,
        says="asks for fewer requests",
        statuses=(429,),
        codes=frozenset({"resource_exhausted"}),
        rate_limited=True,
    ),
    Row(
        "quota spent",
        "429 that says that the quota of the plan is exceeded",
        "http",
        "end",
        charged=False,
        says="has no credit left for this key",
        hint=_ADD_CREDIT,
        statuses=(429,),
        words=_words(r"exceeded your current quota"),
    ),
    Row(
        "payment required",
        "402",
        "http",
        "end",
        charged=False,
        says="wants to be paid first",
        hint=_ADD_CREDIT,
        statuses=(402,),
    ),
    Row(
        "more than a minute's allowance",
        "429 or 413 that says that this one request is larger than the limit of tokens a minute",
        "http",
        "end",
        charged=False,
        says="does not take a request of this size",
        hint=_SMALLER,
        statuses=(413, 429),
        words=_words(r"request too large for"),
    ),
    Row(
        "rate limit",
        "429",
        "http",
        "retry",
        charged=False,
        says="asks for fewer requests",
        statuses=(429,),
        rate_limited=True,
    ),
    Row(
        "key",
        "401 or 403",
        "http",
        "end",
        charged=False,
        says="does not accept the key",
        hint=_KEY,
        statuses=(401, 403),
    ),
    Row(
        "key in other words",
        "400 that says that the key is wrong",
        "http",
        "end",
        charged=False,
        says="does not accept the key",
        hint=_KEY,
        statuses=(400,),
        codes=frozenset({"invalid_api_key", "authentication_error", "api_key_invalid"}),
        words=_words(r"(?:incorrect|invalid) api key", r"api key not valid"),
    ),
    Row(
        "model not pulled",
        "404 of Ollama: the model is not on the machine",
        "http",
        "end",
        charged=False,
        says="does not have the model",
        hint="Fetch it with `ollama pull {name}`; `ollama list` shows what is there.",
        statuses=(404,),
        codes=frozenset({"not_pulled"}),
        words=_words(r"try pulling it first"),
    ),
    Row(
        "no such model",
        "404: the model's name, or the URL's path, is wrong",
        "http",
        "end",
        charged=False,
        says="does not know the model, or there is no such path",
        hint=_NAME_RIGHT,
        statuses=(404,),
    ),
    Row(
        "no such model in other words",
        "400 that says that there is no such model",
        "http",
        "end",
        charged=False,
        says="does not know the model",
        hint=_NAME_RIGHT,
        statuses=(400, 422),
        codes=frozenset({"model_not_found", "invalid_model"}),
        words=_words(r"not a valid model", r"model[ _]not[ _]exist", r"unknown model", r"invalid model"),
    ),
    Row(
        "proxy wants a password",
        "407",
        "http",
        "end",
        charged=False,
        says="is behind a proxy that wants a name and a password",
        hint="Write them into the proxy's address, before the host: NAME:PASSWORD@HOST:PORT.",
        statuses=(407,),
    ),
    Row(
        "may pass",
        "408, 409, 425, or 499 of a gateway that gave up",
        "http",
        "retry",
        charged=False,
        says="failed",
        statuses=(408, 409, 425, 499),
    ),
    Row(
        "broken generation",
        "424: the server's model failed in the midst of it",
        "http",
        "retry",
        charged=True,
        says="failed",
        statuses=(424,),
    ),
    Row(
        "no capacity",
        "498: the provider has no room for requests of this kind now",
        "http",
        "retry",
        charged=False,
        says="is overloaded",
        statuses=(498,),
        rate_limited=True,
    ),
    Row(
        "too large",
        "413",
        "http",
        "end",
        charged=False,
        says="does not take a request of this size",
        hint=_SMALLER,
        statuses=(413,),
    ),
    Row(
        "TLS wanted",
        "400 of a server that expects TLS, though the address begins with `http`",
        "http",
        "end",
        charged=False,
        says="wants TLS",
        hint="Does its address begin with https:// rather than http://?",
        statuses=(400,),
        words=_words(r"plain HTTP request was sent to HTTPS port", r"HTTP request to an HTTPS server"),
    ),
    Row(
        "parameter",
        "400, 422 or any other 4xx: a parameter that the model does not take, say",
        "http",
        "end",
        charged=False,
        says="does not take the request",
        hint="{leave_out}",
        statuses=_CLIENT,
    ),
    Row(
        "redirect",
        "301, 302, 303, 307 or 308: it is never followed, since the key would travel to another host",
        "http",
        "end",
        charged=False,
        says="sends requests on to another address, and that is not followed",
        hint="If you know that address, name it yourself with --api-base.",
        statuses=range(300, 400),
    ),
    Row(
        "overloaded",
        "529, or 503 that speaks of overload",
        "http",
        "retry",
        charged=True,
        says="is overloaded",
        statuses=(529,),
        rate_limited=True,
    ),
    Row(
        "overloaded in other words",
        "503 or 500 that speaks of overload",
        "http",
        "retry",
        charged=True,
        says="is overloaded",
        statuses=(500, 503),
        codes=frozenset({"overloaded", "overloaded_error"}),
        words=_words(
            r"overload", r"at capacity", r"capacity exceeded", r"too many (?:requests|pending)", r"server busy"
        ),
        rate_limited=True,
    ),
    Row(
        "too little memory",
        "500 of Ollama: the model does not fit into the machine's memory",
        "http",
        "end",
        charged=False,
        says="cannot load the model",
        hint="Take a smaller model, or one that is quantised more; or end what else needs the memory.",
        statuses=_SERVER,
        words=_words(r"requires more system memory"),
    ),
    Row(
        "server error",
        "500, 502, 503, 504 or any other 5xx",
        "http",
        "retry",
        charged=True,
        says="failed",
        statuses=_SERVER,
    ),
    Row(
        "unknown status",
        "any other status",
        "http",
        "retry",
        charged=True,
        says="failed",
    ),
    Row(
        "no connection in time",
        "the connection is not there in time: nothing was sent",
        "timeout",
        "retry",
        charged=False,
        says="cannot be reached in time",
        hint=_ADDRESS,
        codes=frozenset({"connect"}),
    ),
    Row(
        "timeout",
        "no answer within `limits.timeout`",
        "timeout",
        "retry",
        charged=True,
        says="did not answer in time",
    ),
    Row(
        "unknown host",
        "the host's name cannot be looked up",
        "connection",
        "retry",
        charged=False,
        says="cannot be found in the network",
        hint=_ADDRESS,
        codes=frozenset({"dns"}),
    ),
    Row(
        "refused connection",
        "nothing listens at the address, or there is no way to it",
        "connection",
        "retry",
        charged=False,
        says="takes no connection",
        hint=_ADDRESS,
        codes=frozenset({"refused"}),
    ),
    Row(
        "certificate",
        "the server's certificate is not trusted",
        "connection",
        "end",
        charged=False,
        says="shows a certificate that is not trusted, so nothing was sent",
        hint="Behind a company's proxy, name the company's certificates: export SSL_CERT_FILE=company.pem",
        codes=frozenset({"certificate"}),
    ),
    Row(
        "no TLS",
        "the server does not answer in TLS, though the address begins with `https`",
        "connection",
        "end",
        charged=False,
        says="does not speak TLS, so nothing was sent",
        hint="Does its address begin with http:// rather than https://?",
        codes=frozenset({"tls"}),
    ),
    Row(
        "proxy",
        "the proxy does not let the connection through",
        "connection",
        "retry",
        charged=False,
        says="cannot be reached through the proxy",
        codes=frozenset({"proxy"}),
    ),
    Row(
        "broken connection",
        "the connection ends before the answer is whole",
        "connection",
        "retry",
        charged=True,
        says="failed",
    ),
    Row(
        "no choices",
        "a 200 with JSON that holds no choices",
        "garbage",
        "retry",
        charged=True,
        says="answered without an answer",
        codes=frozenset({"no_choices"}),
    ),
    Row(
        "no such path",
        "a 200 with an error that says that there is no such path: LM Studio does so",
        "garbage",
        "end",
        charged=False,
        says="has no such path",
        hint=_NAME_RIGHT,
        words=_words(r"unexpected endpoint or method"),
    ),
    Row(
        "error inside",
        "a 200 with an `error` object in it; one that names a status is judged by that",
        "garbage",
        "retry",
        charged=True,
        says="failed",
        codes=frozenset({"error"}),
    ),
    Row(
        "broken off",
        "a 200 whose reply says that the model was broken off: `finish_reason` is `error` or `abort`, say",
        "garbage",
        "retry",
        charged=True,
        says="broke off its answer",
        codes=frozenset({"broken_off"}),
    ),
    Row(
        "unreadable",
        "a 200 that is no JSON: HTML of a proxy, broken JSON, a reply without end",
        "garbage",
        "retry",
        charged=True,
        says="gave an answer that cannot be read",
    ),
    Row(
        "missing package",
        "the provider's protocol needs a package that is not installed",
        "machine",
        "end",
        charged=False,
        says="needs something that this machine lacks",
    ),
)


def row_of(failure: Failure) -> Row:
    """The row that judges `failure`."""
    return next(row for row in TABLE if row.fits(failure))
