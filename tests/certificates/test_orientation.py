"""Certificates lie or stand: whatever is printed keeps to its place on both, and what was issued stays as it was."""

import io
import re
import subprocess
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import NamedTuple

import httpx
import pypdf
import pytest
from PIL import Image
from tests.kit.drawn import cases
from tests.kit.earned import Earned, earn
from tests.kit.names import NAMES
from tests.kit.printed import PLAIN, as_extracted, text_of
from tests.kit.world import World

from learning_service.adapters.certificate_content import CertificateContent, Orientation, Paper
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.certificate_places import LAYOUTS

PORTRAIT = replace(PLAIN, orientation="portrait")
SIZES = {
    ("a4", "landscape"): (842, 595), ("a4", "portrait"): (595, 842),
    ("letter", "landscape"): (792, 612), ("letter", "portrait"): (612, 792),
}  # fmt: skip
LONG = "María del Carmen Fernández-Villaverde y Álvarez de Toledo Sánchez-Ocaña de la Santísima Trinidad " * 3
WORDS = {
    "short": "Li Bo",
    "long": LONG[:200],
    "one word": "Donaudampfschifffahrtselektrizitäten" * 5,
    "arabic": ("محمد عبد الله الأحمد بن سلمان بن عبد العزيز " * 5)[:200],
    "han": "王小明歐陽震華" * 28,
    "hangul": ("김철수 남궁민수 " * 22)[:200],
    "myanmar": ("မောင်အောင် ကြည် " * 12)[:200],
}
FRAME = 42
"""How far the frame reaches into the page, in points."""
INK = 0.3
"""What of a line's box, above and below, is room for marks and not for letters."""


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    word: str


def _logo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (400, 200), (200, 30, 60)).save(file, "PNG")
    return file.getvalue()


def _boxes(pdf: bytes) -> list[_Box]:
    """Where the words stand, from the upper left corner."""
    run = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60
    )
    found = re.findall(
        r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', run.stdout.decode()
    )
    return [
        _Box(float(left), float(top), float(right), float(bottom), word)
        for left, top, right, bottom, word in found
    ]


def _clash(one: _Box, other: _Box) -> bool:
    """Whether the letters of two words lie upon one another."""
    aside = min(one.right, other.right) - max(one.left, other.left) <= 0.5
    room = INK * (one.bottom - one.top), INK * (other.bottom - other.top)
    apart = min(one.bottom - room[0], other.bottom - room[1]) <= max(one.top + room[0], other.top + room[1])
    return not aside and not apart


def _full(words: str, *, logo: bool, second: bool) -> CertificateContent:
    """Everything that a certificate can hold, each as long as it may be."""
    return replace(
        PLAIN,
        recipient_name=words,
        course_title=words,
        issuer_name=words,
        signatory_name=words,
        signatory_title=words,
        second_signatory_name=words if second else None,
        second_signatory_title=words if second else None,
        expires_on=date(2028, 9, 30),
        reissued_on=date(2027, 9, 30),
        logo=_logo() if logo else None,
        seal=_logo() if logo else None,
        signature_image=_logo() if logo else None,
        second_signature_image=_logo() if logo and second else None,
        locale="es",
    )


@pytest.mark.parametrize(("paper", "orientation"), SIZES)
def test_the_page_is_the_paper_as_it_is_held(paper: Paper, orientation: Orientation) -> None:
    pdf = render_certificate(replace(PLAIN, paper=paper, orientation=orientation))
    [page] = pypdf.PdfReader(io.BytesIO(pdf)).pages
    box = page.mediabox
    assert (round(box.width), round(box.height)) == SIZES[paper, orientation]
    assert len(pdf) < 60 * 1024


