"""How long a provider asks to wait, in all the words and headers that are known of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datarecipe.llm.failures.asked_pause import DAY, asked_pause

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

WORDS: dict[str, float | None] = {
    # OpenAI, Groq
    "Rate limit reached for gpt-4o. Limit: 3 / min. Please try again in 20s. Contact us": 20.0,
    "Please try again in 6ms. Visit": 0.006,
    "Please try again in 1m26.4s. Visit": 86.4,
    "Please try again in 7m54.5s": 474.5,
    "Please try again in 1h2m3s.": 3723.0,
    "try again in 60 seconds": 60.0,
    "Try again in 60 Seconds.": 60.0,
    "try again in 1 second": 1.0,
    "try again in 5 mins": 300.0,
    "please try again after 30 seconds": 30.0,
    "try again in about 2 minutes": 120.0,
    "try again in 2 minutes and 30 seconds": 150.0,
    "try again in 1 hour, 5 minutes": 3900.0,
    "in 1 hour": None,
    "Please try again in 1 hour": 3600.0,
    "Please try again in an hour": 3600.0,
    "try again in a minute": 60.0,
    "try again in one minute": 60.0,
    "try again in 500 milliseconds": 0.5,
    "try again in 500 msecs": 0.5,
    "try again in 2 days": DAY,
    "try again in 1 day": DAY,
    # Gemini
    "Please retry in 34.074824224s.": 34.074824224,
    "Please retry in 34.1s": 34.1,
    '{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}': 34.0,
    '"retryDelay":"0.5s"': 0.5,
    '"retryDelay": "20ms"': 0.02,
    # Azure
    "Please retry after 20 seconds. Please go here": 20.0,
    "Please retry after 2m30s": 150.0,
    "retry after 24 hours": DAY,
    # others
    "wait 1 minute": 60.0,
    "Please wait 23.5 seconds before the next request": 23.5,
    "please wait for 10 s": 10.0,
    "please wait at least 3 min": 180.0,
    "Limit resets in 12 seconds": 12.0,
    "available in 45s": 45.0,
    "Retry after: 30": 30.0,
    "retry after 30": 30.0,
    "retry-after=7": 7.0,
    '{"error": {"retry_after": 12}}': 12.0,
    '{"retry_after": 1.5, "x": 1}': 1.5,
    '{"retry_after": "12"}': 12.0,
    '{"retry_after": "12s"}': 12.0,
    '{"retryAfter": 3}': 3.0,
    '{"retry_after_seconds": 9}': 9.0,
    '{"retry_after_ms": 1500}': 1.5,
    '{"retryAfterMs": 1500}': 1.5,
    '{"metadata": {"headers": {"X-RateLimit-Reset": "1767323105000"}}}': 60.0,  # OpenRouter: milliseconds
    "Try again at 2026-01-02T03:05:05Z": 60.0,
    "resets at 2026-01-02 03:05:05 UTC": 60.0,
    "try again after 2026-01-02T04:05:05+01:00": 60.0,
    # what asks for nothing
    "Please try again later.": None,
    "try again in a moment": None,
    "try again in a few seconds": None,
    "Request timed out after 30 seconds": None,
    "Limit: 3 requests per 60 seconds. Please wait.": None,
    "you waited 30 seconds": None,
    "try again in 3 years": None,
    "try again in 5 sessions": None,
    "try again in -5 seconds": None,
    '{"retry_after": -3}': None,
    '{"retry_after": null}': None,
    '{"retry_after": "soon"}': None,
    '{"retry_after": "5 parsecs"}': None,
    # other scripts
    "try again in 20\u017f": None,
    "try again in 20\u017fec": None,
    "try again in \u0662\u0660s": None,
    "try again in 20 \u212aelvin": None,
    "retry after \uff12\uff10 seconds": None,
    "try again in 2\u00b2s": None,
    "try again in 20\u00b5s": 0.00002,
    # more than a day
    "try again in 9999999 hours": DAY,
    "try again in 999999999999999 d": DAY,
    "try again in 99999999999999999999999 s": None,
    '{"retry_after": 999999999999999}': DAY,
    "Try again at 9999-12-31T23:59:59Z": DAY,
    "Try again at 0001-01-01T00:00:00+23:59": None,
    "Try again at 2026-99-99T00:00:00Z": None,
}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("status", [429, 503])
def test_words(words: str, status: int) -> None:
    assert asked_pause(status, {}, words, NOW) == (None if WORDS[words] is None else pytest.approx(WORDS[words]))


HERS = "Mon, 01 Jan 2035 10:00:00 GMT"
HEADERS: list[tuple[dict[str, str], float | None]] = [
    ({"retry-after": "2.5"}, 2.5),
    ({"retry-after": " 2 "}, 2.0),
    ({"retry-after": "2s"}, 2.0),
    ({"retry-after": "1m30s"}, 90.0),
    ({"retry-after": "1 minute"}, 60.0),
    ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
    ({"x-ms-retry-after-ms": "1500"}, 1.5),
    ({"retry-after": "Fri, 02 Jan 2026 03:05:05 GMT"}, 60.0),
    ({"retry-after": "Fri, 02 Jan 2026 03:03:05 GMT"}, 0.0),
    ({"retry-after": "Fri, 02 Jan 2026 03:05:05"}, 60.0),
    ({"retry-after": "2026-01-02T03:05:05Z"}, 60.0),
    ({"retry-after": "1767323105"}, 60.0),
    # its own clock
    ({"retry-after": "Mon, 01 Jan 2035 10:00:02 GMT", "date": HERS}, 2.0),
    ({"retry-after": "2035-01-01T10:00:02Z", "date": HERS}, 2.0),
    ({"retry-after": "Mon, 01 Jan 2035 09:59:00 GMT", "date": HERS}, 0.0),
    ({"retry-after": "Mon, 01 Jan 2001 10:00:02 GMT", "date": "Mon, 01 Jan 2001 10:00:00 GMT"}, 2.0),
    ({"retry-after": "Fri, 02 Jan 2026 03:05:05 GMT", "date": "no date"}, 60.0),
    ({"retry-after": "7", "date": HERS}, 7.0),
    # nonsense
    ({"retry-after": "-3"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "1e9"}, None),
    ({"retry-after": "0x10"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "\u0662"}, None),
    ({"retry-after": "20\u017f"}, None),
    ({"retry-after": "9" * 400}, None),
    ({"retry-after": "99999999999"}, DAY),
    ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, DAY),
    ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
    # until the limits are whole again
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
    ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6m0s"}, None),
    ({"x-ratelimit-reset-requests": "6m0s"}, None),
    (
        {
            "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2s",
        },
        2.0,
    ),
    ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "33.5"}, 33.5),
    ({"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "33011.3"}, 33011.3),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767323105"}, 60.0),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767323105000"}, 60.0),
    ({"ratelimit-remaining": "0", "ratelimit-reset": "50"}, 50.0),
    ({"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-01-02T03:05:05Z"}, 60.0),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "Fri, 02 Jan 2026 03:05:05 GMT"}, 60.0),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "20\u017f"}, None),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "-1"}, None),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999999999999"}, DAY),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "seconds"), HEADERS)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause(429, headers, "", NOW) == (None if seconds is None else pytest.approx(seconds))


def test_a_header_goes_before_the_words() -> None:
    assert asked_pause(429, {"retry-after": "2"}, "try again in 9s", NOW) == 2.0


ODD = st.text(alphabet='0123456789.:-+TZ smhd\u017f\u0662"{}') | st.text()


@given(ODD, ODD, ODD, ODD)
@example("try again in 20\u017f", "20\u017f", "20\u017f", "")
def test_nothing_raises_or_holds_longer_than_a_day(text: str, after: str, reset: str, date: str) -> None:
    headers = {"retry-after": after, "x-ratelimit-reset": reset, "x-ratelimit-remaining": "0", "date": date}
    for words in (text, f"try again in {text}", f'"retryDelay": "{text}"', f"retry after {text}", f"resets at {text}"):
        found = asked_pause(429, headers, words, NOW)
        assert found is None or 0.0 <= found <= DAY
