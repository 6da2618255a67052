"""What a terminal shows of the answers of `filters.verify` and `filters.judge`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from datarecipe.printable import printable
from datarecipe.run_folder.counts.confirmed_labels import ConfirmedLabel, ConfirmedLabels
from datarecipe.run_folder.counts.judged_scores import JudgedScores
from datarecipe.running.show.rejections import percent

UNLIKE = 0.2
"""Between the shares of two labels that are confirmed: from here on the model may lean to one of them."""
ENOUGH = 10
"""Examples of a label from which its share says something."""


def confirmations(counts: ConfirmedLabels) -> Iterator[str]:
    """How many labels were confirmed, and a warning where that depends on the label."""
    labels = counts.labels
    if not labels:
        return
    confirmed, asked = sum(each.confirmed for each in labels), sum(map(_asked, labels))
    shares = ", ".join(f"{_words(each.label)} {percent(each.share)}" for each in labels) if len(labels) > 1 else ""
    yield f"verified: {confirmed:,} of {asked:,} labels confirmed{f' ({shares})' if shares else ''}"
    known = sorted((each for each in labels if _asked(each) >= ENOUGH), key=lambda each: each.share)
    if len(known) > 1 and known[-1].share - known[0].share > UNLIKE:
        least, most = _words(known[0].label), _words(known[-1].label)
        yield (
            f"warning: the verifier confirms {least} much less often than {most}: the author's {least} may be wrong, "
            f"or the verifier leans to {most}; the rejected items have the reason `unverified`"
        )


def judgements(counts: JudgedScores) -> Iterator[str]:
    """How many examples passed the judge, and their mean scores."""
    if counts.accepted + counts.rejected:
        means = ", ".join(f"{each.name} {each.mean:.1f}" for each in counts.criteria if each.mean is not None)
        passed = f"judged: {counts.accepted:,} of {counts.accepted + counts.rejected:,} passed"
        yield passed + (f" (mean scores of these: {means})" if means else "")


def _asked(label: ConfirmedLabel) -> int:
    return label.confirmed + label.rejected


def _words(label: Any) -> str:
    return printable(label if isinstance(label, str) else json.dumps(label))
