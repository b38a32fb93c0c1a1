"""The public page of what credentials say was achieved: one version of a course."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from learning_service.adapters.certificate_words import preferred_language, words
from learning_service.domain.certificates.queries import PublicAchievement

ACHIEVEMENT_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept, Accept-Language",
    }
)
_PAGE = Environment(
    loader=PackageLoader("learning_service", "assets/templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    auto_reload=False,
).get_template("achievement.html")


def render_achievement_page(
    found: PublicAchievement, *, accept_language: str | None, chosen: str | None = None
) -> tuple[str, str]:
    """The page, and the language of its own words."""
    language = preferred_language(accept_language, chosen)
    said = json.loads(found.document)
    return _PAGE.render(
        language=language, words=words(language), issuer_name=found.issuer_name, name=said["name"],
        description=said["description"], criteria=said["criteria"]["narrative"], skills=said.get("tag", []),
        spoken=said.get("inLanguage"),
    ), language  # fmt: skip
