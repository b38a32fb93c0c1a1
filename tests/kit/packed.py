"""Packages for tests: zips of files by name."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

Content = Mapping[Any, Any] | Iterable[tuple[Any, Any]]
"""Texts or bytes by name or `ZipInfo`."""


def packed(files: Content) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            package.writestr(name, content)
    return buffer.getvalue()
