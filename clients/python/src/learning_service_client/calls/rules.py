"""Rules that assign courses, and their runs."""

from collections.abc import AsyncIterator
from typing import cast

from learning_service_client.parts import Id, uuid_of
from learning_service_client.shapes.enrollments import StartedRunOut
from learning_service_client.shapes.rules import PreviewOut, RuleChangeIn, RuleIn, RuleOut, RunOut
from learning_service_client.transport import Transport


class RuleCalls(Transport):
    """Rules that assign courses, and their runs."""

    def list_assignment_rules(self, *, limit: int | None = None) -> AsyncIterator[RuleOut]:
        """Rules that reach the caller's members, newest first."""
        return self._pages(RuleOut, "/api/assignment-rules/", limit=limit)

    async def create_assignment_rule(self, wanted: RuleIn) -> RuleOut:
        """Make a rule."""
        return await self._post(RuleOut, "/api/assignment-rules/", wanted)

    async def read_assignment_run(self, run_id: Id) -> RunOut:
        """What a run did so far."""
        return await self._get(RunOut, f"/api/assignment-rules/runs/{uuid_of(run_id)}/")

    async def undo_assignment_run(self, run_id: Id) -> RunOut:
        """Undo a run: remove its enrollments that have not been begun, many of them in the background."""
        return await self._post(RunOut, f"/api/assignment-rules/runs/{uuid_of(run_id)}/undo/")

    async def read_assignment_rule(self, rule_id: Id) -> RuleOut:
        """One rule."""
        return await self._get(RuleOut, f"/api/assignment-rules/{uuid_of(rule_id)}/")

    async def update_assignment_rule(self, rule_id: Id, changes: RuleChangeIn) -> RuleOut:
        """Change a rule."""
        answer = await self._send("PATCH", f"/api/assignment-rules/{uuid_of(rule_id)}/", body=changes)
        return cast(RuleOut, answer.json())

    async def delete_assignment_rule(self, rule_id: Id) -> None:
        """Take a rule out of use."""
        await self._send("DELETE", f"/api/assignment-rules/{uuid_of(rule_id)}/")

    async def preview_assignment_rule(self, rule_id: Id) -> PreviewOut:
        """What a run of the rule would do now to the members whom the caller administers; changes nothing."""
        return await self._post(PreviewOut, f"/api/assignment-rules/{uuid_of(rule_id)}/preview/")

    async def run_assignment_rule(self, rule_id: Id) -> StartedRunOut:
        """Run a rule for those who match now, whatever else sets it off, in the background."""
        return await self._post(StartedRunOut, f"/api/assignment-rules/{uuid_of(rule_id)}/run/")

    def list_assignment_runs(self, rule_id: Id, *, limit: int | None = None) -> AsyncIterator[RunOut]:
        """The runs of a rule, newest first."""
        return self._pages(RunOut, f"/api/assignment-rules/{uuid_of(rule_id)}/runs/", limit=limit)
