"""Every name gets its certificate, whatever its script; what has no glyph is written in Latin letters."""

import os
import random
import subprocess
import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.kit.drawn import cases, rounds, some_of
from tests.kit.names import NAMES, OF_EACH_KIND
from tests.kit.printed import PLAIN, as_extracted, printed_lines, text_of

from learning_service.adapters.certificate_bidi import base_level, levels, visual_runs
from learning_service.adapters.certificate_fonts import VOICES, is_drawn, missing_glyphs, printable
from learning_service.adapters.certificate_layout import Place, fit
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.certificate_shaping import shaped

PLACE = Place(width=676, height=78, size=42, one_line_size=22, wrapped_size=26)


def test_each_name_is_drawn_in_its_own_letters() -> None:
    assert {kind: missing for kind, name in NAMES.items() if (missing := missing_glyphs(name))} == {}
    assert len(NAMES) >= 70


@pytest.mark.parametrize("name", cases(NAMES, quick=OF_EACH_KIND))
def test_a_name_is_drawn_without_a_missing_glyph_and_extracted_as_it_is(name: str) -> None:
    lines = printed_lines(replace(PLAIN, recipient_name=name))
    assert as_extracted(name) in lines
    line = shaped(printable(name), "display", base_level(name))
    drawn = [glyph.number for run in line.runs for cluster in run.clusters for glyph in cluster.glyphs]
    assert 0 not in drawn
    assert unicodedata.normalize("NFC", name) == printable(name)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("משה (מוישה) כהן", "ןהכ (השיומ) השמ"),
        ("משה (Smith) Jones", "Jones (Smith) השמ"),
        ("Smith (משה) כהן", "Smith (השמ) ןהכ"),
        ("«כהן» [א] {ב}", "{ב} [א] «ןהכ»"),
        ("כהן 42-17, ת\"א 3.5%", "3.5% א\"ת ,42-17 ןהכ"),
        ("محمد ٣/٤", "٣/٤ دمحم"),
    ],
)  # fmt: skip
def test_brackets_and_numbers_stand_where_readers_look_for_them(name: str, order: str) -> None:
    """The order is that of the eye; a bracket that opens to the left is written as the one that looks so."""
    found = []
    for start, end, level in visual_runs(levels(name, base_level(name))):
        piece = name[start:end]
        found.append(piece[::-1].translate(str.maketrans("()[]{}«»", ")(][}{»«")) if level % 2 else piece)
    assert "".join(found) == order


def test_a_name_of_two_directions_keeps_all_its_words() -> None:
    [line] = [
        one for one in printed_lines(replace(PLAIN, recipient_name="Sarah (שרה) O’Neil")) if "Sarah" in one
    ]
    assert all(word in line for word in ("Sarah", "שרה", "O’Neil"))


def _drawn(name: str) -> list[tuple[str, int]]:
    line = shaped(name, "display", base_level(name))
    return [(run.font.name, g.number) for run in line.runs for c in run.clusters for g in c.glyphs]


def test_a_bracket_between_hebrew_words_is_drawn_mirrored() -> None:
    """From the left, the eye meets an opening bracket first in both directions."""
    hebrew, latin = _drawn("א(ב)א"), _drawn("a(b)a")
    assert (hebrew[1], hebrew[3]) == (latin[1], latin[3])


@pytest.mark.parametrize("letters", ["ښځ", "ګل", "ێڵ", "ڠڠ", "ڪڪ", "ٻگ"])
def test_letters_without_presentation_forms_are_joined(letters: str) -> None:
    joined, alone = _drawn(letters), [glyph for letter in letters[::-1] for glyph in _drawn(letter)]
    assert joined != alone


def test_the_dot_of_a_pointed_shin_stands_at_its_right() -> None:
    shin, sin = (shaped(name, "display", 1).runs[0].clusters[0].glyphs for name in ("שׁ", "שׂ"))
    assert shin != sin

    def at(glyphs: Any) -> int:
        pen, place = 0, 0
        for glyph in glyphs:
            place = pen + glyph.right if glyph.advance == 0 else place
            pen += glyph.advance
        return place

    assert len(shin) == 1 or at(shin) > at(sin)


_RTL = st.text(st.sampled_from("אבגمحمدabc 12٣٤()[].,-+%'\"«»/:ּٌé"), min_size=1, max_size=24)


