"""What the pages for strangers share: templates, one inline style by its hash, and headers that keep all else out."""

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_TEXT = (resources.files("learning_service") / "assets" / "templates" / "page.css").read_text("utf-8").strip()
_HASH = base64.b64encode(hashlib.sha256(_TEXT.encode()).digest()).decode("ascii")
_ENVIRONMENT = Environment(
    loader=PackageLoader("learning_service", "assets/templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    auto_reload=False,
)
# The style is ours and its hash is in the policy, so it must not be escaped.
_ENVIRONMENT.globals["style"] = Markup(_TEXT)  # noqa: S704


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


_ENVIRONMENT.filters["capitalize_first"] = _capitalize_first


class Page:
    """A page by the name of its template, in which `style` is known. It is compiled when it is first shown."""

    def __init__(self, name: str) -> None:
        self._name = name

    def render(self, **values: object) -> str:
        """The page with these values."""
        return _ENVIRONMENT.get_template(self._name).render(values)


def page_headers(
    *, forms: bool, pictures: bool = False, cache: str = "no-store", vary: str = "Accept-Language"
) -> dict[str, str]:
    """Headers of such a page.

    `forms` says whether it may send one, `pictures` whether it may show some: to us, and of ours, alone.
    """
    shown = "img-src 'self'; " if pictures else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_HASH}'; {shown}base-uri 'none'; "
            f"form-action '{'self' if forms else 'none'}'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "Cache-Control": cache,
        "Vary": vary,
    }
