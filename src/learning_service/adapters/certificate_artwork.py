"""What surrounds the words of a certificate: security-paper frame, rosette, logo and QR code.

All that does not change from one certificate to the next is one form XObject, drawn and compressed once per
colour and logo; a certificate only refers to it.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import TypeAlias

from PIL import Image, ImageChops, ImageOps
from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_colors import Palette
from learning_service.adapters.certificate_content import Orientation, UnusableLogo
from learning_service.adapters.certificate_embedding import compressed_stream
from learning_service.adapters.certificate_places import LAYOUTS, Size
from learning_service.core.loading import only_named

with only_named("xml.sax.saxutils"):
    # For codes as SVG; it would load a client of HTTP, 3 MB.
    import segno

_DARK = re.compile(rb"[^\0]+")
"""A run of dark modules in a row of a QR code."""
_MAX_LOGO_PIXELS = 16_000_000
_LOGO_PIXELS = (720, 174)
_PICTURE_PIXELS = (734, 384)
"""Of signature and seal: 300 for each inch of the room that they have."""
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


_WAVE = 30.0
"""The length of a wave of the frame, in points; the sides are whole multiples of it."""
_HEIGHTS = (8.0, 5.6, 3.2)
_STRANDS = 6
"""So many waves of each height, one after the other, weave the band."""
_SINE = 0.36380
"""Where a cubic curve is handled so that it is a quarter of a sine, as a share of the quarter's length."""


def _waves() -> str:
    """One full wave of every strand of the frame's band, and the step to the next."""
    quarter = _WAVE / 4
    near, far = quarter * _SINE, quarter * (1 - _SINE)
    parts = []
    for height in _HEIGHTS:
        rise = height * pi / 2 * _SINE
        # From the crest over the axis to the trough and back: a quarter is flat at its crest and steep at the axis.
        handles = ((height, rise), (-rise, -height), (-height, -rise), (rise, height))
        for strand in range(_STRANDS):
            x = _WAVE * strand / _STRANDS
            parts.append(f"{x:.2f} {height:g} m")
            for (first, last), end in zip(handles, (0.0, -height, 0.0, height), strict=True):
                parts.append(
                    f"{x + near:.2f} {first:.2f} {x + far:.2f} {last:.2f} {x + quarter:.2f} {end:g} c"
                )
                x += quarter
    return " ".join(parts) + f" S 1 0 0 1 {_WAVE:g} 0 cm"


def _band(matrix: str, length: float) -> str:
    """The band along one side: where it begins and runs to, as a matrix, stretched to whole waves."""
    count = round(length / _WAVE)
    stretch = length / (count * _WAVE)
    begin = f"q {matrix} cm 0 -10 {length:.2f} 20 re W n {stretch:.5f} 0 0 1 {-_WAVE * stretch:.4f} 0 cm "
    return begin + f"{_waves()} " * (count + 1) + "Q"


_SPANS = 6
"""So many curves make one swing of a wheel."""


def _wheel(x: float, y: float, radius: float, depth: float, petals: int, curves: int) -> str:
    """A guilloche: closed curves swinging around a circle, each turned a little against the last.

    One swing, turned step by step around the centre: the same few operators again and again, which
    compress to almost nothing.
    """
    span = 2 * pi / petals / _SPANS

    def at(angle: float) -> complex:
        return (radius + depth * sin(petals * angle)) * complex(cos(angle), sin(angle))

    def along(angle: float) -> complex:
        """A third of the way on, as the curve goes there."""
        swing = complex(depth * petals * cos(petals * angle), radius + depth * sin(petals * angle))
        return swing * complex(cos(angle), sin(angle)) * span / 3

    start = at(0)
    swing = [f"{start.real:.2f} {start.imag:.2f} m"]
    for number in range(_SPANS):
        here, there = span * number, span * (number + 1)
        places = (at(here) + along(here), at(there) - along(there), at(there))
        swing.append(" ".join(f"{one.real:.2f} {one.imag:.2f}" for one in places) + " c")
    turn = 2 * pi / (petals * curves)
    step = f"{' '.join(swing)} S {cos(turn):.7f} {sin(turn):.7f} {-sin(turn):.7f} {cos(turn):.7f} 0 0 cm "
    return f"q 1 0 0 1 {x:.2f} {y:.2f} cm " + step * (petals * curves) + "Q"