@given(_RTL)
@settings(max_examples=some_of(1500), deadline=None, derandomize=True)
def test_the_order_is_that_of_another_program(line: str) -> None:
    base = base_level(line)
    ours = ""
    for start, end, level in visual_runs(levels(line, base)):
        ours += line[start:end][::-1] if level % 2 else line[start:end]
    mirror = str.maketrans("()[]«»", ")(][»«")
    theirs = str(get_display(line, base_dir="LR"[0] if base == 0 else "R"))
    assert sorted(ours) == sorted(theirs)
    assert ours.translate(mirror).translate(mirror) == theirs or ours == theirs.translate(mirror)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Zoë \U00017000 x", "Zoë"),
        ("A\ue000B", "A U+E000 B"),
        ("\U0001d800", "S100"),
        ("Li \U0002a6d0", "Li"),
        ("\U00031350", "Qi"),
        ("Li \U00011f12", "Li k"),
        ("\U0002ebf0", "U+2EBF0"),
        ("\u3164\u3164", "HANGUL FILLER"),
        (" \u2800 ", "BRAILLE PATTERN BLANK"),
    ],
)
def test_what_has_no_glyph_is_written_in_latin_letters(name: str, printed: str) -> None:
    assert printable(name).startswith(printed)
    assert all(map(is_drawn, printable(name)))
    assert printable(name) in printed_lines(replace(PLAIN, recipient_name=name))


def test_missing_glyphs_come_once_and_in_order() -> None:
    assert missing_glyphs("ไทย a \ue001 ไ \ue000\ue001") == "\ue001\ue000"


@pytest.mark.parametrize("seed", rounds(3))
def test_any_characters_at_all_make_a_certificate(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        codes = (
            chance.choice((chance.randrange(0x20, 0x3000), chance.randrange(0x20, 0x2FFFF)))
            for _ in range(40)
        )
        name = "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
        assert text_of(
            render_certificate(replace(PLAIN, recipient_name=name, signatory_name=name, signatory_title=name))
        )


@pytest.mark.parametrize(
    "name",
    [
        "a" + "\u0301" * 5000,
        "क" + "्क" * 3000,
        "שׁ" * 3000,
        "👩\u200d" * 3000,
        "ལྷྲྱྭ" * 1500,
        "\U00017000" * 2000,
        "a\u0336" * 5000,
    ],
    ids=["marks", "conjuncts", "points", "joiners", "stacks", "unwritten", "struck"],
)
def test_a_hostile_name_is_drawn_within_its_time_and_place(name: str) -> None:
    render_certificate(PLAIN)
    started = time.process_time()
    pdf = render_certificate(replace(PLAIN, recipient_name=name))
    assert time.process_time() - started < 3
    assert len(pdf) < 500_000
    fitted = fit(name, "display", PLACE)
    assert max(line.width * fitted.size for line in fitted.lines) <= PLACE.width + 0.01


def test_a_letter_carries_no_tower_of_marks() -> None:
    assert printable("a" + "\u0302" * 500 + "b").count("\u0302") == 10


def test_the_two_voices_are_used_for_what_they_have() -> None:
    assert shaped("Ana", "display").runs[0].font.name == VOICES["display"]
    assert shaped("Ana", "text").runs[0].font.name == VOICES["text"]


@pytest.mark.slow
def test_a_sheet_of_all_names_can_be_looked_at(tmp_path: Path) -> None:
    folder = Path(os.environ.get("CERTIFICATE_PICTURES", tmp_path))
    wide, high, columns = 642, 66, 3
    rows = -(-len(NAMES) // columns)
    sheet = Image.new("RGB", (wide * columns, high * rows), "white")
    for n, name in enumerate(NAMES.values()):
        pdf = render_certificate(replace(PLAIN, recipient_name=name))
        page = subprocess.run(
            [
                *["pdftoppm", "-r", "72", "-x", "100", "-y", "222", "-png", "-singlefile"],
                "-W",
                str(wide),
                "-H",
                str(high),
                "-",
                str(tmp_path / "one"),
            ],
            input=pdf,
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert page.stderr == b""
        sheet.paste(Image.open(tmp_path / "one.png"), (wide * (n % columns), high * (n // columns)))
    sheet.quantize(16).save(folder / "certificate-names.png", optimize=True)
    assert len({sheet.getpixel((x, 30)) for x in range(sheet.width)}) > 1
