"""Write `assets/locale_forms.json`: how readers of each tag write a day in full and a percentage, as CLDR has it.

`.venv/bin/python scripts/locale_forms.py`, after a new release of Babel. A process that prints certificates reads
this file, and not all that Babel knows of a language, which is 4 MB of it.
"""

import json
from pathlib import Path

from babel import Locale, localedata

from learning_service.domain.certificates.rules.certificates import LANGUAGES

PLACE = Path(__file__).parent.parent / "src" / "learning_service" / "assets" / "locale_forms.json"


def found() -> str:
    """The file's text."""
    forms: list[dict[str, object]] = []
    of: dict[str, int] = {}
    for tag in sorted(localedata.locale_identifiers()):
        if tag.partition("_")[0] not in LANGUAGES:
            continue
        locale = Locale.parse(tag)
        form = {
            # English of no country is that of most of the world.
            "day": "d MMMM y" if tag == "en" else str(locale.date_formats["long"].pattern),
            "months": [locale.months["format"]["wide"][month] for month in range(1, 13)],
            "percent": str(locale.percent_formats[None].pattern).rpartition("0")[2].replace("\u202f", "\xa0"),
            "point": locale.number_symbols["latn"]["decimal"],
        }
        if form not in forms:
            forms.append(form)
        of[tag] = forms.index(form)
    return json.dumps({"forms": forms, "of": of}, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PLACE.write_text(found(), encoding="utf-8")
