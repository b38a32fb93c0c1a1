"""Looks whether a picture can be decoded, and how large it is; run as a process of its own."""

import warnings
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from learning_service.adapters.inspection.findings import Unusable, answer
from learning_service.adapters.inspection.polyglots import refuse_other_readings

MAX_PIXELS = 50_000_000


def look(path: Path) -> Mapping[str, object]:
    """Width and height in pixels. Raises Unusable."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    refuse_other_readings(path, is_pdf=False)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            # A JPEG is decoded small: every byte of it is read, and little memory taken.
            picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unusable("too-many-pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unusable("damaged") from error
    return {"width": width, "height": height}


if __name__ == "__main__":
    answer(look)
