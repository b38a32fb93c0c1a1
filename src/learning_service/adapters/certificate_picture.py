"""The first page of a certificate's PDF as a picture, drawn by PDFium in a process of the pool."""

import io

from PIL import Image

from learning_service.core.loading import only_named
from learning_service.domain.certificates.rules.pictures import LONG_SIDE, MOST_BYTES

with only_named("argparse"):
    # For the library's command line.
    import pypdfium2

COLORS = 128
"""A certificate has few; so the picture takes a fifth of what it takes with all of them."""


def picture_of(pdf: bytes) -> bytes | None:
    """A PNG whose longer side has LONG_SIDE pixels; None where PDFium cannot draw it, or it is too large."""
    try:
        drawn = _drawn(pdf)
    except pypdfium2.PdfiumError:
        return None
    written = io.BytesIO()
    few = drawn.quantize(COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(written, "PNG")
    png = written.getvalue()
    return png if len(png) <= MOST_BYTES else None


def _drawn(pdf: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        # PDFium rounds each side up: a little less, so that the longer one does not become a pixel longer.
        scale = (LONG_SIDE - 0.01) / max(page.get_size())
        bitmap = page.render(scale=scale)
        try:
            picture: Image.Image = bitmap.to_pil().convert("RGB")
        finally:
            bitmap.close()
            page.close()
        return picture
    finally:
        document.close()
