"""What members choose for themselves, and the address in a mail that ends its kind."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body
from learning_service.api.permissions import Anyone, IsMember
from learning_service.api.requests import ContextOf, Session
from learning_service.api.unsubscribe_page import PAGE_HEADERS, State, render_unsubscribe_page
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.preferences.actions import change_preferences, unsubscribe
from learning_service.domain.preferences.queries import own_preferences
from learning_service.domain.preferences.rules import (
    UNSUBSCRIBING,
    PreferencesChangeIn,
    read_unsubscribe_token,
)
from learning_service.schemas.preferences import PreferencesOut

router = APIRouter(tags=["members"], route_class=KeyedRoute)
Member = Annotated[Principal, Depends(IsMember())]
PUBLIC = [Depends(Anyone())]
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"description": "A page that says so", "content": {"text/html": {}}}
}


@router.get("/api/users/preferences/")
async def read_preferences(caller: Member, session: Session) -> PreferencesOut:
    """One's own preferences, defaults filled in."""
    return PreferencesOut.model_validate(await own_preferences(session, caller))


@router.patch("/api/users/preferences/")
async def update_preferences(
    caller: Member, session: Session, sent: Annotated[PreferencesChangeIn, body(PreferencesChangeIn)]
) -> PreferencesOut:
    """Change what is sent. A language is one's preference, else the directory's, the organization's, English."""
    await change_preferences(session, sent, actor=caller)
    return PreferencesOut.model_validate(await own_preferences(session, caller))


@router.get("/unsubscribe/{token}/", dependencies=PUBLIC, response_class=HTMLResponse, responses=UNKNOWN)
async def show_unsubscribe_page(token: str, request: Request, context: ContextOf) -> Response:
    """A page with one button, which ends mails of the kind that the token names. Nothing is changed yet."""
    try:
        read_unsubscribe_token(token, context.settings.keys_for(UNSUBSCRIBING))
    except NotFound:
        return _page(request, "unknown")
    return _page(request, "asked")


@router.post("/unsubscribe/{token}/", dependencies=PUBLIC, response_class=HTMLResponse, responses=UNKNOWN)
async def end_mails(token: str, request: Request, context: ContextOf) -> Response:
    """End mails of the kind that the token names (RFC 8058). Whoever has the mail may do so, again and again."""
    try:
        ending = read_unsubscribe_token(token, context.settings.keys_for(UNSUBSCRIBING))
        async with context.transaction(ending.organization_id) as session:
            await unsubscribe(session, ending)
    except NotFound:
        return _page(request, "unknown")
    return _page(request, "ended")


def _page(request: Request, state: State) -> Response:
    html, spoken = render_unsubscribe_page(state, accept_language=request.headers.get("accept-language"))
    status = 404 if state == "unknown" else 200
    return HTMLResponse(html, status, headers={**PAGE_HEADERS, "Content-Language": spoken})
