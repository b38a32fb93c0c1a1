"""What administrators and verifiers do with certificates."""

from collections.abc import Sequence
from typing import cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.certificates import AdministeredCertificateOut
from learning_service_client.shapes.verifications import CheckOut, VerificationsOut
from learning_service_client.transport import STILL_BEING_MADE, Transport


class CertificateCalls(Transport):
    """What administrators and verifiers do with certificates."""

    async def verify_certificates(self, *, ids: Sequence[str]) -> VerificationsOut:
        """The true states of up to 100 certificates, for anyone, in the order asked."""
        answer = await self._send("POST", "/api/certificates/verify/", body=given(ids=list(ids)), keyed=False)
        return cast(VerificationsOut, answer.json())

    async def check_certificate(self, content: bytes, *, name: str) -> CheckOut:
        """Whether a PDF or PNG is a certificate as it was issued, for anyone; the file is not kept."""
        path = "/api/certificates/check/"
        return cast(CheckOut, (await self._send("POST", path, file=(name, content), keyed=False)).json())

    async def reissue_certificate(
        self, certificate_id: Id, *, recipient_name: str, reason: str
    ) -> AdministeredCertificateOut:
        """Replace a certificate at once by one with another name; the old one points to it."""
        return await self._post(
            AdministeredCertificateOut,
            f"/api/certificates/{uuid_of(certificate_id)}/reissue/",
            given(recipient_name=recipient_name, reason=reason),
        )

    async def read_credential(self, certificate_id: Id) -> dict[str, object] | None:
        """A certificate as an Open Badges 3.0 credential, for anyone."""
        answer = await self._send(
            "GET",
            f"/api/certificates/{uuid_of(certificate_id)}/credential/",
            wait_until_made=True,
            accept="application/vc+ld+json",
        )
        return None if answer.status_code == STILL_BEING_MADE else cast(dict[str, object], answer.json())

    async def read_credential_as_jwt(self, certificate_id: Id) -> str:
        """The same credential as a JWT (RS256), whose `kid` is an address in `/.well-known/jwks.json`."""
        answer = await self._send(
            "GET",
            f"/api/certificates/{uuid_of(certificate_id)}/credential.jwt/",
            wait_until_made=True,
            accept="application/vc+jwt",
        )
        return answer.text

    async def read_badge(self, certificate_id: Id) -> bytes | None:
        """A certificate's badge, for anyone: a PNG with the credential baked in. None if not made in time."""
        answer = await self._send(
            "GET",
            f"/api/certificates/{uuid_of(certificate_id)}/badge.png/",
            wait_until_made=True,
            accept="image/png",
        )
        return None if answer.status_code == STILL_BEING_MADE else answer.content

    async def read_logo(self, certificate_id: Id) -> bytes:
        """The logo that a certificate bears as a small PNG, for anyone. Raises Problem (404) where it bears none."""
        answer = await self._send(
            "GET", f"/api/certificates/{uuid_of(certificate_id)}/logo.png/", accept="image/png"
        )
        return answer.content

    async def read_picture(self, certificate_id: Id) -> bytes:
        """The first page of a certificate's PDF as a PNG, for anyone. Raises Problem (404) where none is shown."""
        answer = await self._send(
            "GET", f"/api/certificates/{uuid_of(certificate_id)}/picture.png/", accept="image/png"
        )
        return answer.content

    async def read_status_list(self, number: int) -> dict[str, object]:
        """A Bitstring Status List."""
        return await self._get(dict[str, object], f"/status/{int(number)}/")

    async def show_achievement(
        self, course_id: Id, number: int, *, lang: str | None = None
    ) -> dict[str, object]:
        """What credentials say was achieved: one version of a course, of which a credential was issued."""
        return await self._get(
            dict[str, object], f"/achievements/{uuid_of(course_id)}/{int(number)}/", lang=lang
        )

    async def read_did_document(self) -> dict[str, object]:
        """The service's DID document (did:web): every key that signs or has signed credentials."""
        return await self._get(dict[str, object], "/.well-known/did.json")

    async def read_jwks(self) -> dict[str, object]:
        """The keys of credentials as JWTs, as a JWK set: every one that signs or has signed."""
        return await self._get(dict[str, object], "/.well-known/jwks.json")
