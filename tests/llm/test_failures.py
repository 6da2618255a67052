"""The table of failures, row by row: through a real server and both transports, and against its page."""

# ruff: noqa: E501  # one case a line

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import DatarecipeError, MachineError, ProviderError, TransientError
from datarecipe.exchange import Completion
from datarecipe.llm.failures.failure_errors import FailureJudge
from datarecipe.llm.failures.failure_table import TABLE, Failure, Row, row_of
from datarecipe.llm.failures.network_failures import network_failure
from datarecipe.llm.through_litellm.litellm_outcome import answer_behind
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transports.direct_transport import DirectTransport
from datarecipe.llm.transports.openai_reply import Replies
from tests.docs.pages import document
from tests.llm.certificates import certificate
from tests.llm.test_both_transports import endpoint_of, request
from tests.openai_faults import Fault, always, raw
from tests.openai_server import OpenAIServer

ROWS = {row.name: row for row in TABLE}
MODELS = ["openai/gpt-test", "hosted_vllm/gpt-test", "deepseek/gpt-test"]
TRANSPORTS: dict[str, Callable[..., Any]] = {"direct": DirectTransport, "litellm": LitellmTransport}


def openai_error(message: str, code: str | None = None, kind: str | None = "invalid_request_error", **more: Any) -> Any:
    return {"error": {"message": message, "type": kind, "param": None, "code": code} | more}


@dataclass(frozen=True)
class Case:
    row: str
    fault: Fault
    retry_after: float | None = None
    hint: str = ""
    generation: str = ""
    only: str = ""
    """The one transport that can tell: litellm hides some of it, and follows redirects."""


def http(row: str, status: int, body: object, *, headers: Mapping[str, str] | None = None, **more: Any) -> Case:
    return Case(row, raw(status, body, headers), **more)


