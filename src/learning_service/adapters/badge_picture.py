"""The picture of a badge: a seal in the organization's colour, with its logo or the course's initials, and a ribbon.

It is to be good at 96 pixels. It is drawn three times as large and then made smaller, so that edges are smooth.
Letters come from the fonts of certificates, in every script that these have.
"""

import io
from functools import lru_cache
from math import cos, pi, sin
from typing import TypeAlias

from PIL import Image, ImageChops, ImageDraw

from learning_service.adapters.certificate_artwork import open_logo
from learning_service.adapters.certificate_colors import DEFAULT_COLOR, readable_on_white
from learning_service.adapters.certificate_content import BadgeLook
from learning_service.adapters.certificate_fonts import Font, printable
from learning_service.adapters.certificate_layout import Place, fit
from learning_service.adapters.certificate_shaping import Line

SIDE, SCALE = 512, 3
_CENTRE, _RADIUS, _SCALLOPS = (256.0, 232.0), 222.0, 28
_EMBLEM = (256.0, 206.0, 250.0, 190.0)
"""Where logo or initials stand: centre, and room."""
_RIBBON = (12.0, 330.0, 500.0, 446.0)
_TITLE = Place(404, 100, 62, 38, 38, leading=1.12)
_INITIALS = Place(270, 200, 170, 60, 60)
_WHITE = (255, 255, 255, 255)
_SHORT_WORD = 3
_STEPS = 6
Point: TypeAlias = tuple[float, float]
Color: TypeAlias = tuple[int, int, int, int]


@lru_cache(maxsize=64)
def draw_badge(look: BadgeLook) -> bytes:
    """The badge as a PNG. Raises UnusableLogo."""
    strong = readable_on_white(look.color or DEFAULT_COLOR, 5.5)
    paint, dark = _color(strong), _color(strong, 0.62)
    picture = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE), (*paint[:3], 0))
    pen = ImageDraw.Draw(picture)
    pen.polygon(_scaled(_scalloped(_RADIUS)), fill=paint)
    _disc(pen, 202, _WHITE)
    _disc(pen, 196, paint)
    _disc(pen, 184, _WHITE)
    _draw_ribbon(pen, paint, dark)
    if look.logo:
        _put_logo(picture, look.logo)
    else:
        letters = fit(initials(look.title), "display", _INITIALS)
        _write(picture, letters.lines, letters.size, 1, _EMBLEM[0], _EMBLEM[1], paint)
    title = fit(look.title, "text", _TITLE)
    _write(picture, title.lines, title.size, title.leading, SIDE / 2, (_RIBBON[1] + _RIBBON[3]) / 2, _WHITE)
    written = io.BytesIO()
    small = picture.reduce(SCALE).quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


def initials(title: str) -> str:
    """The first letters of its words, at most three; one of a script without capitals.

    Short words are passed over where two others are left.
    """
    found = printable(title).split()
    long = [word for word in found if len(word) > _SHORT_WORD]
    letters = [
        next((sign for sign in word if sign.isalnum()), "") for word in (long if len(long) > 1 else found)
    ]
    first = "".join(letters)[:3].upper()
    return first if first.isupper() else first[:1] or "✓"


def _color(code: str, share: float = 1.0) -> Color:
    red, green, blue = (int(int(code[i : i + 2], 16) * share) for i in (1, 3, 5))
    return red, green, blue, 255


