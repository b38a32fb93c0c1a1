"""Addresses that authors may put into a course. The learner's browser opens them; the service never does."""

import re
from urllib.parse import urlsplit

from learning_service.domain.kernel.errors import Wrong

_ODD = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u3000\\<>\"'`{}|^]")
_LABEL = re.compile(r"\A(?!-)[\w-]{1,63}(?<!-)\Z")
_NUMERIC = re.compile(r"\A(?:\d+|0[xX][0-9a-fA-F]*)\Z")
_DOCUMENT = re.compile(r"\Adocument:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def https_url(text: str) -> str:
    """The same address, if it is https to a DNS name without credentials. Raises ValueError otherwise.

    Addresses by number are refused: nothing public is named so, and `http://169.254.169.254/` is an attack.
    """
    if _ODD.search(text):
        raise Wrong("must be an address without spaces, quotes or brackets", "wrong-form")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Wrong("must be an https address", "wrong-form") from None
    if parts.scheme != "https" or not text[:8].lower().startswith("https://") or not host:
        raise Wrong("must be an https address", "wrong-form")
    if "@" in parts.netloc:
        raise Wrong("must not contain credentials", "not-allowed")
    labels = host.removesuffix(".").split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or _NUMERIC.match(labels[-1]):
        raise Wrong("must name its host by a full DNS name", "wrong-form")
    return text


def document_url(text: str) -> str:
    """The same address, if it is an https address or `document:<id>`. Raises ValueError otherwise."""
    if text.startswith("document:"):
        if not _DOCUMENT.match(text):
            raise Wrong("must be document: and the id of a document", "wrong-form")
        return text
    return https_url(text)


def document_id(text: str | None) -> str | None:
    """The id in `document:<id>`; None for anything else."""
    return text.removeprefix("document:") if text is not None and _DOCUMENT.match(text) else None
