"""Runs: what was too much for one call, and is done in the background."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import CanFollowRun
from learning_service.domain.completion.queries.runs import RunProgress
from learning_service.schemas.runs import RunProgressOut

router = APIRouter(prefix="/api/runs", tags=["enrollments"], route_class=KeyedRoute)


@router.get("/{run_id}/")
async def read_run(run: Annotated[RunProgress, Depends(CanFollowRun())]) -> RunProgressOut:
    """What a run did so far: an assignment to a large audience, a rule's run, or a change of many enrollments."""
    return RunProgressOut.model_validate(run)
