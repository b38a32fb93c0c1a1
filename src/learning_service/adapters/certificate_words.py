"""What certificates and their page say in each language, and which language a reader wants."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date
from babel.numbers import format_percent

from learning_service.domain.certificates.rules.certificates import LANGUAGES

__all__ = ["LANGUAGES", "known_language", "long_date", "percent", "preferred_language", "words"]

_MAX_RANGES = 32


@cache
def words(language: str) -> Mapping[str, str]:
    """The catalog of one of `LANGUAGES`: key → text, the same keys in each."""
    source = resources.files("learning_service") / "assets" / "translations" / f"{language}.json"
    catalog: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return catalog


@lru_cache(maxsize=4096)
def long_date(day: date, tag: str) -> str:
    """The day as readers of that tag write it in full: 22 November 2026, November 22, 2026, 22 de noviembre de 2026.

    English of no country is that of most of the world. A tag that is not known counts as its language.
    """
    locale = locale_of(tag)
    pattern = "d MMMM y" if str(locale) == "en" else "long"
    return str(format_date(day, format=pattern, locale=locale))


def percent(score: Decimal, tag: str) -> str:
    """A score as readers of that tag write it, to two places: 87.5%, 87,5 %."""
    share = score.quantize(Decimal("0.01")) / 100
    return str(format_percent(share, locale=locale_of(tag), decimal_quantization=False)).replace(
        "\u202f", "\xa0"
    )


def locale_of(tag: str) -> Locale:
    """How readers of that tag write; one that is not known counts as its language."""
    language = known_language(tag)
    try:
        found = Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale(language)
    return found if found.language == language else Locale(language)


@lru_cache(maxsize=512)
def known_language(tag: str) -> str:
    """The one of `LANGUAGES` that a language tag means (`fr-CA` is fr), English for any other."""
    return _negotiated([tag])


def preferred_language(accept_language: str | None, chosen: str | None = None) -> str:
    """The one of `LANGUAGES` that was chosen by its tag.

    Where none was, that which an Accept-Language header (RFC 9110, 12.5.4) likes best, else English.
    """
    if chosen in LANGUAGES:
        return chosen
    weighted: list[tuple[float, str]] = []
    for entry in (accept_language or "")[:1000].split(",")[:_MAX_RANGES]:
        tag, _, parameter = entry.partition(";")
        quality = _quality(parameter)
        if quality > 0:
            weighted.append((-quality, "en" if tag.strip() == "*" else tag.strip()))
    weighted.sort(key=lambda pair: pair[0])
    return _negotiated([tag for _, tag in weighted if tag])


def _negotiated(tags: list[str]) -> str:
    return negotiate_locale([tag.lower().replace("-", "_") for tag in tags], LANGUAGES) or "en"


def _quality(parameter: str) -> float:
    """The weight of one range, 0–1: 1 when none is given, 0 (unwanted) when it is no number."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
