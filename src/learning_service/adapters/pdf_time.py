"""What vouches for the time of a PDF's signature, and for the certificates at that time, asked for by HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from time import monotonic
from typing import Any

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError, set_tsp_headers
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import InvalidCertificateError, PathError, RevokedError, ValidationError
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

from learning_service.adapters.http import HttpClient
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey
from learning_service.domain.kernel.errors import Unavailable

_DIGEST = "sha256"
_SECONDS, _FRESH_SECONDS = 10, 600


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


class Evidence:
    """What tells that the certificates of a signer and an authority held: lists and answers of those who issued them.

    Fetched from where the certificates say, and good for other signatures of the next minutes.
    """

    def __init__(self, authority: str) -> None:
        self.clock = _Authority(authority)
        self._until, self._crls, self._ocsps = 0.0, list[Any](), list[Any]()

    @asynccontextmanager
    async def gathered(self, signer: Signer) -> AsyncIterator[ValidationContext]:
        """By what a signature is made. What a certificate names must be had; one that names nothing is taken as is.

        Raises Unavailable, UnusableKey.
        """
        await self.clock.async_dummy_response(_DIGEST)
        known = [signer.signing_cert, *signer.cert_registry, *self.clock.cert_registry]
        is_fresh = monotonic() < self._until
        source = AIOHttpFetcherBackend(per_request_timeout=_SECONDS)
        context = ValidationContext(
            trust_roots=_tops(known),
            other_certs=known,
            crls=self._crls if is_fresh else None,
            ocsps=self._ocsps if is_fresh else None,
            allow_fetching=True,
            fetcher_backend=source,
            revocation_mode="hard-fail",
        )
        try:
            yield context
        except (PathError, InvalidCertificateError, ValidationError, SigningError) as error:
            if isinstance(error.__cause__, RevokedError):
                raise UnusableKey("the certificate of the key that signs PDFs was revoked") from error
            raise Unavailable(f"what certificates say of themselves could not be had: {error}") from error
        finally:
            await source.close()
        if not is_fresh:
            self._crls, self._ocsps = list(context.crls), list(context.ocsps)
            self._until = monotonic() + _FRESH_SECONDS


@lru_cache(maxsize=4)
def evidence_of(_key: str, authority: str) -> Evidence:
    """What is kept for this key, and this authority."""
    return Evidence(authority)


def _tops(known: Sequence[asn1_x509.Certificate]) -> list[asn1_x509.Certificate]:
    """Those whose issuer is not among them: whom to trust is for the reader to judge."""
    names = {one.subject.dump() for one in known}
    return [one for one in known if one.issuer.dump() not in names or one.self_issued]


def _refuse_another(answer: tsp.TimeStampResp, asked: tsp.TimeStampReq) -> None:
    """Raises ValueError where the time is of something else than was asked for."""
    if answer["status"]["status"].native not in ("granted", "granted_with_mods"):
        return
    said = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    if said["message_imprint"].native != asked["message_imprint"].native:
        raise ValueError("the time of something else")
