"""The colours of a certificate, a badge and a mail, all made from the organization's one."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

DEFAULT_COLOR = "#1d3c6a"
_Rgb: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """The colours of a certificate as PDF operands (`r g b`), all made from the organization's one."""

    ink: str
    """Names and titles: nearly black."""
    quiet: str
    """Small print: grey, 7:1 on white."""
    strong: str
    """Heading and rules: the organization's colour, darkened until it reads 7:1 on white."""
    line: str
    """The frame: darkened until it shows 3:1 on white."""
    pale: tuple[str, str, str]
    """The rosette behind the words, from its rim to its middle: the nearer to the words, the fainter."""


@lru_cache(maxsize=64)
def palette(primary_color: str | None) -> Palette:
    """The palette of a colour `#rrggbb`, or of the service's own when there is none."""
    base = _parts(primary_color or DEFAULT_COLOR)
    line = _darkened(base, 3)
    rim, ring, core = (_operand(_tinted(line, share)) for share in (0.2, 0.13, 0.08))
    return Palette(
        "0.1 0.11 0.14", "0.32 0.33 0.36", _operand(_darkened(base, 7)), _operand(line), (rim, ring, core)
    )


def _tinted(color: _Rgb, share: float) -> _Rgb:
    return (1 - (1 - color[0]) * share, 1 - (1 - color[1]) * share, 1 - (1 - color[2]) * share)


def readable_on_white(code: str, contrast: float) -> str:
    """The colour `#rrggbb`, darkened until it has this contrast on white, and white on it."""
    return "#" + "".join(f"{int(part * 255):02x}" for part in _darkened(_parts(code), contrast))


def _parts(code: str) -> _Rgb:
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


def _operand(color: _Rgb) -> str:
    return " ".join(f"{part:.3f}" for part in color)


def _darkened(color: _Rgb, contrast: float) -> _Rgb:
    """The colour mixed with black until it has this contrast on white (WCAG 2.2, relative luminance)."""
    while 1.05 / (_luminance(color) + 0.05) < contrast:
        color = (color[0] * 0.95, color[1] * 0.95, color[2] * 0.95)
    return color


def _luminance(color: _Rgb) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
