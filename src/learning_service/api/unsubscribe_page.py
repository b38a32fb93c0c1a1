"""The page behind the address in a mail that ends its kind: one button, and nothing else to load."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from learning_service.adapters.certificate_words import preferred_language, words

State: TypeAlias = Literal["asked", "ended", "unknown"]
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Language",
    }
)
_PAGE = Environment(
    loader=PackageLoader("learning_service", "assets/templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    auto_reload=False,
).get_template("unsubscribe.html")


def render_unsubscribe_page(state: State, *, accept_language: str | None) -> tuple[str, str]:
    """The page, and the language that it is in. It repeats nothing of what was asked."""
    language = preferred_language(accept_language, None)
    return _PAGE.render(language=language, words=words(language), state=state), language
