"""Lines over minutes as a picture, for the documents."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, LEFT, TOP, GAP = 980, 170, 70, 50, 60
INK, GRID, PAPER = "#1f2933", "#d9dee4", "#ffffff"
COLORS = ("#0b6e99", "#c2410c", "#2f7d32", "#7b3fa0")
STEPS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
"""Round numbers, of which a diagram's lines are as far apart as a tenth, one, ten … of them."""


@dataclass(frozen=True)
class Panel:
    """One diagram: a value for each minute and line, from zero upwards."""

    title: str
    lines: Mapping[str, Sequence[float]]


def draw(path: Path, panels: Sequence[Panel], title: str) -> None:
    """Write the panels below each other as a PNG."""
    image = Image.new("RGB", (WIDTH + LEFT + 30, TOP + len(panels) * (HEIGHT + GAP)), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((LEFT, 14), title, INK, ImageFont.load_default(20))
    for n, panel in enumerate(panels):
        _panel(pen, panel, TOP + n * (HEIGHT + GAP) + 30)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(32).save(path, optimize=True)


def _panel(pen: ImageDraw.ImageDraw, panel: Panel, top: int) -> None:
    small = ImageFont.load_default(13)
    highest = 4 * _round_step(max((value for line in panel.lines.values() for value in line), default=0) / 4)
    for quarter in range(5):
        y = top + HEIGHT - HEIGHT * quarter / 4
        pen.line((LEFT, y, LEFT + WIDTH, y), GRID)
        pen.text((8, y - 8), f"{highest * quarter / 4:,.0f}", INK, small)
    x = LEFT + pen.textlength(panel.title, small) + 24
    pen.text((LEFT, top - 22), panel.title, INK, small)
    for color, (name, values) in zip(COLORS, panel.lines.items(), strict=False):
        pen.text((x, top - 22), name, color, small)
        x += pen.textlength(name, small) + 18
        step = WIDTH / max(1, len(values) - 1)
        points = [
            (LEFT + n * step, top + HEIGHT - HEIGHT * value / highest) for n, value in enumerate(values)
        ]
        if len(points) > 1:
            pen.line(points, color, 2)
        for px, py in points:
            pen.ellipse((px - 2, py - 2, px + 2, py + 2), color)
    last = max((len(values) for values in panel.lines.values()), default=1)
    pen.text((LEFT, top + HEIGHT + 4), "minute 1", INK, small)
    pen.text((LEFT + WIDTH - 60, top + HEIGHT + 4), f"minute {last}", INK, small)


def _round_step(least: float) -> float:
    """The next round number above, and one at least."""
    power = 10.0 ** (math.floor(math.log10(max(least, 1))) - 1)
    return next(step * power for step in STEPS if step * power >= max(least, 1))