CASES = [
    http("context length", 400, openai_error("too long", "context_length_exceeded")),
    http("context length", 400, openai_error("This model's maximum context length is 4096 tokens. However, ...")),
    http("context length", 413, openai_error("the request exceeds the available context size", "x")),
    http("content policy", 400, openai_error("Rejected.", "content_policy_violation")),
    http("content policy", 400, openai_error("Your prompt was flagged as potentially violating our usage policy.")),
    http("content policy", 403, openai_error("requires moderation on x. Your input was flagged for y", "403")),
    http("content policy", 403, {"code": "The caller does not have permission to execute the specified operation", "error": "Content violates usage guidelines. Team: t, API key ID: k, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO"}),
    http("content policy", 400, {"contentFilter": [{"level": 1, "role": "user"}], "error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}}),
    http("content policy", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}}),
    http("content policy", 422, {"type": "error", "error": {"type": "invalid_request_error", "message": "input new_sensitive (1026)", "http_code": "422"}}),
    http("content policy", 400, openai_error("<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed")),
    http("content policy", 400, {"detail": "Content Exists Risk"}),
    http("content policy", 403, {"error": {"message": 'openai/gpt-5 requires moderation on Azure. Your input was flagged for "violence".', "code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "...", "provider_name": "Azure"}}}),
    http("content policy", 400, openai_error("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "content_filter", None, innererror={"code": "ResponsibleAIPolicyViolation"})),
    http("content policy", 200, {"choices": None, "base_resp": {"status_code": 1027, "status_msg": "output new_sensitive"}}, only="direct"),
    http("content policy", 200, {"choices": [{"index": 0, "finish_reason": "content_filter: PROHIBITED_CONTENT"}], "usage": {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}}, only="direct"),
    http("content policy", 200, {"choices": [{"index": 0, "finish_reason": "SAFETY", "message": {"role": "assistant", "content": None}}]}),
    http("invalid generation", 400, openai_error("Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.", "json_validate_failed", failed_generation='{"examples": [{"a'), generation='{"examples": [{"a'),
    http("invalid generation", 400, openai_error("Failed to call a function. Please adjust your prompt.", "tool_use_failed", failed_generation='<function=f> {"a": 1}'), generation='<function=f> {"a": 1}'),
    http("invalid generation", 400, openai_error("Failed to generate JSON.", "json_validate_failed", failed_generation="max completion tokens reached before generating a valid document")),
    http("invalid generation", 500, openai_error("error parsing tool call: raw='{\"a\": x}', err=invalid character 'x'", None), generation='{"a": x}'),
    http("invalid generation", 500, openai_error('Failed to parse input at pos 3: <x>{"a": 1}', None), generation='<x>{"a": 1}'),
    http("no credit", 429, openai_error("You exceeded your current quota.", "insufficient_quota", "insufficient_quota")),
    http("no credit", 402, openai_error("Insufficient Balance", "invalid_request_error"), hint="Add credit"),
    http("no credit", 403, openai_error("Your team doesn't have any credits yet.")),
    http("no credit", 400, openai_error("Your credit balance is too low to access the API.")),
    http("rate limit of Google", 429, {"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}}),
    http("quota spent", 429, openai_error("You exceeded your current quota, please check your plan."), hint="Add credit"),
    http("payment required", 402, openai_error("Pay."), hint="Add credit"),
    http("more than a minute's allowance", 429, openai_error("Request too large for gpt-test on tokens per min (TPM): Limit 10, Requested 20."), hint="batch_size"),
    http("rate limit", 429, openai_error("Slow down.", "rate_limit_exceeded", "requests")),
    http("rate limit", 429, openai_error("Slow down."), headers={"Retry-After": "2.5"}, retry_after=2.5),
    http("rate limit", 429, openai_error("Slow down."), headers={"Date": "Mon, 01 Jan 2035 10:00:00 GMT", "Retry-After": "Mon, 01 Jan 2035 10:00:02 GMT"}, retry_after=2.0),
    http("rate limit", 429, openai_error("Please try again in 20\u017f")),
    http("rate limit", 429, openai_error("Please retry in 34.5s."), retry_after=34.5),
    http("rate limit", 429, openai_error("Please wait 1 minute."), retry_after=60.0),
    http("rate limit", 429, openai_error("Slow down.", retry_after=12), retry_after=12.0),
    http("rate limit", 429, openai_error("Slow down."), headers={"retry-after-ms": "1500", "Retry-After": "2"}, retry_after=1.5),
    http("rate limit", 429, openai_error("Limit reached. Please try again in 1m2.5s. See ..."), retry_after=62.5),
    http("rate limit", 429, openai_error("Slow down."), headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "9h"}, retry_after=360.0),
    http("rate limit", 429, openai_error("Slow down."), headers={"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6m0s"}),
    http("rate limit", 429, openai_error("Call rate limit exceeded. Please retry after 20 seconds."), retry_after=20.0),
    http("rate limit", 429, "<html>Too many</html>"),
    http("key", 401, openai_error("Incorrect API key provided", "invalid_api_key"), hint="_API_KEY"),
    http("key", 403, openai_error("You may not."), hint="_API_KEY"),
    http("no access to the model", 403, openai_error("Project `proj_x` does not have access to model `gpt-test`", "model_not_found"), hint="another model"),
    http("no access to the model", 403, {"error": {"message": "This model is not available in your region.", "code": 403}}),
    http("no access to the model", 429, {"error": {"code": "1311", "message": "Your current subscription plan does not yet include access to GLM-5"}}),
    http("key in other words", 400, openai_error("API key not valid. Please pass a valid API key."), hint="_API_KEY"),
    http("model not pulled", 404, openai_error('model "gpt-test" not found, try pulling it first', None, "api_error"), hint="ollama pull gpt-test"),
    http("no such model", 404, openai_error("The model does not exist", "model_not_found"), hint="name right"),
    http("no such model", 404, "404 page not found", hint="/v1"),
    http("no such model in other words", 400, openai_error("gpt-test is not a valid model ID", "400"), hint="name right"),
    http("proxy wants a password", 407, "", hint="NAME:PASSWORD"),
    http("temporary failure", 408, openai_error("Timed out.")),
    http("temporary failure", 409, openai_error("Conflict.")),
    http("temporary failure", 425, openai_error("Too early.")),
    http("temporary failure", 499, openai_error("The operation was cancelled.")),
    http("broken generation", 424, openai_error("Request failed during generation")),
    http("no capacity", 498, openai_error("Flex tier capacity exceeded.")),
    http("too large", 413, openai_error("Too many bytes."), hint="batch_size"),
    http("TLS wanted", 400, "<html><title>400 The plain HTTP request was sent to HTTPS port</title>", hint="https://"),
    http("parameter", 400, openai_error("Unsupported value: 'temperature' does not support 0.5.", "unsupported_value", param="temperature"), hint="sampling.temperature: null"),
    http("parameter", 400, openai_error("Unrecognized request argument supplied: min_p"), hint="sampling.min_p: null"),
    http("parameter", 400, openai_error("max_tokens is too large: 400. This model supports at most 64 completion tokens"), hint="sampling.max_tokens: null"),
    http("parameter", 400, openai_error("response_format json_schema is not supported by this model"), hint="`response_format: none`"),
    http("parameter", 400, openai_error("What?"), hint="sampling.NAME: null"),
    http("parameter", 422, {"detail": [{"loc": ["body", "top_k"], "msg": "extra fields not permitted"}]}, hint="sampling.top_k: null"),
    http("parameter", 418, openai_error("I'm a teapot.")),
    http("redirect", 307, "", headers={"Location": "/v2/chat/completions"}, hint="--api-base", only="direct"),
    http("redirect", 301, "", headers={"Location": "http://127.0.0.1:9/elsewhere"}, hint="--api-base", only="direct"),
    http("overloaded", 529, openai_error("Overloaded", None, "overloaded_error")),
    http("overloaded in other words", 503, openai_error("The engine is currently overloaded", "overloaded"), headers={"Retry-After": "7"}, retry_after=7.0),
    http("overloaded in other words", 500, openai_error("Server overloaded, please try again.")),
    http("too little memory", 500, openai_error("model requires more system memory (8.4 GiB) than is available (4.1 GiB)"), hint="smaller model"),
    http("server error", 500, openai_error("The server had an error")),
    http("server error", 502, "<html><h1>Bad gateway</h1></html>"),
    http("server error", 503, openai_error("Down for maintenance")),
    http("server error", 504, "upstream timed out"),
    http("unknown status", 799, "", only="direct"),
    http("unreadable", 204, "", only="direct"),
    Case("broken connection", Fault("cut_connection")),
    Case("broken connection", Fault("drop")),
    http("no choices", 200, {"id": "1", "object": "chat.completion", "choices": []}),
    http("error inside", 200, {"error": {"message": "Provider returned error"}}, only="direct"),
    http("rate limit", 200, {"error": {"message": "Slow down", "code": 429}}),
    http("no credit", 200, {"error": {"message": "Insufficient credits", "code": 402}}),
    http("context length", 200, {"error": {"message": "maximum context length is 9", "code": 400}}),
    http("server error", 200, {"choices": [{"error": {"message": "Upstream", "code": 502}, "message": {"content": ""}}]}, only="direct"),
    http("another protocol", 200, {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}]}, hint="--api-base", only="direct"),
    http("web page", 200, "<!doctype html><title>Sign in</title><form>", hint="/v1"),
    http("plain text", 200, "Ollama is running", hint="/v1"),
    http("empty stream", 200, "data: [DONE]\n\n", hint="streaming"),
    http("broken off", 200, 'data: {"choices": [{"index": 0, "delta": {"content": "half"}}]}\n\n'),
    http("no such path", 200, {"error": "Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"}, hint="/v1", only="direct"),
    http("broken off", 200, {"choices": [{"index": 0, "finish_reason": "error", "message": {"role": "assistant", "content": "half"}}]}),
    http("broken off", 200, {"choices": [{"index": 0, "finish_reason": "abort", "message": {"role": "assistant", "content": "half"}}]}),
    http("broken off", 200, {"choices": [{"index": 0, "finish_reason": "insufficient_system_resource", "message": {"role": "assistant", "content": ""}}]}),
    Case("unreadable", Fault("html")),
    Case("unreadable", Fault("broken_json")),
    http("unreadable", 200, ""),
    http("unreadable", 200, "[1, 2]", only="direct"),
    http("unreadable", 200, "[" * 100_000, only="direct"),
]  # fmt: skip

ELSEWHERE = {
    "no connection in time", "timeout", "unknown host", "refused connection", "certificate", "no TLS", "proxy",
    "missing package",
}  # fmt: skip
"""Rows that need more than a server's answer; each has a test of its own below."""


def test_every_row_is_tested() -> None:
    assert {case.row for case in CASES} | ELSEWHERE == set(ROWS)


def held(
    row: Row,
    result: Completion | DatarecipeError,
    *,
    hint: str = "",
    retry_after: float | None = None,
    generation: str = "",
) -> None:
    """What came out is what the row says."""
    if row.meaning in ("context_overflow", "content_filter"):
        assert isinstance(result, Completion), result
        assert (result.finish_reason, result.text) == (row.meaning, "")
        return
    if row.meaning == "generation":
        assert isinstance(result, Completion), result
        assert result.text == generation
        assert result.finish_reason == ("stop" if generation else "length")
        return
    assert isinstance(result, DatarecipeError)
    assert row.says in result.message
    assert "\n" not in result.message
    assert hint in str(result)
    if row.meaning == "retry":
        assert type(result) is TransientError
        assert (result.charged, result.rate_limited) == (row.charged, row.rate_limited)
        assert result.retry_after == retry_after
    else:
        assert type(result) is (MachineError if row.kind == "machine" else ProviderError)
        assert result.hint or row.hint is None


async def result_of(kind: str, model: str, base: str, timeout: float = 30) -> Completion | DatarecipeError:  # noqa: ASYNC109
    environ = {"OPENAI_API_KEY": "sk-datarecipe-0123456789"}
    async with TRANSPORTS[kind](endpoint_of(model, base, environ), environ=environ) as transport:
        try:
            completion: Completion = await transport.complete(request(model, base), timeout=timeout)
        except DatarecipeError as error:
            return error
    return completion


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("case", "kind"),
    [(case, kind) for case in CASES for kind in TRANSPORTS if case.only in ("", kind)],
    ids=lambda value: f"{value.row}-{value.fault.kind}-{value.fault.status}" if isinstance(value, Case) else value,
)
async def test_a_row(case: Case, model: str, kind: str) -> None:
    with OpenAIServer(faults=always(case.fault)) as server:
        result = await result_of(kind, model, server.base_url)
    held(ROWS[case.row], result, hint=case.hint, retry_after=case.retry_after, generation=case.generation)
    if kind == "direct":
        assert server.requests == 1


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", MODELS)
async def test_no_answer_in_time(model: str, kind: str) -> None:
    with OpenAIServer(faults=always(Fault("hang"))) as server:
        result = await result_of(kind, model, server.base_url, timeout=0.5)
    assert isinstance(result, TransientError)
    assert (result.charged, result.rate_limited) == (True, False)
    assert "0.5 seconds" in result.message


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", MODELS)
async def test_a_host_that_nobody_knows(model: str, kind: str) -> None:
    held(ROWS["unknown host"], await result_of(kind, model, "http://models.invalid/v1"))


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", MODELS)
async def test_a_host_that_takes_no_connection(model: str, kind: str) -> None:
    with OpenAIServer() as server:
        gone = server.base_url
    held(ROWS["refused connection"], await result_of(kind, model, gone))


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", MODELS)
async def test_a_certificate_that_nobody_signed(model: str, kind: str, tmp_path: Path) -> None:
    with OpenAIServer(tls=certificate(tmp_path).server) as server:
        result = await result_of(kind, model, server.base_url)
    held(ROWS["certificate"], result, hint="SSL_CERT_FILE")
    assert server.requests == 0


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("model", MODELS)
async def test_a_server_without_tls(model: str, kind: str) -> None:
    with OpenAIServer() as server:
        result = await result_of(kind, model, server.base_url.replace("http:", "https:"))
    held(ROWS["no TLS"], result, hint="http://")


async def test_a_connection_that_never_comes_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datarecipe.llm.transports.direct_session.CONNECT_SECONDS", 0.3)
    # A listener whose queue is full: the system answers no further attempt.
    environ = {"OPENAI_API_KEY": "sk-datarecipe-0123456789"}
    with socket.socket() as listener, socket.socket() as one, socket.socket() as two:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (one, two):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        endpoint = endpoint_of("openai/gpt-test", base, environ)
        async with DirectTransport(endpoint, environ=environ) as transport:
            with pytest.raises(TransientError) as caught:
                await transport.complete(request("openai/gpt-test", base), timeout=20)
    held(ROWS["no connection in time"], caught.value)


def test_a_package_that_is_missing() -> None:
    replies = Replies(endpoint_of("bedrock/m", None, {}), ())
    held(
        ROWS["missing package"],
        replies.outcome(answer_behind(ImportError("No module named 'boto3'"), replies, replies.read)),
    )


@pytest.mark.parametrize("quoted", ["{[]: 1}", "-" * 100_000 + "1", "(" * 5_000, "1" * 5_000, "\0", "{**1}", "f'{1}'"])
def test_whatever_is_quoted_as_received_is_read_as_a_text_alone(quoted: str) -> None:
    replies = Replies(endpoint_of("openai/gpt-test", None, {}), ())
    failure = replies.outcome(
        answer_behind(ValueError(f"Received: {quoted}. Check the reverse proxy"), replies, replies.read)
    )
    assert isinstance(failure, TransientError)


# Words


def judge(model: str = "openai/gpt-test", *secrets: str) -> FailureJudge:
    return FailureJudge(endpoint_of(model, None, {}), secrets)


@pytest.mark.parametrize(
    "text",
    ["token s3cret-value", "Bearer abcdefgh123", "sk-abcdefgh123456", "gsk_abcdefgh123456", "AIzaabcdefgh123456"],
)
def test_no_secret_is_shown(text: str) -> None:
    shown = judge("openai/gpt-test", "s3cret-value").readable(f"not: {text}.")
    assert "***" in shown
    assert not re.search(r"s3cret|abcdefgh", shown)


KEY = hashlib.sha256(b"a key").hexdigest()


@pytest.mark.parametrize("around", ["{}", "the key is {}", '{{"id": "{}", "object": "x"}}', "{0}, {0}"])
def test_what_is_left_of_a_secret_that_was_cut_off_is_not_shown(around: str) -> None:
    judging = judge("openai/gpt-test", KEY)
    for left in range(len(KEY) // 3 + 1, len(KEY) + 1):
        assert judging.readable(around.format(KEY[:left])) == around.format("***")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"id": KEY, "object": "response", "output": []}),
        "words " * 15 + KEY,
        '["' + "x" * 150 + KEY,
        f"<title>{'x' * 90}{KEY}</title>",
        json.dumps("x" * 260 + KEY),
        "data: " + "x" * 150 + KEY,
        json.dumps({"error": {"message": "x" * 19_960 + KEY}}),
    ],
)
def test_a_reply_that_says_the_key_does_not_show_it(body: str) -> None:
    replies = Replies(endpoint_of("openai/gpt-test", None, {}), (KEY,))
    read = replies.read(body)
    assert isinstance(read, Failure)
    assert KEY[:22] not in str(replies.outcome(read))