def _frame(page: Size) -> Iterator[str]:
    wide, high = page
    yield f"1.6 w 20 20 {wide - 40:.2f} {high - 40:.2f} re S 0.5 w 46 46 {wide - 92:.2f} {high - 92:.2f} re S"
    yield f"0.4 w 24 24 {wide - 48:.2f} {high - 48:.2f} re S"
    yield f"42 42 {wide - 84:.2f} {high - 84:.2f} re S 0.35 w"
    for edge in (33.0, high - 33):
        yield _band(f"1 0 0 1 46 {edge:.2f}", wide - 92)
    for edge in (33.0, wide - 33):
        yield _band(f"0 1 -1 0 {edge:.2f} 46", high - 92)
    for x in (33.0, wide - 33):
        for y in (33.0, high - 33):
            yield f"q 1 g {x - 13} {y - 13} 26 26 re f 0.8 w {x - 13} {y - 13} 26 26 re S Q"
            yield _wheel(x, y, 6.5, 4.5, 8, 6)


def _rosette(colors: Palette, x: float, y: float) -> Iterator[str]:
    wheels = ((170, 22, 18), (122, 20, 12), (78, 18, 9))
    for color, (radius, depth, petals) in zip(colors.pale, wheels, strict=True):
        yield f"{color} RG " + _wheel(x, y, radius, depth, petals, 6)


@dataclass(frozen=True)
class _Pixels:
    width: int
    height: int
    rgb: bytes
    alpha: bytes | None


@lru_cache(maxsize=48)
def _pixels(logo: bytes, most: tuple[int, int] = _LOGO_PIXELS) -> _Pixels:
    """The picture decoded, made no larger than print needs, and compressed."""
    upright = open_logo(logo)
    upright.thumbnail(most, Image.Resampling.LANCZOS)
    alpha = upright.getchannel("A")
    opaque = alpha.getextrema() == (255, 255)
    return _Pixels(upright.width, upright.height, zlib.compress(upright.convert("RGB").tobytes(), 9),
                   None if opaque else zlib.compress(alpha.tobytes(), 9))  # fmt: skip


