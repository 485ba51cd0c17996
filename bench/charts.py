"""Line charts as SVG, with both axes logarithmic, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, NamedTuple, TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]

WIDTH: Final = 720
HEIGHT: Final = 400
LEFT, RIGHT, TOP, BOTTOM = 64, 176, 48, 44
"""Margins of the plot. The names of the lines stand on the right, at their ends."""
LABEL_DISTANCE: Final = 15
COLORS: Final = (
    *(("#0969da", "#58a6ff"), ("#bc4c00", "#f0883e"), ("#1a7f37", "#3fb950")),
    *(("#8250df", "#bc8cff"), ("#bf3989", "#f778ba"), ("#57606a", "#8b949e")),
)
"""Of each line on a light page and on a dark one."""

_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:#d1d9e0}path{fill:none;stroke-width:2}"
    + "".join(f".c{n}{{stroke:{light};color:{light}}}" for n, (light, _) in enumerate(COLORS))
    + "circle{fill:currentColor}"
    + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}"
    + "".join(f".c{n}{{stroke:{dark};color:{dark}}}" for n, (_, dark) in enumerate(COLORS))
    + "}"
)


class Axis(NamedTuple):
    """A logarithmic scale, and where its ends lie in the picture."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return 1, 2 and 5 of each power of ten; the powers alone where that would be too many."""
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        steps = (1, 2, 5) if len(powers) <= 4 else (1,)
        found = [step * 10.0**power for power in powers for step in steps]
        return [value for value in found if self.low <= value <= self.high]


def line_chart(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """Return the picture of some lines, in this order. All values are greater than 0."""
    xs, ys = zip(*(point for points in lines.values() for point in points), strict=True)
    x_axis = Axis(min(xs), max(*xs, 2 * min(xs)), LEFT, WIDTH - RIGHT)
    y_axis = Axis(0.8 * min(ys), 1.25 * max(ys), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="8" y="20">{escape(title)}</text>',
        f'<text x="8" y="38">{escape(y_label)}</text>',
        f'<text x="{x_axis.end}" y="{HEIGHT - 8}" text-anchor="end">{escape(x_label)}</text>',
        *_grid(x_axis, y_axis),
        *_lines(x_axis, y_axis, lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(x_axis: Axis, y_axis: Axis) -> list[str]:
    parts = []
    for value in y_axis.ticks():
        y = y_axis.place(value)
        parts.append(f'<line class="grid" x1="{x_axis.start}" x2="{x_axis.end}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{x_axis.start - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.4g}</text>')
    for value in x_axis.ticks():
        x = x_axis.place(value)
        parts.append(f'<line class="grid" y1="{y_axis.start}" y2="{y_axis.end}" x1="{x:.1f}" x2="{x:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y_axis.start + 18}" text-anchor="middle">{value:,.10g}</text>')
    return parts


def _lines(x_axis: Axis, y_axis: Axis, lines: Mapping[str, Points]) -> list[str]:
    parts = []
    ends = {name: y_axis.place(points[-1][1]) for name, points in lines.items()}
    labels = _spread_out(ends)
    for number, (name, points) in enumerate(lines.items()):
        color = f"c{number % len(COLORS)}"
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        circles = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
        parts.append(f'<g class="{color}"><path d="M{path}"/>{circles}</g>')
        parts.append(f'<text x="{places[-1][0] + 10:.1f}" y="{labels[name] + 4:.1f}">{escape(name)}</text>')
    return parts


def _spread_out(ends: Mapping[str, float]) -> dict[str, float]:
    """Return a place for the name of each line, near its end, so that they do not overlap."""
    places: dict[str, float] = {}
    last = -LABEL_DISTANCE * 1.0
    for name, y in sorted(ends.items(), key=lambda item: item[1]):
        last = places[name] = max(y, last + LABEL_DISTANCE)
    return places
