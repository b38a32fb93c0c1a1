"""What a credential says: Open Badges 3.0 as a closed model, so that nothing is signed that no verifier reads."""

import gzip
import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from learning_service.domain.kernel.values import JsonObject

VC = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
LIST_BITS = 131_072
"""Places of a status list: as many as the specification asks for at least, so that one place says little."""

Moment = Annotated[
    datetime, PlainSerializer(lambda at: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", return_type=str)
]


class _Term(BaseModel):
    """A node of a credential. A term that it does not have is an error: no context would have it signed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        strict=False,
        defer_build=True,
    )


class Profile(_Term):
    """Who issues."""

    id: str
    type: tuple[Literal["Profile"]] = ("Profile",)
    name: str
    url: str


class Criteria(_Term):
    """What one has to do for it."""

    narrative: str


class Achievement(_Term):
    """What was achieved: one version of a course."""

    id: str
    type: tuple[Literal["Achievement"]] = ("Achievement",)
    achievement_type: Literal["Course"] = "Course"
    name: str
    description: str
    criteria: Criteria
    in_language: str | None = None
    tag: tuple[str, ...] | None = None


class IdentityObject(_Term):
    """Whom the credential is about, for those who know the address already."""

    type: Literal["IdentityObject"] = "IdentityObject"
    hashed: Literal[True] = True
    identity_hash: str
    identity_type: Literal["emailAddress"] = "emailAddress"
    salt: str


class Subject(_Term):
    """The achievement of a person, named by no more than a digest."""

    id: str
    type: tuple[Literal["AchievementSubject"]] = ("AchievementSubject",)
    identifier: tuple[IdentityObject, ...] | None = None
    achievement: Achievement


class StatusEntry(_Term):
    """The credential's place in a status list."""

    id: str
    type: Literal["BitstringStatusListEntry"] = "BitstringStatusListEntry"
    status_purpose: Literal["revocation"] = "revocation"
    status_list_index: str
    status_list_credential: str


class SchemaReference(_Term):
    """Against which schema it may be checked."""

    id: str = SCHEMA
    type: Literal["1EdTechJsonSchemaValidator2019"] = "1EdTechJsonSchemaValidator2019"


class Proof(_Term):
    """The signature."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-rdfc-2022"]
    created: str
    verification_method: str
    proof_purpose: Literal["assertionMethod"]
    proof_value: str


class Credential(_Term):
    """An achievement credential."""

    context: tuple[str, ...] = Field((VC, OPEN_BADGES, EXTENSIONS), alias="@context")
    id: str
    type: tuple[str, ...] = ("VerifiableCredential", "AchievementCredential")
    name: str
    issuer: Profile
    valid_from: Moment
    valid_until: Moment | None = None
    credential_subject: Subject
    credential_status: StatusEntry
    credential_schema: tuple[SchemaReference, ...] = (SchemaReference(),)
    proof: tuple[Proof] | Proof | None = None
    """In a list since the schema asks for it; those of before stay as they were signed."""

    def document(self) -> JsonObject:
        """It as JSON-LD."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a certificate's credential is made of."""

    certificate_id: UUID
    course_id: UUID
    version: int
    course_title: str
    description: str
    criteria: str
    language: str | None
    skills: tuple[str, ...]
    issuer_name: str
    issued_at: datetime
    expires_at: datetime | None
    email: str | None
    public_url: str
    place: int
    website: str | None = None
    """The issuer's own."""


def credential_of(issued: Issued, *, issuer: str, subject: UUID, salt: str) -> Credential:
    """The credential of a certificate, unsigned."""
    base = issued.public_url
    number, index = list_and_index(issued.place)
    return Credential(
        id=credential_address(base, issued.certificate_id),
        name=issued.course_title,
        issuer=Profile(id=issuer, name=issued.issuer_name, url=issued.website or base),
        valid_from=issued.issued_at,
        valid_until=issued.expires_at,
        credential_subject=Subject(
            id=subject.urn,
            identifier=(_identifier(issued.email, salt),) if issued.email else None,
            achievement=Achievement(
                id=f"{base}/achievements/{issued.course_id}/{issued.version}/",
                name=issued.course_title,
                description=issued.description or issued.course_title,
                criteria=Criteria(narrative=issued.criteria),
                in_language=issued.language,
                tag=issued.skills or None,
            ),
        ),
        credential_status=StatusEntry(
            id=f"{list_address(base, number)}#{index}",
            status_list_index=str(index),
            status_list_credential=list_address(base, number),
        ),
    )


def _identifier(email: str, salt: str) -> IdentityObject:
    digest = hashlib.sha256(f"{email}{salt}".encode()).hexdigest()
    return IdentityObject(identity_hash=f"sha256${digest}", salt=salt)


def credential_address(public_url: str, certificate_id: UUID) -> str:
    """Where a certificate's credential is."""
    return f"{public_url}/api/certificates/{certificate_id}/credential/"


def list_address(public_url: str, number: int) -> str:
    """Where a status list is."""
    return f"{public_url}/status/{number}/"


def list_and_index(place: int) -> tuple[int, int]:
    """The list, from 1, in which a place is, and the place's index there."""
    return place // LIST_BITS + 1, place % LIST_BITS


def status_list(
    public_url: str, number: int, bits: bytes, *, issuer: str, valid_from: datetime
) -> JsonObject:
    """A status list as an unsigned credential: one bit for each place, set where the credential no longer holds."""
    address = list_address(public_url, number)
    encoded = urlsafe_b64encode(gzip.compress(bits, mtime=0)).rstrip(b"=").decode()
    return {
        "@context": [VC],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": f"{valid_from.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{encoded}",
        },
    }


def with_bits(bits: bytes, indexes: frozenset[int]) -> bytes:
    """The bits with those at these indexes set; index 0 is the first byte's highest bit."""
    changed = bytearray(bits)
    for index in indexes:
        changed[index // 8] |= 0x80 >> index % 8
    return bytes(changed)


def achievement_document(credential: Credential) -> JsonObject:
    """What the credential says was achieved, as a document of its own."""
    achievement = credential.credential_subject.achievement.model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    return {"@context": [VC, OPEN_BADGES], **achievement}
