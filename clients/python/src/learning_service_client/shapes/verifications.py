"""Certificates many at once."""

from typing import Literal, TypedDict

from learning_service_client.shapes.certificates import VerificationOut


class UnknownCertificateOut(TypedDict):
    """No certificate has this id."""

    certificate_id: str
    status: Literal["unknown"]


class VerificationsOut(TypedDict):
    """The states of many certificates, in the order of their ids."""

    items: list[VerificationOut | UnknownCertificateOut]


class CheckOut(TypedDict):
    """What a file is, and the certificate that it is or names."""

    result: Literal["genuine", "altered", "not-ours", "unreadable"]
    certificate: VerificationOut | None
