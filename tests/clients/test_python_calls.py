"""The Python client's calls by subject, against the running service: each answers as its shape says."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.browser import address
from tests.kit.documents import pdf
from tests.kit.world import World, choice, small_tree

from learning_service_client import LearningClient, Problem

__all__ = ["address"]


def has(answer: Mapping[str, Any], *names: str) -> None:
    assert set(names) <= set(answer)


async def first(items: Any) -> Any:
    return await anext(items)


async def test_the_directory(world: World, address: str) -> None:
    async with (
        LearningClient(address, token=world.directory.token) as push,
        LearningClient(address, token=world.admin.token) as admin,
    ):
        has(await push.put_organization(world.id, {"name": "Beta", "timezone": "UTC"}), "id")
        has(await push.put_region("west", {"organization_id": world.id, "name": "West"}), "id")
        has(await push.put_chapter("w1", {"region_id": "west", "name": "West 1"}), "id")
        member = {"chapter_id": "w1", "status": "active", "display_name": "Wes", "custom_fields": {"year": 3}}
        has(await push.put_member("wes", {**member, "email": None}), "user_id")  # type: ignore[typeddict-item]
        batch = await push.put_members({"members": [{"user_id": "wes", **member, "email": None}]})  # type: ignore[typeddict-item]
        assert (batch["created"], batch["unchanged"]) == (0, 1)
        event: Any = {
            "specversion": "1.0",
            "type": "membership.status_changed",
            "id": "1",
            "source": "/test",
            "time": "2026-01-01T00:00:00Z",
            "subject": "wes",
            "data": {"status": "alumni"},
        }
        assert (await push.receive_events([event]))["accepted"] == 1
        has(await push.put_requirement("r", {"organization_id": world.id, "name": "R"}), "id")
        assert [one["id"] async for one in admin.list_regions()] == ["north", "south", "west"]
        assert [one["id"] async for one in admin.list_chapters(region_id="west")] == ["w1"]
        assert [one["user_id"] async for one in admin.list_members(q="wes")] == ["wes"]
        assert (await admin.read_member("wes"))["status"] == "alumni"
        assert "alumni" in (await admin.read_member_facets())["statuses"]
        await push.erase_member("wes")
        with pytest.raises(Problem):
            await admin.read_member("wes")
        await push.retire_requirement("r")
        await push.close_chapter("w1")
        await push.close_region("west")
        assert [one["id"] async for one in admin.list_regions()] == ["north", "south"]
        has(await admin.update_organization({"signatory_name": "Ada"}), "signatory_name")
        assert (await admin.read_organization())["signatory_name"] == "Ada"


async def test_authors(world: World, address: str) -> None:
    course = (await world.course(small_tree()))["id"]
    async with LearningClient(address, token=world.admin.token) as author:
        changed = await author.update_course(course, {"category": "Safety"})
        has(changed, "category")
        assert [one["category"] async for one in author.list_categories()] == ["Safety"]
        draft = await author.read_draft(course)
        has(
            await author.patch_draft(
                course, [{"op": "replace", "path": "/title", "value": "New"}], etag=draft.etag
            ),
            "title",
        )
        assert (await author.read_version(course, 2))["title"] == "New"
        assert [one["number"] async for one in author.list_versions(course)] == [2, 1]
        has(await author.compare_versions(course, 2, against="1"), "changes")
        draft = await author.read_draft(course)
        has(await author.restore_version(course, 1, etag=draft.etag), "title")
        has(await author.read_version_statistics(course, 1), "quizzes")
        report = await author.import_into_draft(course, b"Is it? {T}", name="q.gift", dry_run=True)
        assert report["accepted"] == 1
        assert b"Which?" in await author.export_version(course, 1, format_="gift")
        assert (await author.export_version(course, 1, format_="qti-2.1"))[:2] == b"PK"
        copy = (await author.duplicate_course(course))["id"]
        await author.delete_course(copy)
        assert (await author.archive_course(course))["archived"]
        assert not (await author.unarchive_course(course))["archived"]
        await author.designate_grader(course, "bob")
        assert [one["user_id"] async for one in author.list_graders(course)] == ["bob"]
        await author.dismiss_grader(course, "bob")


async def test_administrators_of_enrollments(world: World, address: str) -> None:
    tree = small_tree()
    course = (await world.course(tree))["id"]
    later = datetime.now(UTC) + timedelta(days=9)
    async with LearningClient(address, token=world.admin.token) as admin:
        file = f"user_id,course_id,due_at\nana,{course},\nbob,{course},\ncyd,{course},\n".encode()
        assert (await admin.import_rows(file, kind="assignments", name="rows.csv"))["accepted"] == 3
        ids = {one["user_id"]: one["id"] async for one in admin.list_enrollments(course_id=course)}
        has(await admin.update_enrollment(ids["ana"], {"due_at": later.isoformat()}), "due_at")
        has(await admin.read_enrollment(ids["ana"]), "status")
        has(await admin.explain_enrollment(ids["ana"]), "sources")
        assert [one async for one in admin.list_attempts(ids["ana"])] == []
        quiz = (await world.member().ok("GET", f"/api/courses/{course}/modules/"))["assessment"]["id"]
        has(await admin.grant_attempts(ids["ana"], assessment_id=quiz, reason="Ill"), "id")
        done = await admin.change_enrollments({"action": "remind", "ids": [ids["bob"]]})
        assert done.get("done") == 1
        has(await admin.withdraw_enrollment(ids["bob"], reason="Left"), "withdrawn_at")
        await admin.delete_enrollment(ids["cyd"])
        rule = await admin.create_assignment_rule(
            {"course_id": course, "trigger": "manual", "audience_filter": {"chapters": ["s1"]}}
        )
        assert [one["id"] async for one in admin.list_assignment_rules()] == [rule["id"]]
        has(await admin.read_assignment_rule(rule["id"]), "trigger")
        assert not (await admin.update_assignment_rule(rule["id"], {"active": False}))["active"]
        await admin.update_assignment_rule(rule["id"], {"active": True})
        assert (await admin.preview_assignment_rule(rule["id"]))["would_assign"] == 1
        run = (await admin.run_assignment_rule(rule["id"]))["run_id"]
        await world.run_jobs()
        assert (await first(admin.list_assignment_runs(rule["id"])))["run_id"] == run
        has(await admin.read_assignment_run(run), "assigned")
        assert (await admin.read_run(run))["done"] == 1
        has(await admin.undo_assignment_run(run), "status")
        await admin.delete_assignment_rule(rule["id"])
        trail = [one["action"] async for one in admin.list_audit_entries(course_id=course, limit=200)]
        assert "assignment_rule.deleted" in trail


async def test_compliance_and_what_a_member_has(world: World, address: str) -> None:
    course = (await world.course(small_tree(), linked_compliance_requirement="hazing"))["id"]
    async with (
        LearningClient(address, token=world.admin.token) as admin,
        LearningClient(address, token=world.member().token) as ana,
    ):
        file = f"user_id,course_id,completed_on\nana,{course},2026-01-05\n".encode()
        await admin.import_rows(file, kind="completions", name="rows.csv")
        statuses = {one["user_id"]: one["status"] async for one in admin.list_compliance_statuses()}
        assert statuses["ana"] == "complete"
        assert (await admin.read_compliance_report(requirement_id="hazing"))["totals"]["complete"] == 1
        assert (await admin.read_course_report(course))["completed"] == 1
        assert [one["id"] async for one in admin.list_requirements()] == ["hazing"]
        has(await admin.update_requirement("hazing", {"audience_filter": {"status": ["active"]}}), "courses")
        has(await admin.read_requirement("hazing"), "linkable_by")
        assert [one["skill_id"] async for one in ana.list_my_skills()] == ["hazing-prevention"]
        assert [one["skills"] for one in (await ana.read_my_transcript())["items"]]
        assert [one async for one in ana.list_notifications(unread=True)] != []
        assert (await ana.mark_notifications_read(all=True))["unread"] == 0
        has(await ana.update_preferences({"locale": "fr"}), "locale")
        assert (await ana.read_preferences())["locale"] == "fr"
        assert (await ana.export_my_data())["user_id"] == "ana"
        certificate = (await first(ana.list_my_certificates()))["id"]
        verified = await admin.verify_certificates(ids=[certificate])
        assert [one["status"] for one in verified["items"]] == ["valid"]
        has(await admin.reissue_certificate(certificate, recipient_name="Ana B", reason="Married"), "id")


async def test_graders_files_and_services(world: World, address: str) -> None:
    course = await world.course(small_tree(assessment={"title": "F", "questions": [choice()]}))
    async with (
        LearningClient(address, token=world.admin.token) as admin,
        LearningClient(address, token=world.member().token) as ana,
    ):
        assert (await admin.read_grading_summary())["pending"] == 0
        assert await admin.claim_next_response() is None
        for found in (
            admin.list_pending_responses(),
            admin.list_grading_history(),
            admin.list_lost_passes(),
            admin.list_answer_groups(course_id=course["id"]),
        ):
            assert [one async for one in found] == []
        await ana.enroll_in_course(course["id"])
        modules = await ana.read_modules(course["id"])
        assert modules["assessment"]
        attempt = (await ana.start_assessment(modules["assessment"]["id"]))["attempt_id"]
        assert (await ana.read_attempt(attempt))["status"] == "in_progress"
        document = await admin.upload_document(pdf(), name="a.pdf")
        assert (await first(admin.list_documents()))["id"] == document["id"]
        await world.run_jobs()
        assert (await admin.read_document(document["id"]))["status"] == "ready"
        address_of = await admin.download_document(document["id"])
        assert address_of
        has(address_of, "url")
        feed = await admin.list_events(limit=1)
        has(feed, "next_cursor")
        hook = await admin.create_webhook(
            url="http://127.0.0.1:9/", event_types=["learning.course.completed"]
        )
        assert [one["id"] async for one in admin.list_webhooks()] == [hook["id"]]
        assert [one async for one in admin.list_deliveries(hook["id"])] == []
        has(await admin.rotate_webhook_secret(hook["id"]), "secret")
        has(await admin.enable_webhook(hook["id"]), "id")
        await admin.delete_webhook(hook["id"])
        has(await admin.check_health(), "status")
        has(await admin.check_readiness(), "status")
        assert "learning_" in await admin.read_metrics()
        has(await admin.read_jwks(), "keys")
        has(await admin.read_did_document(), "id")
