"""Plots as SVG: bars, columns, a line, intervals. Colours come from the page's styles, so they follow light and dark.

Each plot is a figure: a title, a sentence on how to read it, a description for screen readers, its numbers as a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from datarecipe.report.show.markup import Markup, cut, element, plain, table

WIDTH = 420
_LEFT, _RIGHT, _ROW = 140, 96, 24
_HEIGHT, _FOOT = 170, 40
_WIDEST = 60
"""Of a column."""

Kind = Literal["good", "bad", "plain", "other"]
"""What a mark stands for; the styles have a colour for each."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or one column."""

    label: str
    value: float
    said: str
    """The value in words."""
    kind: Kind = "plain"
    low: float | None = None
    high: float | None = None
    """The ends of its interval."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of a run."""

    kind: str
    """Plots of one kind stand beside each other."""
    title: str
    reading: str
    """One sentence on how to read it."""
    head: tuple[str, str]
    """What the labels and the values are."""
    bars: Sequence[Bar]
    form: Literal["bars", "columns"] = "bars"
    top: float | None = None
    """The value at the full length; the largest one if None."""
    mark: float | None = None
    """A value that is marked in all bars, such as chance."""
    mark_said: str = ""
    more: Sequence[tuple[str, str]] = field(default=())
    """Rows that only the table has."""


def figure(plot: Plot, run: str) -> Markup:
    """A plot of the run of that name as HTML."""
    drawn = _bars(plot) if plot.form == "bars" else _columns(plot)
    # The same text has the same id, whatever stands before it on the page.
    name = "p" + hashlib.sha256(f"{run}\n{plot.title}".encode(errors="replace")).hexdigest()[:12]
    height = _HEIGHT if plot.form == "columns" else _ROW * len(plot.bars) + (20 if plot.mark is not None else 4)
    described = "; ".join(f"{cut(bar.label, 60)}: {bar.said}" for bar in plot.bars)
    svg = element(
        "svg",
        element("title", plain(f"{plot.title}, {run}"), id=name),
        element("desc", plain(f"{plot.head[0]}: {plot.head[1]}. {described}"), id=f"{name}d"),
        drawn,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_labelledby=name,
        aria_describedby=f"{name}d",
    )
    rows = [*((bar.label, bar.said) for bar in plot.bars), *plot.more]
    numbers = table(plot.head, [(cut(label, 200), said) for label, said in rows])
    return element(
        "figure",
        element("figcaption", element("h4", plot.title), element("p", plot.reading)),
        svg,
        element("details", element("summary", "As a table"), numbers),
    )


def _bars(plot: Plot) -> list[Markup]:
    top = plot.top or max((bar.high or bar.value for bar in plot.bars), default=0) or 1
    room = WIDTH - _LEFT - _RIGHT
    drawn, said = [], []
    for number, bar in enumerate(plot.bars):
        y = number * _ROW + 2
        length = room * min(1.0, bar.value / top)
        drawn.append(_rect(_LEFT, y, max(1.0, length) if bar.value else 0.0, _ROW - 6, bar.kind))
        end = max(length, room * min(1.0, (bar.high or 0) / top))
        said.append(_text(cut(bar.label, 18), _LEFT - 8, y + 14, "end"))
        said.append(_text(bar.said, _LEFT + 6 + end, y + 14, "start", "number"))
        if bar.low is not None and bar.high is not None:
            ends = (_LEFT + room * bar.low / top, _LEFT + room * bar.high / top)
            middle = y + (_ROW - 6) / 2
            drawn.append(_path(f"M{ends[0]:.1f} {middle:.1f}H{ends[1]:.1f}", "interval"))
    if plot.mark is not None:
        x, bottom = _LEFT + room * plot.mark / top, _ROW * len(plot.bars)
        drawn.append(_path(f"M{x:.1f} 0V{bottom + 2}", "mark"))
        said.append(_text(plot.mark_said, x, bottom + 15, "middle", "axis"))
    return [*drawn, *said]


def _columns(plot: Plot) -> list[Markup]:
    top = plot.top or max((bar.value for bar in plot.bars), default=0) or 1
    room, base = _HEIGHT - _FOOT - 16, _HEIGHT - _FOOT
    step = (WIDTH - 8) / max(1, len(plot.bars))
    every = max(1, -(-len(plot.bars) // 7))
    drawn = [_path(f"M0 {base + 0.5}H{WIDTH}", "line")]
    for number, bar in enumerate(plot.bars):
        height = room * min(1.0, bar.value / top)
        x, width = 4 + number * step, min(step * 0.84, _WIDEST)
        drawn.append(_rect(x + (step - width) / 2, base - height, width, height, bar.kind))
        if number % every == 0:
            drawn.append(_text(cut(bar.label, 9), x + step / 2, base + 15, "middle", "axis"))
        if len(plot.bars) <= 8 or bar.value == max(each.value for each in plot.bars):
            drawn.append(_text(bar.said, min(max(x + step / 2, 24), WIDTH - 24), base - height - 4, "middle", "number"))
    drawn.append(_text(plot.head[0], WIDTH / 2, base + 33, "middle", "axis"))
    return drawn


def _rect(x: float, y: float, width: float, height: float, kind: Kind) -> Markup:
    corners = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    return element("rect", class_=f"bar {kind}", **corners, rx="2")


def _path(way: str, kind: str) -> Markup:
    return element("path", d=way, class_=kind)


def _text(said: str, x: float, y: float, anchor: str, kind: str = "label") -> Markup:
    return element("text", plain(said), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=kind)