@pytest.mark.parametrize("second", [pytest.param(False, marks=pytest.mark.long), True], ids=["one", "two"])
@pytest.mark.parametrize("logo", [pytest.param(False, marks=pytest.mark.long), True], ids=["plain", "logo"])
@pytest.mark.parametrize("words", cases(WORDS, quick=("long", "arabic")))
@pytest.mark.parametrize(("paper", "orientation"), SIZES)
def test_whatever_is_printed_keeps_to_its_place(
    paper: Paper, orientation: Orientation, words: str, logo: bool, second: bool
) -> None:
    content = replace(_full(words, logo=logo, second=second), paper=paper, orientation=orientation)
    boxes = _boxes(render_certificate(content))
    wide, high = SIZES[paper, orientation]
    outside = [
        box
        for box in boxes
        if box.left < FRAME or box.right > wide - FRAME or box.top < FRAME or box.bottom > high - FRAME
    ]
    assert not outside
    layout = LAYOUTS[orientation]
    scale, right, up = layout.on((wide, high))
    x, y, half_wide, half_high = layout.logo[0], layout.logo[1], layout.logo[2] / 2, layout.logo[3] / 2
    if logo:
        edges = (x - half_wide, layout.size[1] - y - half_high, x + half_wide, layout.size[1] - y + half_high)
        left, top, end, bottom = (edge * scale for edge in edges)
        boxes.append(_Box(left + right, top + up, end + right, bottom + up, "the logo"))
        foot = layout.feet[2 if second else 1][True]
        # Of pictures twice as wide as high.
        signature, seal = min(foot.hand.picture[0], 2 * foot.hand.picture[1]), foot.seal[2]
        spots = {
            "the seal": (foot.seal[0] - seal / 2, foot.seal[1] - seal / 4, seal),
            **{f"signature at {x}": (x - signature / 2, foot.hand.line, signature) for x in foot.signatories},
        }
        for what, (left, low, width) in spots.items():
            top = layout.size[1] - low - width / 2
            sides = [side * scale for side in (left, top, left + width, top + width / 2)]
            boxes.append(_Box(sides[0] + right, sides[1] + up, sides[2] + right, sides[3] + up, what))
    assert not [(one.word, other.word) for one, other in combinations(boxes, 2) if _clash(one, other)]


@pytest.mark.parametrize("second", [False, True], ids=["one", "two"])
@pytest.mark.parametrize("words", cases(WORDS, quick=("long",)))
def test_the_longest_words_are_no_smaller_on_a_portrait_page(words: str, second: bool) -> None:
    content = _full(words, logo=True, second=second)
    landscape, portrait = (
        min(box.bottom - box.top for box in _boxes(render_certificate(replace(content, orientation=way))))
        for way in ("landscape", "portrait")
    )
    assert portrait >= landscape - 0.01


@pytest.mark.parametrize("name", cases(NAMES, quick=("pointed", "khmer", "mongolian")))
def test_a_name_in_any_script_is_printed_whole_on_a_portrait_page(name: str) -> None:
    assert as_extracted(name) in text_of(render_certificate(replace(PORTRAIT, recipient_name=name))).split(
        "\n"
    )


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", {"Certificate of Completion", "REVOKED · Certificate number: "}),
        ("es", {"Certificado de finalización", "REVOCADO · Número de certificado: "}),
        ("fr", {"Certificat de réussite", "RÉVOQUÉ · Numéro du certificat: "}),
    ],
)
def test_a_portrait_page_speaks_every_language_and_carries_the_mark(locale: str, said: set[str]) -> None:
    text = text_of(render_certificate(replace(PORTRAIT, locale=locale, mark="revoked")))
    assert all(words.rstrip(": ") in text for words in said)


def test_the_same_portrait_is_the_same_bytes() -> None:
    first = render_certificate(PORTRAIT)
    render_certificate(PLAIN)
    assert render_certificate(PORTRAIT) == first != render_certificate(PLAIN)


async def _size(earned: Earned, certificate_id: str | None = None) -> tuple[int, int]:
    answer = await earned.pdf(earned.world.admin, certificate_id)
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as plain:
        file = (await plain.get(answer.headers["location"])).content
    box = pypdf.PdfReader(io.BytesIO(file)).pages[0].mediabox
    return round(box.width), round(box.height)


async def test_the_orientation_is_frozen_at_issue_and_a_reissue_keeps_it(world: World) -> None:
    chosen = await world.admin.ok(
        "PATCH", "/api/organization/", {"orientation": "portrait", "paper": "letter"}
    )
    assert (chosen["orientation"], chosen["paper"]) == ("portrait", "letter")
    earned = await earn(world)
    await world.admin.ok("PATCH", "/api/organization/", {"orientation": "landscape", "paper": "a4"})
    await world.run_jobs()
    assert await _size(earned) == (612, 792)
    again = await earned.reissue()
    await world.run_jobs()
    assert await _size(earned, again.json()["id"]) == (612, 792)
    later = await earn(world, "bob")
    await world.run_jobs()
    assert await _size(later) == (842, 595)


async def test_the_mark_is_put_on_a_portrait_page(world: World) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"orientation": "portrait"})
    earned = await earn(world)
    await world.run_jobs()
    assert (await earned.revoke()).status_code == 200
    assert (await earned.pdf()).status_code == 202
    await world.run_jobs()
    assert await _size(earned) == (595, 842)