@pytest.mark.parametrize("outside", [False, True])
def test_an_error_in_many_layers_is_a_failure_like_any_other(outside: bool) -> None:
    replies = Replies(endpoint_of("openai/gpt-test", None, {}), ())
    for depth in range(1, 1200):  # somewhere there it can be read and not be written, wherever the stack is
        error = f'{{"error": {{"message": "m", "failed_generation": {"[" * depth}{"]" * depth}}}}}'
        read = replies.refused(400, {}, error) if outside else replies.read(error)
        assert isinstance(read, Failure)


def test_the_traceback_of_a_library_is_not_shown() -> None:
    assert judge().readable("Invalid object Traceback (most recent call last):\n File x") == "Invalid object"


@given(st.text())
def test_a_message_is_one_line_that_can_be_shown(text: str) -> None:
    shown = judge().readable(text)
    shown.encode()
    assert len(shown) <= 303
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", shown)


@given(
    kind=st.sampled_from(["http", "timeout", "connection", "garbage", "machine"]),
    status=st.none() | st.integers(0, 999),
    codes=st.frozensets(st.text()),
    message=st.text(),
    parameter=st.none() | st.text(),
)
def test_every_failure_has_a_verdict(kind: Any, status: int | None, codes: Any, message: str, parameter: Any) -> None:
    verdict = judge().verdict(Failure(kind, status, codes, message, parameter))
    assert isinstance(verdict, str | DatarecipeError)


