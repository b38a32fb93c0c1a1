"""The key that signs PDFs: a text in PEM with the key and its X.509 certificates, as a secret file has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

SecretHalf: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_SMALLEST_RSA = 2048


class UnusableKey(ValueError):
    """The text is no key with which PDFs can be signed; the message says why and never shows the text."""


@dataclass(frozen=True, slots=True)
class PdfKey:
    """A key and the certificates that vouch for it: its own first, then those of its issuers."""

    secret: SecretHalf
    certificates: tuple[Certificate, ...]

    def is_valid_at(self, instant: datetime) -> bool:
        """Whether its certificate holds at that moment."""
        own = self.certificates[0]
        return own.not_valid_before_utc <= instant <= own.not_valid_after_utc


def read_pdf_key(pem: str) -> PdfKey:
    """The key in this text. Raises UnusableKey."""
    data = pem.encode()
    try:
        secret, certificates = load_pem_private_key(data, None), load_pem_x509_certificates(data)
    except TypeError:
        raise UnusableKey("the key is protected by a password: give it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("it must hold, in PEM, a private key and after it its certificate") from None
    if not (
        (isinstance(secret, RSAPrivateKey) and secret.key_size >= _SMALLEST_RSA)
        or (isinstance(secret, EllipticCurvePrivateKey) and secret.curve.name in _CURVES)
    ):
        raise UnusableKey("the key must be RSA of 2048 bits or more, or on the curve P-256, P-384 or P-521")
    if certificates[0].public_key() != secret.public_key():
        raise UnusableKey("the first certificate is not the key's own")
    return PdfKey(secret, tuple(certificates))
