"""The page behind the address in a mail that ends its kind: one button and one style, nothing else to load."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from learning_service.adapters.certificate_words import preferred_language, words
from learning_service.api.public_pages import Page, page_headers

State: TypeAlias = Literal["asked", "ended", "unknown"]
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    page_headers(forms=True)
    | {"X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer"}
)
_PAGE = Page("unsubscribe.html")


def render_unsubscribe_page(state: State, *, accept_language: str | None) -> tuple[str, str]:
    """The page, and the language that it is in. It repeats nothing of what was asked."""
    language = preferred_language(accept_language, None)
    return _PAGE.render(language=language, words=words(language), state=state), language
