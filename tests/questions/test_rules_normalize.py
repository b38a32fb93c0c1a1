"""One normal form for texts, and wildcards that never backtrack."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from learning_service.domain.questions.rules.normalize import is_blank, matches, normalize


@given(st.text(), st.booleans())
@example("ΐ", False)
@example("ͅ ` ´", False)
@example("ﬁẞİ", False)
def test_normalizing_twice_changes_nothing(text: str, case_sensitive: bool) -> None:
    once = normalize(text, case_sensitive=case_sensitive)
    assert normalize(once, case_sensitive=case_sensitive) == once


@given(st.text(st.characters(max_codepoint=127)), st.booleans())
def test_the_short_way_for_ascii_is_the_long_way(text: str, case_sensitive: bool) -> None:
    # The fullwidth letter takes the long way and becomes a plain one.
    long = normalize(f"ａ{text}ａ", case_sensitive=case_sensitive)
    assert long == normalize(f"a{text}a", case_sensitive=case_sensitive)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  don’t\u00a0 panic\n", "don't panic"),
        ("“quoted”", '"quoted"'),
        ("«quoted»", '"quoted"'),
        ("1914–1918", "1914-1918"),
        ("−5", "-5"),
        ("STRASSE", "straße"),
        ("Cafe\u0301", "café"),
        ("ﬁn", "fin"),
        ("１２", "12"),
        ("hy\u00adphen\u200b", "hyphen"),
        ("ΟΔΟΣ", "οδος"),
        ("O`Brien", "o´brien"),
        ("H₂O", "H2O"),
        ("CO₂₋", "co2-"),
        ("½", "1/2"),
        ("1½", "1 1/2"),
        ("1 ½", "1 1/2"),
        ("1\u200b½", "1 1/2"),
        ("½½", "1/2 1/2"),
        ("3⁄4", "3/4"),
        ("1⁄2", "½"),
        ("❤\ufe0f", "❤"),
        ("ג\u05f3ירפה", "ג'ירפה"),
        ("צה\u05f4ל", 'צה"ל'),
        ("תל\u05beאביב", "תל-אביב"),
        ("İstanbul", "istanbul"),
        ("I\u0307stanbul", "ISTANBUL"),
        ("i\u0307stanbul", "istanbul"),
        ("٣٤", "34"),
        ("۳۴", "34"),
        ("१२", "12"),
        ("๔๒", "42"),
        ("𝟙𝟚", "12"),
        ("㎡", "m²"),
        ("①", "1"),
    ],
)
def test_texts_that_people_call_the_same(text: str, same: str) -> None:
    assert normalize(text) == normalize(same)
    assert matches(text, [same])
    assert matches(same, [text])


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("10²", "102"),
        ("2³", "23"),
        ("10⁻³", "10-3"),
        ("10⁻³", "103"),
        ("10²", "10³"),
        ("xⁿ", "xn"),
        ("㎡", "m2"),
        ("1½", "11/2"),
        ("½2", "1/22"),
        ("café", "cafe"),
        ("o'brien", "obrien"),
        ("\u0661\u0600", "1"),
    ],
)
def test_texts_that_are_not_the_same(text: str, other: str) -> None:
    assert normalize(text) != normalize(other)
    assert not matches(text, [other])


NOTHING = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f",
    *"\u202e\u2060\u2063\u2066\u2069\u206f\u2800\u3164\ufe00\ufe0e\ufe0f\ufeff\uffa0\x07\x7f",
    *"\U000e0001\U000e0061\U000e0100\U000e01ef\U0001d173",
]


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda c: f"U+{ord(c):04X}")
def test_what_shows_nothing_never_makes_answers_differ(nothing: str) -> None:
    assert normalize(f"a{nothing}b") == normalize(f"{nothing}ab{nothing}") == "ab"
    assert normalize(f"é{nothing}b") == "éb"
    assert normalize(f"e{nothing}\u0301") == "é"
    assert normalize(f"2{nothing}½") == "2 1/2"
    assert is_blank(nothing)
    assert not matches(nothing, ["*"])
    assert matches("ab", [f"a{nothing}b"])


@given(st.text(), st.sampled_from(NOTHING), st.integers(0, 50), st.booleans())
def test_nothing_added_anywhere_changes_nothing(
    text: str, nothing: str, at: int, case_sensitive: bool
) -> None:
    with_it = text[:at] + nothing + text[at:]
    assert normalize(with_it, case_sensitive=case_sensitive) == normalize(text, case_sensitive=case_sensitive)


@given(st.text())
def test_composed_or_not_wide_or_not_the_form_is_one(text: str) -> None:
    normal = normalize(text)
    for form in ("NFC", "NFD"):
        assert normalize(unicodedata.normalize(form, text)) == normal


@pytest.mark.parametrize(
    "worst", ["\u0301\u0323\u0f71\u0345", "\ufdfa", "\u0344", "a\u0345\u0301", "½", "\ufe0f\u0301"]
)
def test_no_text_takes_long(worst: str) -> None:
    text = (worst * 20_000)[:20_000]
    started = time.process_time()
    once = normalize(text)
    assert time.process_time() - started < 0.2
    assert normalize(once) == once


def test_case_counts_only_where_asked() -> None:
    assert matches("dna", ["DNA"])
    assert not matches("dna", ["DNA"], case_sensitive=True)
    assert matches(" DNA ", ["DNA"], case_sensitive=True)


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("the mitochondrion", "*mitochondri*", True),
        ("mitochondria", "*mitochondri*", True),
        ("ribosome", "*mitochondri*", False),
        ("a*b", "a\\*b", True),
        ("axb", "a\\*b", False),
        ("a\\b", "a\\b", True),
        ("anything", "*", True),
        ("ab", "a*b*", True),
        ("a", "a*a", False),
        ("red green", "red * green", True),
        ("red and green", "red * green", True),
        ("redgreen", "red * green", False),
        ("green", "* green", True),
        ("dark green", "* green", True),
        ("darkgreen", "* green", False),
        ("", "*", False),
        ("\u200b", "*", False),
        ("a＊b", "a\\*b", True),
        ("aab", "*ab", True),
        ("aba", "a*a", True),
        ("bac", "ba*b*c", False),
        ("abcbd", "a*b*c*d", True),
        ("abb", "a*bb*b", False),
        ("a b c", "a * b * c", True),
        ("a", "a *", True),
        ("a", "* a*", True),
        ("a\ufdd0b", "axb", False),
    ],
)
def test_wildcards(text: str, pattern: str, fits: bool) -> None:
    assert matches(text, [pattern]) is fits


@given(st.text("ab ", max_size=8), st.text("ab *", max_size=6))
def test_wildcards_are_what_their_expansions_are(text: str, pattern: str) -> None:
    """By definition: the text fits when some replacement of the wildcards, normalized, is the text."""
    text = normalize(text)
    if text:
        assert matches(text, [pattern]) is expands_to(text, normalize(pattern.replace("*", "\ufdd1")))


def expands_to(text: str, pattern: str) -> bool:
    """Try every stretch of the text, and nothing, for every wildcard."""
    at = pattern.find("\ufdd1")
    if at < 0:
        return normalize(pattern) == text
    stretches = {text[i:j] for i in range(len(text) + 1) for j in range(i, len(text) + 1)}
    before, after = pattern[:at], pattern[at + 1 :]
    while after.startswith("\ufdd1"):
        after = after[1:]
    return any(
        expands_to(text, before + stretch + after)
        for stretch in stretches
        if text.startswith(normalize(before))
    )


def test_a_long_text_against_many_wildcards_is_quick() -> None:
    started = time.process_time()
    assert not matches("a" * 20_000, ["*a" * 900 + "*b", "*" * 2000 + "b", "a*" * 1000 + "b"])
    assert time.process_time() - started < 2


def test_what_is_blank() -> None:
    assert is_blank(" \n\u200b\u00a0")
    assert not is_blank("-")


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("Étude", "etude", True),
        ("Ἀθῆναι", "Αθηναι", True),
        ("ёлка", "елка", True),
        ("שָׁלוֹם", "שלום", True),
        ("مُحَمَّد", "محمد", True),
        ("a\u0338b", "ab", True),
        ("か", "が", False),
        ("ハハ", "パパ", False),
        ("कुल", "कल", False),
        ("กุด", "กด", False),
        ("ö", "ø", False),
    ],
)
def test_an_accent_is_a_mark_on_a_letter_and_not_another_letter(text: str, other: str, same: bool) -> None:
    assert matches(text, [other], ignore_accents=True) is same
    assert matches(other, [text], ignore_accents=True) is same
