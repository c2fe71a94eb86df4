"""Charts as SVG text, shared by every format that shows any. Each has a title and says in words what it shows.

Colour never tells alone: every piece bears its number or stands beside it, lines differ in their dashes, and a table
with the same numbers stands under each chart. The colours differ in lightness, so that they differ in grey, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from phiward.record import dataclass

WIDTH, _LEFT, _RIGHT, _ROW, _BAR = 720, 190, 60, 30, 18
_TREND_HEIGHT, _TREND_PAD = 190, 34
_WIDE_ENOUGH = 24
"""Pixels of a piece in which its number can be read."""
_LETTER = 7.4
"""Pixels of a letter, about."""


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of number: its name and its colour, with the colour of a number that stands on it."""

    name: str
    fill: str
    ink: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: a label, and a number for each series."""

    label: str
    values: tuple[int, ...]


def stacked(title: str, told: str, series: Sequence[Series], bars: Sequence[Bar]) -> str:
    """Horizontal bars, a piece for each series. `told` says in a sentence what is to be seen."""
    most = max((sum(bar.values) for bar in bars), default=0) or 1
    scale = (WIDTH - _LEFT - _RIGHT) / most
    parts = [_head(title, told, _ROW * (len(bars) + 1) + 6), *_legend(series)]
    for row, bar in enumerate(bars, 1):
        top = row * _ROW + 4
        parts.append(_text(_LEFT - 8, top + 14, bar.label, "end"))
        at = float(_LEFT)
        for one, value in zip(series, bar.values, strict=True):
            wide = value * scale
            if value:
                parts.append(f'<rect x="{at:.1f}" y="{top}" width="{wide:.1f}" height="{_BAR}" fill="{one.fill}"/>')
            if wide >= _WIDE_ENOUGH:
                parts.append(_text(at + wide / 2, top + 14, f"{value:,}", "middle", one.ink))
            at += wide
        parts.append(_text(at + 6, top + 14, f"{sum(bar.values):,}"))
    return "".join([*parts, "</svg>"])


def trend(title: str, told: str, series: Sequence[Series], points: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    """A line for each series over days, which are written below; each point bears its number."""
    most = max((max(values) for _, values in points), default=0) or 1
    step = (WIDTH - 2 * _RIGHT) / max(len(points) - 1, 1)
    high = _TREND_HEIGHT - 2 * _TREND_PAD
    parts = [_head(title, told, _TREND_HEIGHT + 20), *_legend(series)]
    for number, one in enumerate(series):
        spots = [
            (_RIGHT + step * day, 14 + _TREND_PAD + high * (1 - values[number] / most), values[number])
            for day, (_, values) in enumerate(points)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
        dash = ' stroke-dasharray="7 4"' if number % 2 else ""
        parts.append(f'<polyline points="{line}" fill="none" stroke="{one.fill}" stroke-width="2"{dash}/>')
        for x, y, value in spots:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{one.fill}"/>')
            parts.append(_text(x, y - 8, f"{value:,}", "middle"))
    parts += [_text(_RIGHT + step * n, _TREND_HEIGHT + 10, day, "middle") for n, (day, _) in enumerate(points)]
    return "".join([*parts, "</svg>"])


def _head(title: str, told: str, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" class="chart" '
        f'font-family="sans-serif" font-size="13" aria-label="{escape(f"{title}: {told}", quote=True)}">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
    )


def _legend(series: Sequence[Series]) -> list[str]:
    parts, x = [], 0.0
    for one in series:
        parts.append(f'<rect x="{x:.0f}" y="4" width="14" height="14" fill="{one.fill}"/>')
        parts.append(_text(x + 20, 16, one.name))
        x += 38 + _LETTER * len(one.name)
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = "currentColor") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
