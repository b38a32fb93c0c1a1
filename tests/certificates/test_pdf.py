"""The certificate's file: its bytes, metadata, fonts, logo, QR code, and what stops it from being drawn."""

import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import segno
from PIL import Image, ImageDraw
from pypdf import PdfReader

from learning_service.adapters.certificate_colors import palette
from learning_service.adapters.certificate_content import CertificateContent, UnusableLogo
from learning_service.adapters.certificate_fonts import missing_glyphs
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.domain.certificates.rules.codes import printed_code, short_address

NUMBER = UUID("6f1c2f0a-8a0e-4f5e-9d6b-2b7c1a9e4d33")
CODE = bytes.fromhex("3bc7d2a4e10f96587a2c")
SHORT = short_address(f"https://learn.example.org/certificates/{NUMBER}/verify/", CODE)
ADDRESS = f"https://learn.example.org/certificates/{NUMBER}/verify/"
PLAIN = CertificateContent(
    certificate_id=NUMBER,
    recipient_name="José Ñandú",
    course_title="Hazing Prevention & Member Safety",
    issuer_name="National Association of Student Chapters",
    issued_on=date(2026, 11, 22),
    expires_on=date(2028, 2, 29),
    verification_url=ADDRESS,
    code=CODE,
    signatory_name="Amélie O’Connor",
    signatory_title="Executive Director",
)
OTHER_PROCESS = """
import hashlib
from datetime import date
from typing import Any
from uuid import UUID
from learning_service.adapters.certificate_content import CertificateContent
from learning_service.adapters.certificate_pdf import render_certificate
render_certificate(CertificateContent(UUID(int=1), "王小明 김철수", "T", "I", date(2020, 1, 1), None, "a", bytes(10)))
content = {content!r}
print(hashlib.sha256(render_certificate(content)).hexdigest())
"""


def _picture(kind: str, mode: str = "RGBA", size: tuple[int, int] = (400, 200)) -> bytes:
    picture = Image.new(mode, size)
    ImageDraw.Draw(picture).ellipse((10, 10, 180, 180), fill=(200, 30, 60))
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def _reader(content: CertificateContent) -> PdfReader:
    return PdfReader(io.BytesIO(render_certificate(content)), strict=True)


def _text(content: CertificateContent) -> str:
    return _reader(content).pages[0].extract_text()


def _resources(content: CertificateContent) -> Any:
    return _reader(content).pages[0]["/Resources"]


def test_the_same_content_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    first = render_certificate(PLAIN)
    render_certificate(replace(PLAIN, recipient_name="王小明 محمد Σ", logo=_picture("PNG")))
    assert render_certificate(PLAIN) == first


def test_another_process_in_another_time_zone_gives_the_same_bytes() -> None:
    surroundings = {
        **os.environ,
        "PYTHONHASHSEED": "77",
        "TZ": "Asia/Tokyo",
        "SOURCE_DATE_EPOCH": "1234567890",
    }
    code = "import datetime\n" + OTHER_PROCESS.format(content=PLAIN)
    run = subprocess.run(
        [sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True, timeout=50
    )
    assert run.stdout.strip() == hashlib.sha256(render_certificate(PLAIN)).hexdigest()


def test_one_landscape_a4_page_under_60_kib() -> None:
    content = render_certificate(PLAIN)
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) == 1
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (842, 595)
    assert len(content) < 60 * 1024


def test_a_name_in_many_scripts_stays_under_60_kib() -> None:
    names = "Ana Иван Ελένη 王小明 やまだ 김철수 محمد יוסף Հայկ გიორგი ሰላም"
    assert len(render_certificate(replace(PLAIN, recipient_name=names, course_title=names))) < 60 * 1024


def test_it_says_who_and_what_it_is_in_its_metadata() -> None:
    reader = _reader(replace(PLAIN, locale="fr-CA"))
    root: Any = reader.trailer["/Root"]
    info = reader.metadata
    assert info is not None
    assert info.title == "Hazing Prevention & Member Safety · José Ñandú"
    assert info.author == "National Association of Student Chapters"
    assert info.keywords == str(NUMBER)
    assert info.creation_date is not None
    assert info.creation_date.date() == date(2026, 11, 22)
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] is not None


