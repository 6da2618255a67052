"""A success that holds no answer: what will never hold one ends the run at once, the rest is asked for again."""

from __future__ import annotations

from datarecipe.llm.failures.failure_row import Row, words

NAME_RIGHT = "Is the model's name right? A server of your own often wants the URL to end in /v1."
_NO_API = "Is it the address of an API? Most end in /v1, and a page to log in must not stand before it."

REPLY_ROWS: tuple[Row, ...] = (
    Row(
        "another protocol",
        "a 200 with the reply of another protocol: Anthropic's, Ollama's own, OpenAI's Responses, plain completions",
        "garbage",
        "end",
        charged=True,
        says="does not answer in OpenAI's protocol",
        hint="Name the model with its provider's prefix, or another address with --api-base: most end in /v1.",
        codes=frozenset({"other_protocol"}),
    ),
    Row(
        "web page",
        "a 200 with a web page without an error message: a login page, say, or one of another server",
        "garbage",
        "end",
        charged=False,
        says="answers with a web page",
        hint=_NO_API,
        codes=frozenset({"page"}),
    ),
    Row(
        "plain text",
        "a 200 with a text without an error message: `Ollama is running`, say",
        "garbage",
        "end",
        charged=False,
        says="answers with a text that is no JSON",
        hint=_NO_API,
        codes=frozenset({"plain_text"}),
    ),
    Row(
        "empty stream",
        "a 200 with a stream that ends without an event: `data: [DONE]` alone",
        "garbage",
        "end",
        charged=True,
        says="streams an answer with nothing in it, though it is asked not to stream",
        hint="Does the server, or a gateway before it, have a setting that switches streaming off?",
        codes=frozenset({"empty_stream"}),
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
        hint=NAME_RIGHT,
        words=words(r"unexpected endpoint or method"),
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
        "a 200 with invalid JSON, probably temporary: a gateway's page, an empty body, a reply without end",
        "garbage",
        "retry",
        charged=True,
        says="gave an answer that cannot be read",
    ),
)
