"""Line charts as SVG, for the documentation: panels side by side, a few series, both colour schemes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, TOP, BOTTOM, LEFT, GAP = 760, 290, 56, 44, 56, 76
"""Of the picture, in pixels; `LEFT` is for numbers beside a panel, `GAP` lies between two."""

_STYLE = """\
    text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
    .name { font-weight: 600; font-size: 14px }
    .small { font-size: 11px; fill: #57606a }
    .axis { stroke: #8c959f; stroke-width: 1 }
    .grid { stroke: #d0d7de; stroke-width: 0.6 }
    .line { fill: none; stroke-width: 1.5; stroke-linejoin: round }
    .s0 { stroke: #0969da } .s1 { stroke: #bc4c00 }
    .f0 { fill: #0969da } .f1 { fill: #bc4c00 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small { fill: #9198a1 }
      .axis { stroke: #656c76 }
      .grid { stroke: #3d444d }
      .s0 { stroke: #58a6ff } .s1 { stroke: #f0883e }
      .f0 { fill: #58a6ff } .f1 { fill: #f0883e }
    }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: what its lines are, and what is at the bottom."""

    title: str
    below: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Name of a series to its points, by x; two series at most."""


def steps(top: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least `top`."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * (1 - 1e-9))
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def chart(title: str, description: str, panels: Sequence[Panel]) -> str:
    """The picture."""
    return "\n".join(_parts(title, description, panels)) + "\n"


def _parts(title: str, description: str, panels: Sequence[Panel]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'role="img" aria-labelledby="title desc">'
    )
    yield f'  <title id="title">{escape(title)}</title>'
    yield f'  <desc id="desc">{escape(description)}</desc>'
    yield f"  <style>\n{_STYLE}  </style>"
    width = (WIDTH - LEFT - GAP * (len(panels) - 1) - 20) / len(panels)
    for number, panel in enumerate(panels):
        yield from _panel(panel, LEFT + number * (width + GAP), width)
    yield "</svg>"


def _panel(panel: Panel, left: float, width: float) -> Iterator[str]:
    height = HEIGHT - TOP - BOTTOM
    points = [point for line in panel.lines.values() for point in line]
    across, up = steps(max(x for x, _ in points)), steps(max(y for _, y in points))

    def place(x: float, y: float) -> tuple[float, float]:
        return left + width * x / across[-1], TOP + height * (1 - y / up[-1])

    yield f'  <text class="name" x="{left:.0f}" y="18">{escape(panel.title)}</text>'
    for number, name in enumerate(panel.lines):
        x = left + number * 90
        yield f'  <rect class="f{number}" x="{x:.0f}" y="30" width="14" height="3"/>'
        yield f'  <text class="small" x="{x + 20:.0f}" y="35">{escape(name)}</text>'
    for value in up:
        _, y = place(0, value)
        yield f'  <line class="grid" x1="{left:.1f}" y1="{y:.1f}" x2="{left + width:.1f}" y2="{y:.1f}"/>'
        yield f'  <text class="small" x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    for value in across:
        x, y = place(value, 0)
        yield f'  <text class="small" x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{value:g}</text>'
    x, y = place(0, 0)
    yield f'  <line class="axis" x1="{x:.1f}" y1="{y:.1f}" x2="{left + width:.1f}" y2="{y:.1f}"/>'
    yield (
        f'  <text class="small" x="{left + width / 2:.1f}" y="{HEIGHT - 10}" text-anchor="middle">'
        f"{escape(panel.below)}</text>"
    )
    for number, line in enumerate(panel.lines.values()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        yield f'  <polyline class="line s{number}" points="{path}"/>'
