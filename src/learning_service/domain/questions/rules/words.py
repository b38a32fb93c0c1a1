"""What a reader finds in rich text."""

import html
import re

from learning_service.domain.kernel.characters import is_empty

_TAG = re.compile(r"<[^<>]*>")
_SHOWS = re.compile(r"<(?:img|iframe)[\s>]", re.IGNORECASE)


def words_of(rich_text: str) -> str:
    """Its words alone."""
    return " ".join(html.unescape(_TAG.sub(" ", rich_text)).split())


def shows_something(rich_text: str) -> bool:
    """Whether sanitized HTML has a visible character, an image or an embed."""
    return bool(_SHOWS.search(rich_text)) or not is_empty(html.unescape(_TAG.sub("", rich_text)))