def test_what_is_no_failure_of_the_network_is_none() -> None:
    assert network_failure(KeyError("x")) is None


def test_an_earlier_failure_that_is_still_handled_is_not_taken_for_this_one() -> None:
    earlier = TransientError("an earlier attempt")
    earlier.__context__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    now = ConnectionRefusedError("refused")
    now.__context__ = earlier
    failure = network_failure(now)
    assert failure is not None
    assert row_of(failure).name == "refused connection"


def test_rows_have_names_of_their_own() -> None:
    assert len(ROWS) == len(TABLE)


def test_no_row_is_in_the_shadow_of_another() -> None:
    """The case of each row is judged by that row: so each can be reached."""
    reached = {
        row_of(Failure("connection", codes=frozenset({word}))).name for word in ("dns", "refused", "certificate")
    }
    assert reached == {"unknown host", "refused connection", "certificate"}


# The page


def test_the_page_shows_this_table() -> None:
    shown = [cells for cells in document("failures").rows() if len(cells) == 5][2:]
    assert [tuple(cells) for cells in shown] == [page_row(row) for row in TABLE]


def page_row(row: Row) -> tuple[str, ...]:
    """A row as docs/failures.md has it."""
    meaning = {
        "retry": "tried again",
        "end": "ends the run",
        "context_overflow": "a response: `context_overflow`",
        "content_filter": "a response: `content_filter`",
        "generation": "a response: what the model wrote is read",
    }[row.meaning]
    cost = "may cost" if row.charged else "free"
    hint = (row.hint or "").format(
        key_variables="the provider's variable",
        name="NAME",
        leave_out="What to leave out, by its name where it is known.",
    )
    return row.name, row.when, meaning, cost + (", fewer requests" if row.rate_limited else ""), hint


def test_the_page_shows_where_each_wording_was_seen() -> None:
    shown = [cells for cells in document("failures").rows() if len(cells) == 3 and cells[0] in ROWS]
    assert [tuple(cells) for cells in shown] == wording_rows()


def wording_rows() -> list[tuple[str, str, str]]:
    """The wordings as docs/failures.md has them."""
    return [(row.name, wording.sample, wording.seen) for row in TABLE for wording in row.wordings]


if __name__ == "__main__":  # python -m tests.llm.test_failures: the lines for the page
    print("\n".join("| " + " | ".join(page_row(each)) + " |" for each in TABLE))
    print("\n".join("| " + " | ".join(each) + " |" for each in wording_rows()))