def test_every_font_is_an_embedded_subset() -> None:
    fonts = _resources(replace(PLAIN, recipient_name="Ana 王 김 محمد"))["/Font"]
    used = [font.get_object() for font in fonts.values()]
    assert len(used) >= 5
    for font in used:
        assert font["/Encoding"] == "/Identity-H"
        assert re.match(r"/[A-Z]{6}\+", font["/BaseFont"])
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/ToUnicode" in font


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Certificate of Completion", "22 November 2026", "29 February 2028", "Valid until"]),
        ("es", ["Certificado de finalización", "22 de noviembre de 2026", "29 de febrero de 2028"]),
        ("fr", ["Certificat de réussite", "22 novembre 2026", "29 février 2028"]),
        ("tlh", ["Certificate of Completion"]),
    ],
)
def test_it_speaks_its_language(language: str, said: list[str]) -> None:
    lines = _text(replace(PLAIN, locale=language)).split("\n")
    assert set(said) <= set(lines)


def test_it_prints_signatory_number_and_address() -> None:
    lines = _text(PLAIN).split("\n")
    assert {"Amélie O’Connor", "Executive Director", SHORT.removeprefix("https://")} <= set(lines)
    assert f"Certificate number: {printed_code(CODE)}" in lines


def test_two_sign_from_the_left_and_one_alone_has_the_place_of_the_first() -> None:
    two = replace(PLAIN, second_signatory_name="Ada Byron", second_signatory_title="Chair")
    text = _text(two)
    assert text.index("Amélie O’Connor") < text.index("Ada Byron")
    assert "Chair" in text.split("\n")
    assert render_certificate(two) == render_certificate(two)
    alone = replace(two, signatory_name=None, signatory_title=None)
    moved = replace(PLAIN, signatory_name="Ada Byron", signatory_title="Chair")
    assert render_certificate(alone) == render_certificate(moved)


def test_without_signatory_and_expiry_it_says_so() -> None:
    text = _text(replace(PLAIN, signatory_name=None, expires_on=None))
    assert "Executive Director" not in text
    assert "No expiry" in text


def test_the_qr_code_holds_the_address() -> None:
    stream = _reader(PLAIN).pages[0].get_contents()
    assert stream is not None
    dark = re.findall(rb"(?<![\d.])(\d+) (\d+) (\d+) 1 re", stream.get_data())
    drawn = {(int(y) - 4, int(x) - 4 + i) for x, y, wide in dark for i in range(int(wide))}
    code = segno.make(ADDRESS, error="m", mask=4, boost_error=False, micro=False)
    assert drawn == {(y, x) for y, row in enumerate(code.matrix) for x, module in enumerate(row) if module}


def test_qr_code_and_address_are_links() -> None:
    found: Any = _reader(PLAIN).pages[0]["/Annots"]
    notes = [note.get_object() for note in found]
    assert [note["/A"]["/URI"] for note in notes] == [ADDRESS, SHORT]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_drawn_from_the_background(kind: str) -> None:
    logo = _picture(kind, "RGBA" if kind == "PNG" else "RGB")
    background = _resources(replace(PLAIN, logo=logo))["/XObject"]["/FormXob.background"]
    picture = background["/Resources"]["/XObject"]["/Logo"]
    assert (picture["/Width"], picture["/Height"]) == (348, 174)
    assert len(picture.get_data()) == 348 * 174 * 3
    assert ("/SMask" in picture) == (kind == "PNG")
    assert b"/Logo Do" in background.get_data()


@pytest.mark.parametrize(
    "logo",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"https://example.org/logo.png",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        _picture("PNG")[:300],
        _picture("GIF", "RGB"),
        _picture("PNG", "RGB", (5000, 4000)),
    ],
    ids=["svg", "url", "broken", "cut", "gif", "too many pixels"],
)
def test_a_logo_that_cannot_be_drawn_is_refused(logo: bytes) -> None:
    with pytest.raises(UnusableLogo):
        render_certificate(replace(PLAIN, logo=logo))


@pytest.mark.parametrize(
    "text", ["", "José", "Ω я 王 あ 김 محمد יוסף", "A\u200dB\u00adC\ufe0f", "→ ✓ ★ ™ €", "á\u0323"]
)
def test_what_can_be_printed_misses_nothing(text: str) -> None:
    assert missing_glyphs(text) == ""


@pytest.mark.parametrize("color", [None, "#000000", "#ffffff", "#ffff00", "#8a1538", "#0B6E4F"])
def test_any_colour_of_an_organization_reads_on_white(color: str | None) -> None:
    def contrast(operand: str) -> float:
        parts = [float(part) for part in operand.split()]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)

    colors = palette(color)
    assert min(contrast(colors.strong), contrast(colors.ink), contrast(colors.quiet)) >= 6.95
    assert contrast(colors.line) >= 2.97
