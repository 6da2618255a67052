"""One refused request is not a refused key: each wording of a filter, an overflow, an invalid generation, and what is near."""

# ruff: noqa: E501  # one case a line

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from datarecipe.exchange import Completion
from datarecipe.llm.failures.failure_table import RESPONSES, TABLE, Failure, row_of
from datarecipe.llm.failures.failure_wordings import Wording
from datarecipe.llm.failures.reply_error import is_said
from datarecipe.llm.transports.openai_reply import Replies
from tests.llm.test_both_transports import choice, document, endpoint_of
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, raw
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe

HALF = '{"examples": [{"options": ["yes", "no"], "answer": "yes", "question": "Is ice cold?"}, {"question": "half'

WORDINGS = [(row.name, wording) for row in TABLE for wording in row.wordings]


STATUSES = ((400, 422, 500), (400, 403, 422, 429))
"""With which a refusal of a request is said, and with which one of the model."""


def judged(status: int, body: object) -> str:
    import json

    replies = Replies(endpoint_of("openai/m", None, {}), ())
    return row_of(replies.refused(status, {}, body if isinstance(body, str) else json.dumps(body))).name


@pytest.mark.parametrize(
    ("name", "wording", "status"),
    [(name, wording, status) for name, wording in WORDINGS for status in STATUSES[name == "no access to the model"]],
    ids=lambda value: value.sample[:40] if isinstance(value, Wording) else str(value),
)
def test_each_wording_is_judged_by_its_row(name: str, wording: Wording, status: int) -> None:
    codes = frozenset({wording.code} - {""})
    message = "" if wording.code and not wording.pattern else f"Error: {wording.sample}. (x)"
    assert row_of(Failure("http", status, codes, message)).name == name
    assert row_of(Failure("http", status, codes, message.upper())).name == name


@pytest.mark.parametrize(
    "wording", [w for name, w in WORDINGS if name == "content policy"], ids=lambda w: w.sample[:40]
)
def test_a_403_about_the_content_is_not_about_the_key(wording: Wording) -> None:
    codes = frozenset({wording.code, "permission_denied"} - {""})
    assert row_of(Failure("http", 403, codes, wording.sample)).name == "content policy"


SHAPES = [
    {"error": {"message": "@", "type": "invalid_request_error"}},
    {"error": "@", "code": "x"},
    {"message": "@", "object": "error", "code": 400},
    {"detail": "@"},
    {"detail": {"error": {"message": "@"}}},
    {"error": {"error": "@"}},
    {"errors": [{"code": 3030, "message": "@"}], "success": False, "result": None},
    {"base_resp": {"status_code": 1, "status_msg": "@"}},
    {"Response": {"Error": {"Code": "X", "Message": "@"}, "RequestId": "1"}},
    {"error_code": 336_000, "error_msg": "@"},
    [{"error": {"message": "@", "status": "INVALID_ARGUMENT"}}],
    {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "@", "provider_name": "x"}}},
    "@",
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("words", "row"),
    [
        ("Content violates usage guidelines.", "content policy"),
        ("prompt is too long: 9 tokens > 8 maximum", "context length"),
        ("Failed to generate JSON.", "invalid generation"),
    ],
)
def test_in_whatever_shape_the_error_comes(shape: object, words: str, row: str) -> None:
    import json

    assert judged(400, json.loads(json.dumps(shape).replace("@", words)) if shape != "@" else words) == row


