"""How days and percentages are written is what Babel writes, for every tag of a language of ours."""

from datetime import date
from decimal import Decimal

import pytest
from babel import Locale, localedata, negotiate_locale
from babel.dates import format_date
from babel.numbers import format_percent
from scripts.locale_forms import PLACE, found

from learning_service.adapters.certificate_words import known_language, long_date, percent
from learning_service.adapters.mail_words import locale_of
from learning_service.domain.certificates.rules.certificates import LANGUAGES

TAGS = [tag for tag in localedata.locale_identifiers() if tag.partition("_")[0] in LANGUAGES]
ODD = (
    "EN-us",
    "en-Latn-US",
    "en-XX",
    "de",
    "de-DE",
    "fr-Latn-CH",
    "es-419",
    "english",
    "",
    "-",
    "x-en",
    "pt-BR",
)
DAYS = [date(2026, month, day) for month in range(1, 13) for day in (1, 9, 30) if (month, day) != (2, 30)]
SCORES = ("0", "0.01", "7.5", "50", "66.666666", "87.50", "99.995", "100", "1e-9")


def test_the_file_is_as_babel_has_it_now() -> None:
    assert PLACE.read_text(encoding="utf-8") == found()


@pytest.mark.parametrize("tag", [*TAGS, *ODD])
def test_days_and_percentages_are_those_of_babel(tag: str) -> None:
    locale = locale_of(tag)
    form = "d MMMM y" if str(locale) == "en" else "long"
    for day in DAYS:
        assert long_date(day, tag) == format_date(day, format=form, locale=locale)
    for score in SCORES:
        share = Decimal(score).quantize(Decimal("0.01")) / 100
        written = format_percent(share, locale=locale, decimal_quantization=False)
        assert percent(Decimal(score), tag) == written.replace("\u202f", "\xa0")


@pytest.mark.parametrize("tag", [*TAGS, *ODD])
def test_the_language_is_what_babel_takes(tag: str) -> None:
    assert known_language(tag) == (negotiate_locale([tag.lower().replace("-", "_")], LANGUAGES) or "en")


def test_a_locale_of_another_language_is_not_taken() -> None:
    assert str(locale_of("de-DE")) == str(Locale("en"))
