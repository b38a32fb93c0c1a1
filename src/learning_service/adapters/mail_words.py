"""What mails are written with: the words of a language, and how its readers write days, zones and numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal, format_percent

from learning_service.adapters.certificate_words import known_language
from learning_service.domain.certificates.rules.certificates import printed_locale
from learning_service.domain.reminders.rules import Moment

_MONTH_FIRST = {"day": "EEEE, MMMM d", "day_and_year": "EEEE, MMMM d, y"}
"""As Americans write it."""


@cache
def _catalog(language: str) -> Mapping[str, str | Mapping[str, str]]:
    source = resources.files("learning_service") / "assets" / "mail" / f"{language}.json"
    catalog: dict[str, str | dict[str, str]] = json.loads(source.read_text(encoding="utf-8"))
    return catalog


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language of one reader, at the moment that their mail calls now."""

    language: str
    locale: Locale
    instant: datetime

    def say(self, key: str, **facts: object) -> str:
        """The words under this key."""
        return self.text(key).format(**facts)

    def count(self, key: str, count: int, **facts: object) -> str:
        """The words for so many, by the plural rules of the language."""
        forms = _catalog(self.language)[key]
        assert not isinstance(forms, str)
        form = forms.get(str(self.locale.plural_form(count)), forms["other"])
        return form.format(count=self.number(count), **facts)

    def text(self, key: str) -> str:
        """The words under this key, as they are."""
        words = _catalog(self.language)[key]
        assert isinstance(words, str)
        return words

    def number(self, number: int | Decimal) -> str:
        """A number with at most two places."""
        return str(format_decimal(number, format="#,##0.##", locale=self.locale))

    def percent(self, percent: Decimal) -> str:
        """A number of hundredths with its sign."""
        return str(format_percent(percent / 100, format=self._percent_form(), locale=self.locale))

    def _percent_form(self) -> str:
        """The pattern of the language, with at most two places."""
        return str(self.locale.percent_formats[None].pattern).replace("0", "0.##", 1)

    def told(self, what: str, moment: Moment) -> str:
        """The sentence `what` of a moment: a day to its end, or a time."""
        form = f"{what}_day" if moment.time is None else f"{what}_time"
        return self.say(form, day=self.day(moment.day), time=moment.time, zone=self.zone(moment))

    def day(self, day: date) -> str:
        """Day and month with the weekday; the year too where it is not the present one."""
        form = "day" if day.year == self.instant.year else "day_and_year"
        # English of no country is that of most of the world.
        is_month_first = self.locale.territory is not None and str(
            self.locale.date_formats["long"]
        ).startswith("M")
        pattern = _MONTH_FIRST[form] if is_month_first else self.text(form)
        written = str(format_date(day, format=pattern, locale=self.locale))
        return written.replace(" 1 ", " 1er ", 1) if self.locale.language == "fr" else written

    def zone(self, moment: Moment) -> str:
        """The zone by its city; where it has none, or the clock shows this time twice, by what it is off UTC."""
        area = moment.zone.partition("/")[0]
        city = str(get_timezone_location(ZoneInfo(moment.zone), locale=self.locale, return_city=True))
        if area in ("Etc", "Factory") or city.startswith(("UTC", "GMT")):
            return moment.offset
        named = self.say("zone", city=city.rpartition("/")[2])
        return f"{named}, {moment.offset}" if moment.is_ambiguous else named


def tongue_of(locale: str | None, organization_locale: str | None, instant: datetime) -> Tongue:
    """The tongue of a member, whose language may not be known."""
    tag = printed_locale(locale, organization_locale)
    return Tongue(known_language(tag), locale_of(tag), instant)


def locale_of(tag: str) -> Locale:
    """How readers of that tag write; one that is not known counts as its language."""
    language = known_language(tag)
    try:
        found = Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale(language)
    return found if found.language == language else Locale(language)
