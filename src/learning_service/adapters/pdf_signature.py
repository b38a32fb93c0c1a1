"""The signature of a PDF (PAdES): one changed byte, and a reader's program says so.

It certifies that nothing may be added either. Where an authority is set, it vouches for the time; a signature then
holds when its certificate has ended.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError, set_tsp_headers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from learning_service.adapters.http import HttpClient
from learning_service.domain.certificates.rules.pdf_keys import PdfKey, UnusableKey, read_pdf_key
from learning_service.domain.kernel.errors import Unavailable

_FIELD = "Seal"
_DIGEST = "sha256"
_ROOM, _ROOM_FOR_TIME = 2048, 16384
"""Bytes kept free for the signature beside its certificates, and for what an authority says."""


@dataclass(frozen=True, slots=True)
class Signing:
    """By which key PDFs are signed, as PEM, and which authority vouches for the time; none: no one does."""

    key: str
    authority: str | None = None


def sign_pdf(pdf: bytes, by: Signing) -> bytes:
    """The PDF with a signature appended; takes some 20 ms of a core.

    Raises:
        UnusableKey: the key is none for PDFs, or its certificate has ended.
        Unavailable: the authority gave no time.
    """
    signer = _signer(by.key)
    if not signer.key.is_valid_at(datetime.now(UTC)):
        raise UnusableKey("the certificate of the key that signs PDFs does not hold now: give a new one")
    said = PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm=_DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    clock = _Authority(by.authority) if by.authority else None
    room = _ROOM + signer.size + (_ROOM_FOR_TIME if clock else 0)
    made = PdfSigner(said, signer=signer, timestamper=clock).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=room * 2
    )
    content: bytes = made.getvalue()
    return content


@lru_cache(maxsize=4)
def _signer(pem: str) -> "_Signer":
    return _Signer(read_pdf_key(pem))


class _Signer(Signer):
    """Signs by a key that is read and checked once: that takes ten times as long as to sign."""

    def __init__(self, key: PdfKey) -> None:
        encoded = [one.public_bytes(Encoding.DER) for one in key.certificates]
        self.key, self.size = key, sum(map(len, encoded))
        own, *issuers = [asn1_x509.Certificate.load(one) for one in encoded]
        register = SimpleCertificateStore()
        register.register_multiple(issuers)
        super().__init__(signing_cert=own, cert_registry=register)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """As pyHanko asks for it."""
        if isinstance(self.key.secret, RSAPrivateKey):
            return self.key.secret.sign(data, PKCS1v15(), SHA256())
        return self.key.secret.sign(data, ECDSA(SHA256()))


class _Authority(TimeStamper):
    """A time-stamping authority (RFC 3161) at this address."""

    def __init__(self, address: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """As pyHanko asks for it. Raises Unavailable."""
        http = HttpClient()
        try:
            body = await http.exchange(self._address, req.dump(), headers=set_tsp_headers({}))
        finally:
            await http.close()
        try:
            answer = tsp.TimeStampResp.load(body, strict=True)
            _refuse_another(answer, req)
        except (ValueError, TypeError, KeyError) as error:
            raise Unavailable(f"{self._address} did not answer with a time stamp of ours") from error
        return answer

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> object:
        """As pyHanko asks for it. Raises Unavailable."""
        try:
            return await super().async_timestamp(message_digest, md_algorithm)
        except TimestampRequestError as error:
            raise Unavailable(f"{self._address}: {error}") from error


def _refuse_another(answer: tsp.TimeStampResp, asked: tsp.TimeStampReq) -> None:
    """Raises ValueError where the time is of something else than was asked for."""
    if answer["status"]["status"].native not in ("granted", "granted_with_mods"):
        return
    said = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    if said["message_imprint"].native != asked["message_imprint"].native:
        raise ValueError("the time of something else")