def _scaled(points: list[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def _scalloped(radius: float) -> list[Point]:
    turns = (2 * pi * i / 1440 for i in range(1440))
    return [
        (
            _CENTRE[0] + (radius + 7 * sin(_SCALLOPS * turn)) * cos(turn),
            _CENTRE[1] + (radius + 7 * sin(_SCALLOPS * turn)) * sin(turn),
        )
        for turn in turns
    ]


def _disc(pen: ImageDraw.ImageDraw, radius: float, color: Color) -> None:
    x, y = _CENTRE
    pen.ellipse([(v) * SCALE for v in (x - radius, y - radius, x + radius, y + radius)], fill=color)


def _draw_ribbon(pen: ImageDraw.ImageDraw, paint: Color, dark: Color) -> None:
    """A band across the seal, with a white edge, its two ends folded behind."""
    left, top, right, bottom = _RIBBON
    for x, inward in ((left, 1), (right, -1)):
        tail = [(x, top + 26), (x + 76 * inward, top + 26), (x + 76 * inward, bottom + 26), (x, bottom + 26),
                (x + 26 * inward, (top + bottom) / 2 + 26)]  # fmt: skip
        pen.polygon(_scaled(tail), fill=paint)
        fold = [(x + 28 * inward, bottom), (x + 76 * inward, bottom), (x + 76 * inward, bottom + 26)]
        pen.polygon(_scaled(fold), fill=dark)
    band = [(left + 28, top - 5), (right - 28, top - 5), (right - 28, bottom + 5), (left + 28, bottom + 5)]
    pen.polygon(_scaled([*band[:2], (right - 28, bottom), (left + 28, bottom)]), fill=_WHITE)
    pen.polygon(
        _scaled([(left + 28, top), (right - 28, top), (right - 28, bottom), (left + 28, bottom)]), fill=dark
    )


def _put_logo(picture: Image.Image, logo: bytes) -> None:
    x, y, wide, high = (value * SCALE for value in _EMBLEM)
    upright = open_logo(logo)
    scale = min(wide / upright.width, high / upright.height)
    size = max(1, round(upright.width * scale)), max(1, round(upright.height * scale))
    drawn = upright.resize(size, Image.Resampling.LANCZOS)
    picture.alpha_composite(drawn, (round(x - size[0] / 2), round(y - size[1] / 2)))


def _write(
    picture: Image.Image,
    lines: tuple[Line, ...],
    size: float,
    leading: float,
    x: float,
    y: float,
    color: Color,
) -> None:
    """Draw lines around the point x, y."""
    mask = Image.new("1", picture.size)
    baseline = y + size * 0.36 - (len(lines) - 1) * size * leading / 2
    for line in lines:
        at = x - line.width * size / 2
        for run in line.runs:
            for cluster in run.clusters:
                for glyph in cluster.glyphs:
                    unit = size * SCALE / 1000
                    where = (at * SCALE + glyph.right * unit, baseline * SCALE - glyph.up * unit)
                    _stamp(mask, run.font, glyph.number, where, unit)
                    at += glyph.advance * size / 1000
        baseline += size * leading
    picture.paste(Image.new("RGBA", picture.size, color), mask=mask.convert("L"))


def _stamp(mask: Image.Image, font: Font, number: int, where: Point, unit: float) -> None:
    """Add a glyph: each of its outlines turns what is inside it."""
    outline = _Outline()
    font.shaper.draw_glyph_with_pen(number, outline)
    paths = [[(where[0] + x * unit, where[1] - y * unit) for x, y in path] for path in outline.paths]
    if not paths:
        return
    left, top = (int(min(point[i] for path in paths for point in path)) - 1 for i in (0, 1))
    right, bottom = (int(max(point[i] for path in paths for point in path)) + 2 for i in (0, 1))
    stamp = Image.new("1", (right - left, bottom - top))
    for path in paths:
        one = Image.new("1", stamp.size)
        ImageDraw.Draw(one).polygon([(x - left, y - top) for x, y in path], fill=1)
        stamp = ImageChops.logical_xor(stamp, one)
    mask.paste(1, (left, top), stamp)


class _Outline:
    """A pen, as font libraries have it, that keeps a glyph's outlines as corners; curves in short steps."""

    def __init__(self) -> None:
        self.paths: list[list[Point]] = []

    def moveTo(self, point: Point) -> None:  # noqa: N802
        self.paths.append([point])

    def lineTo(self, point: Point) -> None:  # noqa: N802
        self.paths[-1].append(point)

    def qCurveTo(self, control: Point, end: Point) -> None:  # noqa: N802
        start = self.paths[-1][-1]
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            self.lineTo(
                (a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1])
            )

    def curveTo(self, one: Point, two: Point, end: Point) -> None:  # noqa: N802
        start = self.paths[-1][-1]
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            self.lineTo(
                (
                    a * start[0] + b * one[0] + c * two[0] + d * end[0],
                    a * start[1] + b * one[1] + c * two[1] + d * end[1],
                )
            )

    def closePath(self) -> None:  # noqa: N802
        """Nothing: polygons are closed."""
