"""What the table of failures is made of: a failure, and a row that judges it."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

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
    `http` one word of ours: `dns`, `refused`, `certificate`, `proxy`, `connect`, `html`, `json`, `no_choices`, `error`,
    `broken_off`, `other_protocol`, `page`, `plain_text`, `empty_stream`."""
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
    words: str | None = None
    """A regular expression for the message, in whatever case; compiled when a failure is judged, which few runs see."""
    rate_limited: bool = False
    """Whether it asks for fewer requests."""
    wordings: tuple[Wording, ...] = ()
    """What `codes` and `words` were made from, with where each was seen."""

    def fits(self, failure: Failure) -> bool:
        """Whether this row judges `failure`, if none above does."""
        if failure.kind != self.kind:
            return False
        if self.statuses is not None and failure.status not in self.statuses:
            return False
        if not self.codes and self.words is None:
            return True
        return not self.codes.isdisjoint(failure.codes) or (
            self.words is not None and _compiled(self.words).search(failure.message) is not None
        )


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which providers say the same."""

    sample: str
    """In their words, as far as they are always the same."""
    seen: str
    """Where: the provider or server, with an issue or a page where it is written down."""
    pattern: str = ""
    """A regular expression; without one the sample itself, in whatever case."""
    code: str = ""
    """The short word that says it, where one does."""


def any_of(wordings: tuple[Wording, ...]) -> str:
    """Fits where one of `wordings` does."""
    said = [wording.pattern or re.escape(wording.sample) for wording in wordings if wording.pattern or not wording.code]
    return words(*said)


def codes_of(wordings: tuple[Wording, ...]) -> frozenset[str]:
    """The short words of `wordings`."""
    return frozenset(wording.code for wording in wordings if wording.code)


def words(*patterns: str) -> str:
    """Fits where one of `patterns` does."""
    return "|".join(patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)
