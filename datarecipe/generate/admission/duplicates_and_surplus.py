"""The two filters of every run: no example twice, and none beyond the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from datarecipe.exchange import Response
from datarecipe.generate.admission.commit_filter import CommitFilter, Rejection
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.judge.item_checker import Valid

_DUPLICATE: Final = Rejection("duplicate", "equal to a seed example or to an accepted example")
_SURPLUS: Final = Rejection("surplus", "the target was reached within this response")


class Duplicates(CommitFilter):
    """Rejects what is equal to a seed example or to an accepted example."""

    def __init__(self, seen: DigestSet) -> None:
        """`seen` has the seed examples, and gets what is accepted."""
        self._seen = seen

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        """By the item's digest."""
        return _DUPLICATE if item.digest in self._seen else None

    def accepted(self, item: Valid) -> None:
        """Remember it."""
        self._seen.add(item.digest)


class Surplus(CommitFilter):
    """Rejects what comes after the target is reached."""

    def __init__(self, target_size: int) -> None:
        self._left = target_size

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        """By number alone."""
        return None if self._left > 0 else _SURPLUS

    def accepted(self, item: Valid) -> None:  # noqa: ARG002
        """One less."""
        self._left -= 1
