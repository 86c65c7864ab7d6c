# SPDX-License-Identifier: Apache-2.0
"""A picture of the tables, as SVG: a bar for each way, of its rate once it is warm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from bench.functions import figures
from bench.functions.figures import Figures
from bench.functions.ways import MEASURE, WORKLOADS, Way

_WIDTH, _NAMES, _BARS = 860, 260, 450
_LINE, _BAR, _PANEL, _MARGIN = 22, 14, 46, 16
# Told apart by lightness, too: ours in batches, ours, and the others.
_BATCHES, _OURS, _OTHERS = "#0b5fa5", "#7fb2e0", "#c4c9cf"

Runs = Mapping[tuple[str, int, str], Sequence[Figures]]


def drawn(ways: Sequence[Way], runs: Runs) -> str:
    """Return the picture of all workloads that were run: those of a parallelism of 1 first.

    Args:
        ways: that were asked for.
        runs: the figures of all rounds, by workload, parallelism and the way's name.
    """
    panels = sorted({(number, list(WORKLOADS).index(name)) for name, number, _ in runs})
    body: list[str] = []
    top = _MARGIN
    for number, place in panels:
        workload = list(WORKLOADS)[place]
        rates = {
            way: figures.median(runs[workload, number, way.name]).second_half
            for way in ways
            if (workload, number, way.name) in runs
        }
        body += _panel(f"{workload}, parallelism {number}", WORKLOADS[workload], rates, top)
        top += _PANEL + _LINE * len(rates) + _MARGIN
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
            'font-family="sans-serif" font-size="13">',
            "<title>Records a second of Python functions, by engine</title>",
            f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>',
            *body,
            "</svg>\n",
        )
    )


def _panel(name: str, what: str, rates: Mapping[Way, float], top: int) -> Iterator[str]:
    """The lines of one workload, the quickest way first."""
    yield _text(_MARGIN, top + 16, f"{name}: {what}", 'font-weight="bold"')
    yield _text(_MARGIN, top + 33, "thousand records a second once warm; multiple of raw PyFlink")
    most = max(rates.values())
    measure = next((rate for way, rate in rates.items() if way.name == MEASURE), None)
    for at, (way, rate) in enumerate(sorted(rates.items(), key=lambda item: -item[1])):
        y = top + _PANEL + at * _LINE
        width = max(1.0, rate / most * _BARS)
        multiple = f"  ({rate / measure:.1f})" if measure else ""
        yield _text(_NAMES - 8, y + 12, way.title, 'text-anchor="end"')
        yield (
            f'<rect x="{_NAMES}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{_color(way)}"/>'
        )
        yield _text(_NAMES + width + 6, y + 12, f"{rate / 1000:,.0f}{multiple}")


def _color(way: Way) -> str:
    if way.name.startswith("batches"):
        return _BATCHES
    return _OURS if way.name.startswith("ours") else _OTHERS


def _text(x: float, y: int, text: str, extra: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y}" fill="#1c2126" {extra}>{escape(text)}</text>'
