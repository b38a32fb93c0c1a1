"""The demonstration's logo, seal and signature, drawn here: files among its documents, as an upload leaves them."""

import hashlib
import io
from collections.abc import Callable
from importlib.resources import files
from math import cos, pi, sin

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.storage import ObjectStore
from learning_service.domain.documents.actions import Finding, Received, add_document, mark_ready
from learning_service.domain.documents.rules import reference_to
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.actions import update_settings
from learning_service.domain.organizations.rules import OrganizationSettingsChangeIn

COLOR, GOLD, INK = "#1f4e5f", "#8a6a1f", "#14204f"
_FINE = 3
"""So many times larger than it is kept is each drawn, for smooth edges."""
_QUOTA = 10_000_000


async def load_marks(session: AsyncSession, store: ObjectStore, *, actor: Principal) -> None:
    """Give the organization its colour, its signatory, and the pictures."""
    pictures = {"logo": draw_logo(), "seal": draw_seal(), "signature_image": draw_signature()}
    references = {
        name: await _keep(session, store, f"{name}.png", one, actor) for name, one in pictures.items()
    }
    change = OrganizationSettingsChangeIn.model_validate(
        {
            **references,
            "primary_color": COLOR,
            "signatory_name": "Margaret Ellsworth",
            "signatory_title": "Executive Director",
            "locale": "en-US",
            "website": "https://laurel-and-lantern.example.org",
        }
    )
    await update_settings(session, change, actor=actor, missing_glyphs=lambda _: "")


async def _keep(
    session: AsyncSession, store: ObjectStore, name: str, picture: Image.Image, actor: Principal
) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    content = file.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    key = f"documents/demo-{digest[:32]}"
    await store.put(key, content, content_type="image/png")
    received = Received(key, digest, len(content), "image/png", name)
    document = await add_document(session, received, actor=actor, quota=_QUOTA)
    wide, high = picture.size
    await mark_ready(session, document.id, Finding(key, pages=1, width=wide, height=high))
    return reference_to(document.id)


def _drawn(size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    large = Image.new("RGBA", (size[0] * _FINE, size[1] * _FINE), (0, 0, 0, 0))
    draw(ImageDraw.Draw(large))
    return large.resize(size, Image.Resampling.LANCZOS)


def _font(size: int) -> ImageFont.FreeTypeFont:
    face = files("learning_service") / "assets" / "fonts" / "NotoSerifDisplay-Medium.ttf"
    return ImageFont.truetype(io.BytesIO(face.read_bytes()), size * _FINE)


def _leaf(x: float, y: float, angle: float, length: float) -> list[tuple[float, float]]:
    """A leaf that points away from x, y."""
    half = [(step / 12, sin(step / 12 * pi) * 0.22) for step in range(13)]
    outline = [*half, *((along, -aside) for along, aside in reversed(half))]
    return [
        (x + length * (u * cos(angle) - v * sin(angle)), y + length * (u * sin(angle) + v * cos(angle)))
        for u, v in outline
    ]


def _wreath(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, color: str) -> None:
    """Laurel around a point, open above."""
    for side in (-1, 1):
        for number in range(7):
            turn = pi / 2 - side * (0.22 + number * 0.34)
            at_x, at_y = x + radius * cos(turn), y + radius * sin(turn)
            for lean in (-0.55, 0.55):
                pen.polygon(_leaf(at_x, at_y, turn - side * (pi / 2) + lean, radius * 0.42), fill=color)


def _lantern(pen: ImageDraw.ImageDraw, x: float, y: float, high: float, color: str, light: str) -> None:
    """A lantern around a point."""
    unit = high / 10
    pen.arc(
        (x - 1.3 * unit, y - 5 * unit, x + 1.3 * unit, y - 2.4 * unit),
        180,
        360,
        fill=color,
        width=round(unit * 0.5),
    )
    pen.polygon(
        [(x - 2.6 * unit, y - 2 * unit), (x, y - 3.8 * unit), (x + 2.6 * unit, y - 2 * unit)], fill=color
    )
    pen.polygon(
        [(x - 2.1 * unit, y - 1.7 * unit), (x + 2.1 * unit, y - 1.7 * unit), (x + 1.5 * unit, y + 3.4 * unit),
         (x - 1.5 * unit, y + 3.4 * unit)],
        outline=color, width=round(unit * 0.5),
    )  # fmt: skip
    pen.polygon(_leaf(x, y + 3 * unit, -pi / 2, 3.6 * unit), fill=light)
    pen.rectangle((x - 2.2 * unit, y + 3.5 * unit, x + 2.2 * unit, y + 4.5 * unit), fill=color)


def draw_logo() -> Image.Image:
    """A lantern in laurel, and the name."""

    def draw(pen: ImageDraw.ImageDraw) -> None:
        f = _FINE
        _wreath(pen, 130 * f, 118 * f, 92 * f, COLOR)
        _lantern(pen, 130 * f, 112 * f, 150 * f, COLOR, GOLD)
        pen.text((272 * f, 84 * f), "Laurel & Lantern", font=_font(80), fill=COLOR, anchor="lm")
        pen.text((276 * f, 168 * f), "S O C I E T Y", font=_font(40), fill=GOLD, anchor="lm")

    return _drawn((960, 250), draw)


def draw_seal() -> Image.Image:
    """A golden seal with the lantern."""

    def draw(pen: ImageDraw.ImageDraw) -> None:
        middle = 300 * _FINE
        rim = [
            (middle + (294 - number % 2 * 12) * _FINE * cos(number * pi / 48),
             middle + (294 - number % 2 * 12) * _FINE * sin(number * pi / 48))
            for number in range(96)
        ]  # fmt: skip
        pen.polygon(rim, fill=GOLD)
        for radius, width in ((262, 6), (250, 2), (190, 3)):
            place = [middle - radius * _FINE] * 2 + [middle + radius * _FINE] * 2
            pen.ellipse(place, outline="white", width=width * _FINE)
        for number in range(72):
            turn = number * pi / 36
            ends = [
                (middle + far * _FINE * cos(turn), middle + far * _FINE * sin(turn)) for far in (200, 240)
            ]
            pen.line(ends, fill="#d9c48a", width=3 * _FINE)
        _wreath(pen, middle, middle + 12 * _FINE, 128 * _FINE, "white")
        _lantern(pen, middle, middle - 4 * _FINE, 190 * _FINE, "white", "#f4e3b0")

    return _drawn((600, 600), draw)


def draw_signature() -> Image.Image:
    """A hand that is nobody's."""

    def draw(pen: ImageDraw.ImageDraw) -> None:
        for number in range(900):
            t = number / 900
            x = 40 + 640 * t + 26 * sin(t * 43)
            high = (64 * (1 - t) ** 1.4 + 16) * sin(t * 43 + 1.1) + 26 * sin(t * 7.5)
            y = 120 - high * (1 if t < 0.8 else 0.5)
            width = 2.2 + 1.6 * (1 + sin(t * 43 + 2.4))
            spot = [(one - width) * _FINE for one in (x, y)] + [(one + width) * _FINE for one in (x, y)]
            pen.ellipse(spot, fill=INK)
        last = [(660 + 2 * step, 150 - 10 * sin(step / 22) + step * 0.05) for step in range(55)]
        pen.line([(x * _FINE, y * _FINE) for x, y in reversed(last)], fill=INK, width=4 * _FINE)

    return _drawn((800, 240), draw)
