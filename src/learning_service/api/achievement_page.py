"""The public page of what credentials say was achieved: one version of a course."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from learning_service.adapters.certificate_words import preferred_language, words
from learning_service.api.public_pages import Page, page_headers
from learning_service.domain.certificates.queries.public import PublicAchievement

ACHIEVEMENT_HEADERS: Mapping[str, str] = MappingProxyType(
    page_headers(forms=False, cache="public, max-age=300", vary="Accept, Accept-Language")
    | {"X-Robots-Tag": "noindex"}
)
_PAGE = Page("achievement.html")


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