NEAR = [
    # about the key, the account, the address
    (403, {"code": "The caller does not have permission to execute the specified operation", "error": "Access to the chat endpoint is denied."}, "key"),
    (403, {"error": {"message": "Your account was suspended for violating our terms"}}, "key"),
    (403, {"error": {"message": "Country, region, or territory not supported", "code": "unsupported_country_region_territory"}}, "key"),
    (403, "<html><title>403 Forbidden</title></html>", "key"),
    (401, {"error": {"message": "content_filter", "code": "content_filter"}}, "key"),
    (403, {"error": {"message": "Key limit exceeded (total limit).", "code": 403}}, "key"),
    (404, {"error": {"message": "No endpoints found matching your data policy", "code": 404}}, "no such model"),
    (403, {"error": {"message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}, "key"),
    (403, {"error": {"message": "You do not have access to this resource"}}, "key"),
    (403, {"error": {"message": "Your organization has been disabled."}}, "key"),
    (401, {"error": {"message": "Incorrect API key provided. You do not have access to model x"}}, "key"),
    (404, {"error": {"message": "The model `x` does not exist or you do not have access to it.", "code": "model_not_found"}}, "no such model"),
    (400, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, "no such model in other words"),
    (429, {"error": {"message": "Rate limit reached for model `x` in organization `y`. Upgrade your plan."}}, "rate limit"),
    (503, {"error": {"message": "The model is not available for your account now"}}, "server error"),
    # about a parameter
    (400, {"error": {"message": "'response_format' is not supported for this model"}}, "parameter"),
    (400, {"error": {"message": "max_tokens is too large: 100000. This model supports at most 16384 completion tokens"}}, "parameter"),
    (400, {"error": {"message": "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model"}}, "parameter"),
    (400, {"error": {"message": "Range of max_tokens should be [1, 8192]"}}, "parameter"),
    (400, {"error": {"message": "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"}}, "parameter"),
    (400, {"error": {"message": "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model"}}, "parameter"),
    (400, {"error": {"message": "Invalid schema for response_format 'examples'", "code": "invalid_json_schema"}}, "parameter"),
    (400, {"error": {"message": "Invalid prompt: messages must not be empty", "code": "invalid_prompt"}}, "parameter"),
    (400, {"error": {"message": "'messages' must contain the word 'json' in some form"}}, "parameter"),
    # about rates and size
    (413, {"error": {"message": "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size and try again.", "code": "rate_limit_exceeded"}}, "more than a minute's allowance"),
    (429, {"error": {"message": "maximum context length", "code": "rate_limit_exceeded"}}, "rate limit"),
    (500, {"error": {"message": "Internal server error"}}, "server error"),
]  # fmt: skip


NO_ACCESS = [
    (403, {"error": {"message": "Your API key does not have permission to use this model", "code": "permission_denied"}}),
    (403, {"error": {"message": "You do not have access to model x", "type": "permission_error"}}),
    (403, {"type": "error", "error": {"type": "permission_error", "message": "Your organization does not have access to this model."}}),
    (403, {"error": {"message": "Project `proj_x` does not have access to model `gpt-4o`", "type": "invalid_request_error", "param": None, "code": "model_not_found"}}),
    (403, {"error": {"message": "The model `x` is blocked at the organization level.", "code": "model_permission_blocked_org"}}),
    (403, {"error": {"message": "The model gpt-test is not available in your current plan."}}),
    (403, {"error": {"message": "This model is not supported for your account"}}),
    (403, {"error": {"message": "This model is not available in your region.", "code": 403}}),
    (403, {"error": {"message": "No access to model: openai/o1", "code": "no_access"}}),
    (403, "User: x is not authorized to use this model"),
    (403, [{"error": {"code": 403, "message": "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/p/locations/l/publishers/google/models/gemini-pro' (or it may not exist).", "status": "PERMISSION_DENIED"}}]),
    (429, {"error": {"code": "1311", "message": "Your current subscription plan does not yet include access to GLM-5"}}),
    (400, {"error": {"message": "Unable to access non-serverless model x. Please visit ...", "code": "model_not_available"}}),
    (403, {"error": "this model requires a subscription, upgrade for access: https://ollama.com/upgrade (ref: x)"}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), NO_ACCESS, ids=lambda value: str(value)[:60])
def test_a_refused_model_is_not_a_refused_key(status: int, body: object) -> None:
    assert judged(status, body) == "no access to the model"


@pytest.mark.parametrize(("status", "body", "row"), NEAR, ids=lambda value: str(value)[:60])
def test_what_is_near_stays_what_it_is(status: int, body: object, row: str) -> None:
    assert judged(status, body) == row


def test_each_wording_says_where_it_was_seen() -> None:
    assert all(wording.seen for _, wording in WORDINGS)
    named = {row.name for row in TABLE if row.meaning in RESPONSES}
    assert {name for name, _ in WORDINGS} == named | {"no access to the model"}


EMPTY: list[Any] = [
    None, {}, [], "", " ", 0, 200, False, "ok", "success", "null", {"message": ""}, {"message": None, "type": None, "code": None},
    {"code": 0}, {"code": 200}, {"code": "200", "message": "Success"}, {"message": "", "type": "", "param": "", "code": None},
    {"status": "ok", "details": []}, {"error": {"error": {}}}, [{}], [None, ""],
]  # fmt: skip
FULL: list[Any] = [
    "x", "error", 1, 500, True, {"message": "Upstream failed"}, {"code": 500}, {"code": "rate_limit"}, {"type": "overloaded_error", "message": ""},
    {"message": "", "metadata": {"raw": "no"}}, ["x"], [{"message": "x"}],
]  # fmt: skip


@pytest.mark.parametrize("error", EMPTY, ids=str)
def test_an_error_that_says_nothing(error: object) -> None:
    assert not is_said(error)


@pytest.mark.parametrize("error", FULL, ids=str)
def test_an_error_that_says_something(error: object) -> None:
    assert is_said(error)


@pytest.mark.parametrize("error", EMPTY, ids=str)
@pytest.mark.parametrize("where", ["reply", "choice"])
def test_an_empty_error_beside_an_answer_is_none(error: object, where: str) -> None:
    reply = document(error=error) if where == "reply" else document(choices=choice(error=error))
    read = Replies(endpoint_of("openai/m", None, {}), ()).completion(reply)
    assert isinstance(read, Completion)
    assert read.text == "hi"


@pytest.mark.parametrize("error", FULL, ids=str)
def test_an_error_with_words_beside_an_answer_is_one(error: object) -> None:
    read = Replies(endpoint_of("openai/m", None, {}), ()).completion(document(error=error))
    assert isinstance(read, Failure)


@pytest.mark.parametrize("error", EMPTY, ids=str)
def test_an_empty_error_without_an_answer_is_no_answer(error: object) -> None:
    read = Replies(endpoint_of("openai/m", None, {}), ()).completion({"error": error})
    assert isinstance(read, Failure)


REFUSED = [
    raw(403, {"code": "The caller does not have permission", "error": "Content violates usage guidelines."}),
    raw(400, {"error": {"code": "1301", "message": "System detected potentially unsafe or sensitive content"}}),
    raw(
        400,
        {"error": {"message": "Failed to validate JSON.", "code": "json_validate_failed", "failed_generation": HALF}},
    ),
    raw(400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}),
]


def test_a_run_goes_on_past_requests_that_are_refused(tmp_path: Path) -> None:
    turns = itertools.cycle(REFUSED)

    def refusing(number: int, body: Body) -> Fault | None:
        return next(turns) if "about animals" in body["messages"][0]["content"] else None

    recipe = recipe_with(write_recipe(tmp_path))
    with OpenAIServer(Author.tidy(), faults=refusing) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert result.error is None
    rows = [json.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()]
    assert {"content_filter", "malformed", "context_overflow"} <= {row["reason"] for row in rows}
    assert len((tmp_path / "out" / "data.jsonl").read_text().splitlines()) == 60
    assert "Is ice cold?" in (tmp_path / "out" / "data.jsonl").read_text()


def test_an_error_in_many_layers_ends_the_look() -> None:
    deep: object = {}
    for _ in range(500):
        deep = [deep]
    assert is_said(deep)
