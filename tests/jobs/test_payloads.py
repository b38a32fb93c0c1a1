"""What jobs are told: one class for each job that is queued, whose rows the releases before and after read."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from learning_service.domain.jobs.payloads import (
    ApplyPolicy,
    AutoAssignCourses,
    ConvertDocument,
    EraseFiles,
    GenerateCertificates,
    Payload,
    PlanAssignmentMails,
    SendMails,
    SettleRule,
    TellOfDisabledWebhook,
    UndoAssignments,
    Unworkable,
)
from learning_service.worker.catalog import JOBS

ONE, TWO = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
ROWS: list[tuple[type[Payload], dict[str, Any]]] = [
    (GenerateCertificates, {"completion_id": ONE}),
    (GenerateCertificates, {"completion_id": ONE, "certificate_id": TWO}),
    (GenerateCertificates, {"certificate_id": TWO, "mark": "revoked"}),
    (ApplyPolicy, {"course_id": ONE, "requirement_id": None, "cadence": "annual"}),
    (AutoAssignCourses, {"cause_kind": "directory", "causes": {"ana": "x", "é": "y"}}),
    (ConvertDocument, {"document_id": ONE}),
    (EraseFiles, {"keys": ["a", "b"]}),
    (PlanAssignmentMails, {"moment": ONE}),
    (PlanAssignmentMails, {"moment": ONE, "course_id": TWO}),
    (SendMails, {"notice_ids": [ONE, TWO]}),
    (SendMails, {"evidence_ids": [ONE, TWO]}),
    (SettleRule, {"rule_id": ONE}),
    (UndoAssignments, {"run_id": ONE}),
    (UndoAssignments, {"run_id": ONE, "reach": {"national": False, "regions": ["n"], "chapters": []}}),
    (TellOfDisabledWebhook, {"webhook_id": ONE, "disabled_at": "2026-11-29T12:00:00.000001Z"}),
]


def payloads(of: type[Payload] = Payload) -> Iterator[type[Payload]]:
    for each in of.__subclasses__():
        yield each
        yield from payloads(each)


def test_each_job_that_is_queued_has_one_payload_and_waits_where_a_worker_looks() -> None:
    told = [(each.queue, each.name) for each in payloads()]
    assert sorted(told) == sorted((queue, name) for queue, jobs in JOBS.items() for name in jobs)


@pytest.mark.parametrize(("kind", "arguments"), ROWS)
def test_a_row_keeps_the_form_that_the_release_before_reads(kind: type[Payload], arguments: Any) -> None:
    assert kind.read(arguments).arguments == arguments


def test_what_a_later_release_says_beside_is_passed_over_and_not_written() -> None:
    told = GenerateCertificates.read({"completion_id": ONE, "since": 5})
    assert (told.completion_id, told.arguments) == (uuid.UUID(ONE), {"completion_id": ONE})


@pytest.mark.parametrize("arguments", [{}, {"document_id": None}, {"document_id": "x"}, [], None, "x"])
def test_a_row_that_does_not_say_what_it_must_is_hopeless(arguments: Any) -> None:
    with pytest.raises(Unworkable, match="arguments of convert_document"):
        ConvertDocument.read(arguments)