def open_logo(logo: bytes) -> Image.Image:
    """The logo decoded, upright, in full colour. Raises UnusableLogo."""
    try:
        with Image.open(io.BytesIO(logo), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > _MAX_LOGO_PIXELS:
                raise UnusableLogo(f"the logo has more than {_MAX_LOGO_PIXELS} pixels")
            return _in_full_colour(ImageOps.exif_transpose(picture))
    except UnusableLogo:
        raise
    except (OSError, SyntaxError, ValueError, *_BOMBS) as error:
        raise UnusableLogo("the logo is no PNG or JPEG that can be read") from error


def _in_full_colour(picture: Image.Image) -> Image.Image:
    """The picture as red, green, blue and opacity, where Pillow by itself does otherwise than browsers."""
    if picture.mode.startswith("I"):
        # Pillow cuts 16 bits of grey at 255 instead of scaling them.
        deep = picture.convert("I")
        opaque = picture.info.get("transparency")
        grey = deep.point([value >> 8 for value in range(65536)], "L")
        alpha = deep.point([255 * (value != opaque) for value in range(65536)], "L")
        return Image.merge("RGBA", (grey, grey, grey, alpha))
    if picture.mode == "CMYK" and "adobe" not in picture.info:
        # Pillow takes every CMYK JPEG for an inverted one; only Adobe's are.
        picture = ImageChops.invert(picture)
    return picture.convert("RGBA")


def _image(document: object, pixels: _Pixels, name: str = "Logo") -> object:
    """Add the picture to the document; the reference to it."""
    entries = f"/Type/XObject/Subtype/Image/Width {pixels.width}/Height {pixels.height}/BitsPerComponent 8"
    add = document.Reference  # type: ignore[attr-defined]
    mask: tuple[object, ...] = ()
    if pixels.alpha is not None:
        mask = (
            "/SMask ",
            add(compressed_stream(pixels.alpha, f"{entries}/ColorSpace/DeviceGray"), f"{name}Mask"),
        )
    return add(compressed_stream(pixels.rgb, f"{entries}/ColorSpace/DeviceRGB", *mask), name)


Spot: TypeAlias = tuple[float, float, float, float]
"""The middle of a place, from the left and from below, and how wide and high a picture in it may be."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a form of the document, one point wide and high."""

    name: str
    width: int
    height: int

    def high(self, wide: float, most: float) -> float:
        """How high it becomes where there is so much room."""
        return min(most, wide * self.height / self.width)

    def box(self, spot: Spot) -> tuple[float, float, float, float]:
        """What it covers: left, bottom, right, top."""
        x, y, wide, high = spot
        scale = min(wide / self.width, high / self.height)
        w, h = self.width * scale / 2, self.height * scale / 2
        return x - w, y - h, x + w, y + h

    def draw(self, canvas: Canvas, spot: Spot) -> None:
        """Draw it as large as its place lets it."""
        left, bottom, right, top = self.box(spot)
        canvas.saveState()
        canvas.transform(right - left, 0, 0, top - bottom, left, bottom)
        canvas.doForm(self.name)
        canvas.restoreState()


def add_picture(canvas: Canvas, name: str, picture: bytes) -> Picture:
    """Add a signature or a seal to the document. What has no transparency has paper that lets through what is below.

    Raises:
        UnusableLogo: it is no PNG or JPEG, is broken, or has too many pixels.
    """
    pixels = _pixels(picture, _PICTURE_PIXELS)
    blend = "Normal" if pixels.alpha is not None else "Multiply"
    entries = (
        f"/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<</ExtGState<</M<</BM/{blend}>>>>/XObject<</P "
    )
    image = _image(canvas._doc, pixels, name.capitalize())
    content = zlib.compress(b"/M gs /P Do", 9)
    canvas._doc.addForm(name, compressed_stream(content, entries, image, ">>>>"))
    return Picture(name, pixels.width, pixels.height)


@lru_cache(maxsize=64)
def _background(
    colors: Palette, page: Size, orientation: Orientation, logo_size: tuple[int, int] | None
) -> bytes:
    """The compressed content of the form: rosette, frame, and the place where the logo is put."""
    layout = LAYOUTS[orientation]
    scale, right, up = layout.on(page)
    parts = [
        f"q 1 j {colors.line} RG",
        *_frame(page),
        f"Q q {scale:.5f} 0 0 {scale:.5f} {right:.2f} {up:.2f} cm",
    ]
    parts += ["q 1 j 0.5 w", *_rosette(colors, layout.centre, layout.rosette), "Q"]
    if logo_size:
        x, y, wide, high = layout.logo
        scale = min(wide / logo_size[0], high / logo_size[1])
        w, h = logo_size[0] * scale, logo_size[1] * scale
        parts.append(f"q {w:.2f} 0 0 {h:.2f} {x - w / 2:.2f} {y - h / 2:.2f} cm /Logo Do Q")
    parts.append("Q")
    return zlib.compress(" ".join(parts).encode("ascii"), 9)


def draw_background(
    canvas: Canvas, colors: Palette, page: Size, orientation: Orientation, logo: bytes | None
) -> None:
    """Put the frame, the rosette and the logo on the page.

    Raises:
        UnusableLogo: the logo is no PNG or JPEG, is broken, or has too many pixels.
    """
    document = canvas._doc
    entries: list[object] = [f"/Type/XObject/Subtype/Form/BBox[0 0 {page[0]:.2f} {page[1]:.2f}]"]
    pixels = _pixels(logo) if logo else None
    if pixels:
        entries += ["/Resources<</XObject<</Logo ", _image(document, pixels), ">>>>"]
    logo_size = (pixels.width, pixels.height) if pixels else None
    content = _background(colors, page, orientation, logo_size)
    document.addForm("background", compressed_stream(content, *entries))
    canvas.doForm("background")


def draw_qr(canvas: Canvas, url: str, x: float, y: float, side: float) -> None:
    """Draw the URL as a QR code, black on white with its quiet zone; x, y is its lower left corner.

    One path of one rectangle per run of dark modules. The mask is fixed: to look for the best costs more than
    all other drawing.
    """
    code = segno.make(url, error="m", mask=4, boost_error=False, micro=False)
    modules = len(code.matrix) + 8
    unit = side / modules
    parts = [
        f"q 1 g {x:.2f} {y:.2f} {side:.2f} {side:.2f} re f",
        f"0 g {unit:.4f} 0 0 {-unit:.4f} {x:.2f} {y + side:.2f} cm",
    ]
    for line, row in enumerate(code.matrix, start=4):
        runs = (run.span() for run in _DARK.finditer(row))
        parts += [f"{a + 4} {line} {b - a} 1 re" for a, b in runs]
    canvas._code.append(" ".join(parts) + " f Q")
