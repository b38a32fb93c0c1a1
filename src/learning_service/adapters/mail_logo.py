"""An organization's logo as its mails carry it."""

import io

from PIL import Image

from learning_service.adapters.certificate_artwork import open_logo
from learning_service.adapters.certificate_content import Logo

_LOGO_SIZE = (360, 112)
"""Twice what is shown, for dense screens."""


def mail_logo(stored: bytes) -> Logo:
    """The logo, made as small as mails show it. Raises UnusableLogo."""
    picture = open_logo(stored)
    picture.thumbnail(_LOGO_SIZE, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    shown = max(1, picture.width // 2), max(1, picture.height // 2)
    return Logo(out.getvalue(), *shown)
