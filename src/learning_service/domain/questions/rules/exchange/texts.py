"""Texts of other systems, in whatever form they have them, as HTML and as words."""

import html
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from learning_service.domain.questions.rules.words import words_of

Form: TypeAlias = Literal["html", "moodle", "plain", "markdown"]
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"</?[A-Za-z]")
_BLOCK = re.compile(r"<(?:p|div|ul|ol|table|h[1-6]|pre|blockquote)[\s>/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rich:
    """A text and its form. `moodle` is HTML in which a line break is one."""

    text: str
    form: Form = "moodle"

    @property
    def html(self) -> str:
        """As HTML, not sanitized."""
        text = self.text.strip()
        if not text or self.form == "html":
            return text
        if self.form in ("plain", "markdown") or not self.has_markup:
            text = html.escape(text, quote=False)
        elif _BLOCK.search(text):
            return text
        return "<p>" + text.replace("\n", "<br>") + "</p>"

    @property
    def has_markup(self) -> bool:
        """Whether it is more than words."""
        return self.form in ("html", "moodle") and _MARKUP.search(self.text) is not None

    @property
    def words(self) -> str:
        """Its words alone."""
        if self.has_tags:
            return words_of(self.text)
        return html.unescape(self.text).strip() if self.has_markup else self.text.strip()

    @property
    def has_tags(self) -> bool:
        """Whether there is more to it than signs that are written by name."""
        return self.has_markup and _TAG.search(self.text) is not None
