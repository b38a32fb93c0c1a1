"""Signs PDFs by pyHanko. It is loaded where one is signed, by `pdf_signature`.

What asks an authority for the time is `pdf_time`, loaded where one is set: it brings clients of HTTP.
"""

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from learning_service.adapters.pdf_signature import Signing
from learning_service.core.loading import load, only_named
from learning_service.domain.certificates.rules.pdf_keys import PdfKey, UnusableKey, read_pdf_key

with only_named("pyhanko.sign.timestamps.aiohttp_client", "pyhanko_certvalidator.fetchers.aiohttp_fetchers"):
    # They load a client of HTTP, 8 MB, which asks authorities and those who issued certificates.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers.pdf_cms import Signer
    from pyhanko.sign.signers.pdf_signer import (
        DSSContentSettings,
        PdfSignatureMetadata,
        PdfSigner,
        SigDSSPlacementPreference,
    )
    from pyhanko_certvalidator.registry import SimpleCertificateStore

_EVIDENCE = "learning_service.adapters.pdf_time:evidence_of"
_FIELD = "Seal"
_DIGEST = "sha256"
_IN_THE_SIGNED_PART = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)
"""So that the signature covers the whole file, and nothing was added after it."""
_ROOM, _ROOM_FOR_TIME = 2048, 16384
"""Bytes kept free for the signature beside its certificates, and for what an authority says."""


def sign(pdf: bytes, by: Signing) -> bytes:
    """The PDF with a signature appended, as `sign_pdf` of `pdf_signature` says."""
    return asyncio.run(_signed(pdf, by))


async def _signed(pdf: bytes, by: Signing) -> bytes:
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
    if by.authority is None:
        return await _written(pdf, PdfSigner(said, signer=signer), _ROOM + signer.size)
    evidence = load(_EVIDENCE)(by.key, by.authority)
    async with evidence.gathered(signer) as context:
        said = replace(
            said, embed_validation_info=True, validation_context=context, dss_settings=_IN_THE_SIGNED_PART
        )
        by_time = PdfSigner(said, signer=signer, timestamper=evidence.clock)
        return await _written(pdf, by_time, _ROOM + signer.size + _ROOM_FOR_TIME)


async def _written(pdf: bytes, signer: PdfSigner, room: int) -> bytes:
    made = await signer.async_sign_pdf(_Writer(io.BytesIO(pdf)), bytes_reserved=room * 2)
    content: bytes = made.getvalue()
    return content


class _Writer(IncrementalPdfFileWriter):
    def _update_meta(self) -> None:
        """Nothing: what is signed was drawn just now. pyHanko would load 5 MB to write when it was last changed."""


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
