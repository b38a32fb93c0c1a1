"""The page of the reference, from our own files: no other host is asked, and the policy forbids it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

_FILES = resources.files("learning_service") / "assets" / "reference"
_TYPES = {
    "start.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}

REFERENCE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # Pictures within the style sheet are data: addresses.
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A file that the page is made of."""

    content: bytes
    media_type: str


def reference_page() -> ReferenceFile:
    """The page itself."""
    return ReferenceFile((_FILES / "index.html").read_bytes(), "text/html")


def reference_files() -> Mapping[str, ReferenceFile]:
    """What the page loads, by the last part of its address."""
    return {name: ReferenceFile((_FILES / name).read_bytes(), kind) for name, kind in _TYPES.items()}
