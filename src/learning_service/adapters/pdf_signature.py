"""The signature of a PDF (PAdES): one changed byte, and a reader's program says so.

It certifies that nothing may be added either. Where an authority is set, it vouches for the time, and what tells that
the certificates held then is put into the file (PAdES B-LT); a signature then holds when its certificate has ended.

What signs is `pdf_signer`. It is loaded by the first signature.
"""

from dataclasses import dataclass

from learning_service.core.loading import load

_SIGN = "learning_service.adapters.pdf_signer:sign"


@dataclass(frozen=True, slots=True)
class Signing:
    """By which key PDFs are signed, as PEM, and which authority vouches for the time; none: no one does."""

    key: str
    authority: str | None = None


def sign_pdf(pdf: bytes, by: Signing) -> bytes:
    """The PDF with a signature appended; takes some 9 ms of a core.

    Raises:
        UnusableKey: the key is none for PDFs, or its certificate has ended.
        Unavailable: the authority gave no time.
    """
    signed: bytes = load(_SIGN)(pdf, by)
    return signed
