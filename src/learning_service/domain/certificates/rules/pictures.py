"""The picture of a certificate's PDF: where it is stored, how large it is, and which one is shown of whom."""

from dataclasses import dataclass

from learning_service.domain.certificates.rules.certificates import Status, mark_of, pdf_key

LONG_SIDE = 900
"""Pixels of the longer side."""
_SHORT_SIDES = {"a4": 637, "letter": 696}
MOST_BYTES = 512 * 1024
"""What a picture may take; of one that is larger, the page shows none."""


def picture_key(sha256: str) -> str:
    """Where the picture of the PDF with this digest (hex) is stored."""
    return f"certificates/{sha256}.png"


def file_keys(sha256: str) -> tuple[str, str]:
    """All that is stored of a PDF with this digest: itself, and its picture where there is one."""
    return pdf_key(sha256), picture_key(sha256)


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture that anyone may see who has the certificate's id."""

    sha256: str
    """Digest (hex) of the PDF that it shows."""
    width: int
    """Pixels, as the height."""
    height: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """Of which of a certificate's PDFs there are pictures that may be shown; digests in hex."""

    plain: str | None
    """Of the one in force."""
    marked: str | None
    """Of the one that says that it is not in force; None also where the organization gives out no such PDF."""
    marked_as: str | None
    paper: str
    orientation: str

    def shown(self, status: Status) -> ShownPicture | None:
        """That of the PDF which is given out of a certificate in this state."""
        mark = mark_of(status)
        sha256 = self.plain if mark is None else self.marked if self.marked_as == mark else None
        if sha256 is None:
            return None
        short = _SHORT_SIDES[self.paper]
        width, height = (short, LONG_SIDE) if self.orientation == "portrait" else (LONG_SIDE, short)
        return ShownPicture(sha256, width, height)
