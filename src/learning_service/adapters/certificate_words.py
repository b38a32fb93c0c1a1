"""What certificates and their page say in each language, and which language a reader wants."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources

from learning_service.domain.certificates.rules.certificates import LANGUAGES

__all__ = ["LANGUAGES", "known_language", "long_date", "percent", "preferred_language", "words"]

_MAX_RANGES = 32
_PART = re.compile(r"d+|M+|y+|'[^']*'")


@cache
def words(language: str) -> Mapping[str, str]:
    """The catalog of one of `LANGUAGES`: key → text, the same keys in each."""
    source = resources.files("learning_service") / "assets" / "translations" / f"{language}.json"
    catalog: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return catalog


@dataclass(frozen=True, slots=True)
class _Form:
    """How readers of a tag write, out of CLDR."""

    day: str
    """Its pattern: `d` or `dd`, `MMMM`, `y`, and words between quotes."""
    months: list[str]
    percent: str
    """What stands behind a percentage."""
    point: str


@cache
def _forms() -> Mapping[str, _Form]:
    source = resources.files("learning_service") / "assets" / "locale_forms.json"
    read = json.loads(source.read_text(encoding="utf-8"))
    forms = [_Form(**one) for one in read["forms"]]
    return {tag.lower(): forms[place] for tag, place in read["of"].items()}


def _form_of(tag: str) -> _Form:
    """How readers of that tag write; one that is not known counts as its language."""
    language, _, rest = tag.replace("-", "_").lower().partition("_")
    for known in (f"{language}_{rest}", f"{language}_{rest.rpartition('_')[2]}"):
        if known in _forms():
            return _forms()[known]
    return _forms()[known_language(tag)]


@lru_cache(maxsize=4096)
def long_date(day: date, tag: str) -> str:
    """The day as readers of that tag write it in full: 22 November 2026, November 22, 2026, 22 de noviembre de 2026.

    English of no country is that of most of the world. A tag that is not known counts as its language.
    """
    form = _form_of(tag)
    parts = {
        "d": str(day.day),
        "dd": f"{day.day:02}",
        "MMMM": form.months[day.month - 1],
        "y": str(day.year),
    }
    return _PART.sub(lambda found: parts.get(found[0], found[0].strip("'")), form.day)


def percent(score: Decimal, tag: str) -> str:
    """A score as readers of that tag write it, to two places: 87.5%, 87,5 %."""
    form = _form_of(tag)
    plain = f"{score:.2f}".rstrip("0").rstrip(".")
    return plain.replace(".", form.point) + form.percent


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
    """The language of the first tag whose language is known; English where none is."""
    named = (tag.replace("-", "_").partition("_")[0].lower() for tag in tags)
    return next((language for language in named if language in LANGUAGES), "en")


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
