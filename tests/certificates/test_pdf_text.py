"""What a reader, a search or a screen reader gets out of the certificate is what was put into it."""

import io
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.kit.drawn import some_of
from tests.kit.printed import PLAIN, as_extracted, printed_lines

from learning_service.adapters.certificate_fonts import missing_glyphs
from learning_service.adapters.certificate_layout import Place, fit
from learning_service.adapters.certificate_pdf import render_certificate

NAMES = {
    "latin": "José Ñandú Łukasiewicz-Çelik",
    "vietnamese": "Nguyễn Thị Ánh Tuyết",
    "short": "Li",
    "greek": "Ελευθερία Παπαδοπούλου-Ωνάση",
    "cyrillic": "Екатерина Щербакова-Жуковская",
    "han": "王小明 歐陽震華",
    "kana": "やまだ タロー",
    "hangul": "김철수 남궁민수",
    "armenian, georgian, ethiopic": "Հայկ გიორგი ሰላም",
    "mixed": "Ana 王 Иван 김 Σ あ x",
    "ampersand": "AT&T & Sons &amp;",
    "markup": "Jane <b>Doe</b> <font color=red>",
    "closing": '</para><img src="/etc/hostname"/>',
    "backslash": r"O\'Brien (x) [y] \n %s {z}",
    "yoruba": "Ọ́lá ẹ́ Ɛ̃ M̂ Q̃ r̩̂",
    "no break": "Jean\u2011Luc d’Été",
}
SPACES = str.maketrans("", "", " \n")
PLACE = Place(width=676, height=78, size=42, one_line_size=22, wrapped_size=26)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name_title_and_issuer_are_extracted_exactly(name: str) -> None:
    lines = printed_lines(
        replace(PLAIN, recipient_name=name, course_title=f"Course {name}", issuer_name=f"{name} Inc.")
    )
    printed = unicodedata.normalize("NFC", name)
    assert lines.index(f"{printed} Inc.") < lines.index(printed) < lines.index(f"Course {printed}")


def test_a_decomposed_name_is_printed_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "José Hồ 김")
    assert "José Hồ 김" in printed_lines(replace(PLAIN, recipient_name=decomposed))


def test_invisible_characters_leave_no_trace() -> None:
    name = "Ma\u00adri\u200da\ufe0f\u2028Lund "
    assert "Maria Lund" in printed_lines(replace(PLAIN, recipient_name=name))


def test_markup_adds_nothing_to_the_page() -> None:
    page = PdfReader(io.BytesIO(render_certificate(replace(PLAIN, recipient_name=NAMES["closing"])))).pages[0]
    assert list(page.images) == []
    notes: Any = page["/Annots"]
    assert len(notes) == 2


@pytest.mark.parametrize(
    "text",
    [
        "W" * 200,
        "王" * 200,
        "Maximiliane Gräfin von Hohenstein-Schwarzenfels zu Altenburg und Neuburg-Württemberg",
        "a" + "\u0301" * 8 + "b" * 150,
        "محمد عبد الله " * 14,
        " ".join(["word"] * 200),
        "x" * 1000,
        "Ana 王「小」明。" * 25,
    ],
    ids=["wide", "han", "long", "marks", "arabic", "1,000 in words", "1,000 in one", "mixed"],
)
def test_a_long_text_is_fitted_and_never_cut(text: str) -> None:
    fitted = fit(text, "display", PLACE)
    assert len(fitted.lines) * fitted.size * fitted.leading <= PLACE.height
    assert max(line.width * fitted.size for line in fitted.lines) <= PLACE.width + 0.01
    printed = "".join(printed_lines(replace(PLAIN, recipient_name=text))).translate(SPACES)
    assert as_extracted(text).translate(SPACES) in printed


def test_a_text_shrinks_before_it_wraps() -> None:
    short, longer, long = (fit("Maria " * n, "display", PLACE) for n in (2, 8, 14))
    assert (len(short.lines), short.size) == (1, 42)
    assert len(longer.lines) == 1
    assert 22 <= longer.size < 42
    assert len(long.lines) == 2
    widths = [line.width for line in long.lines]
    assert min(widths) > 0.8 * max(widths), "the lines should be about even"


def test_a_line_never_begins_with_what_closes() -> None:
    fitted = fit("「危険防止」。" * 30, "display", PLACE)
    assert len(fitted.lines) > 1
    assert not [line for line in fitted.texts if line[0] in "」。" or line[-1] == "「"]


_RANGES = (
    (0x41, 0x24F), (0x370, 0x52F), (0x531, 0x586), (0x10D0, 0x10FF), (0x1200, 0x137F), (0x1E00, 0x1FFF),
    (0x3041, 0x30FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
)  # fmt: skip


def _words() -> st.SearchStrategy[list[str]]:
    """Found when the test runs: each of forty thousand letters is looked up."""
    letters = [
        chr(code)
        for low, high in _RANGES
        for code in range(low, high + 1)
        if unicodedata.category(chr(code))[0] == "L" and not missing_glyphs(chr(code))
    ]
    text = st.text(st.sampled_from(letters) | st.sampled_from("-'’.,&<>/()[]\\%é"), min_size=1, max_size=7)
    return st.lists(text, min_size=1, max_size=4)


@given(st.deferred(_words))
@settings(max_examples=some_of(60), deadline=None, derandomize=True)
def test_any_name_of_supported_letters_is_extracted_as_it_is(words: list[str]) -> None:
    """But for spaces, which the program guesses from gaps where single signs stand alone."""
    name = unicodedata.normalize("NFC", " ".join(words))
    printed = [line.translate(SPACES) for line in printed_lines(replace(PLAIN, recipient_name=name))]
    assert name.translate(SPACES) in printed


def test_what_was_taught_and_for_how_long_is_printed() -> None:
    lines = printed_lines(replace(PLAIN, credit_hours="2.5", skills=("Law", "Care"), locale="fr"))
    assert "Heures de crédit: 2.5 · Compétences: Law · Care" in lines
    assert "Skills: Law" in printed_lines(replace(PLAIN, skills=("Law",)))
    assert "Credit hours: 12" in printed_lines(replace(PLAIN, credit_hours="12"))


@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_of_more_skills_than_can_be_read_it_says_how_many_there_are(orientation: Any) -> None:
    skills = tuple(f"Skill of many words {number}" for number in range(40))
    printed = " ".join(printed_lines(replace(PLAIN, skills=skills, orientation=orientation)))
    shown = [skill for skill in skills if f"{skill} ·" in printed]
    assert 5 < len(shown) < 40
    assert shown == list(skills[: len(shown)])
    assert f" · +{40 - len(shown)} " in printed
    [one] = ["x" * 200]
    assert "+1" not in " ".join(printed_lines(replace(PLAIN, skills=(one,), orientation=orientation)))
