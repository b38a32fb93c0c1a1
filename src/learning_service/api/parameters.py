"""What a route reads of its request: ids in the path, the body, the page of a list."""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from learning_service.api.bodies import LARGE, SMALL, JsonBody, refuse_unknown_parameters
from learning_service.api.requests import Caller, Session
from learning_service.context import context_of
from learning_service.domain.directory.queries.members import is_member
from learning_service.domain.kernel.errors import Invalid, NotAMember, NotFound
from learning_service.domain.kernel.paging import Cursors, PageRequest, read_page
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM
from learning_service.schemas.common import NothingIn
from learning_service.schemas.filters import word_filter


def path_id(text: str) -> uuid.UUID:
    """The UUID in a path. Anything else names nothing that exists: raises NotFound."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        raise NotFound from None
    if str(parsed) != text.lower():
        raise NotFound
    return parsed


MAX_VERSION_DIGITS = 9
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def version_number(text: str) -> int | None:
    """A version's number, if the text can be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_VERSION_DIGITS):
        return None
    return int(text)


async def _path_number(number: str) -> int:
    found = version_number(number)
    if found is None:
        raise NotFound
    return found


VersionNumber = Annotated[int, Depends(_path_number)]
"""The number of a version in the path. What none can be is not there."""


async def _path_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise NotFound
    return key


PathKey = Annotated[str, Depends(_path_key)]
"""What names a question in the path. What none can be is not there."""


def body(type_: Any, *, limit: int = SMALL, **options: Any) -> Any:
    """The request's JSON body as this type. See `JsonBody`."""
    return Depends(JsonBody(type_, limit=limit, **options))


NoBody = Annotated[None, body(NothingIn, optional=True)]
"""A call that needs no body takes `{}` as well."""


def large_body(type_: Any, **options: Any) -> Any:
    """The same for trees, batches and events."""
    return body(type_, limit=LARGE, **options)


class Page:
    """Reads `limit`, `cursor` and the filters of a list; refuses every other parameter.

    Filters are `free`, or have the `words` that they may be.
    """

    def __init__(self, list_name: str, *free: str, key_parts: int = 1, **words: Iterable[str]) -> None:
        self.list_name = list_name
        self.filters = frozenset((*free, *words))
        self.query_names = self.filters | {"limit", "cursor"}
        self.words = {name: tuple(known) for name, known in words.items()}
        self.key_parts = key_parts

    async def __call__(self, request: Request, caller: Caller) -> PageRequest:
        """The requested page. Raises Invalid."""
        refuse_unknown_parameters(request, self.query_names)
        query = dict(request.query_params)
        filters = {name: value for name, value in sorted(query.items()) if name in self.filters}
        cursors = cursors_of(request, caller, self.list_name, filters)
        asked = read_page(query, cursors=cursors, filters=filters, key_parts=self.parts(filters))
        for name, words in self.words.items():
            word_filter(asked, name, words)
        return asked

    def parts(self, filters: Mapping[str, str]) -> int:
        """How many parts the list's sort key has, so filtered."""
        return self.key_parts


def cursors_of(
    request: Request, caller: Principal, list_name: str, filters: Mapping[str, str] | None = None
) -> Cursors:
    """The cursors of the list that this request asks for, in the caller's organization."""
    context = context_of(request.scope)
    scope = json.dumps(
        [list_name, caller.organization_id, sorted(request.path_params.items()), filters or {}]
    )
    return Cursors(context.cursor_keys, scope)


def page(list_name: str, *free: str, key_parts: int = 1, **words: Iterable[str]) -> Any:
    """The requested page of the named list. See `Page`."""
    return Depends(Page(list_name, *free, key_parts=key_parts, **words))


class PathOpaqueId:
    """Reads a path parameter as an id made elsewhere. Raises Invalid for what no id can be."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request, caller: Caller) -> str:
        """The id. Raises Invalid."""
        value: str = request.path_params[self.name]
        if not OPAQUE_ID.match(value):
            raise Invalid.at(f"/{self.name}", OPAQUE_ID_FORM, "wrong-form")
        return value


class PathFoundId(PathOpaqueId):
    """The same where the call finds what is there already: what no id can be is not there."""

    async def __call__(self, request: Request, caller: Caller) -> str:
        """The id. Raises NotFound."""
        value: str = request.path_params[self.name]
        if not OPAQUE_ID.match(value):
            raise NotFound
        return value


def path_opaque_id(name: str, *, finds: bool = False) -> Any:
    """The path parameter of this name as an id made elsewhere.

    Raises Invalid for what no id can be; where the call `finds` what is there already, NotFound.
    """
    return Depends(PathFoundId(name) if finds else PathOpaqueId(name))


class MemberPage(Page):
    """The same for a list whose own statement finds out whether the caller is a member.

    Only callers who may make the request learn what is wrong with the query.
    """

    async def __call__(  # type: ignore[override]
        self, request: Request, caller: Caller, session: Session
    ) -> PageRequest:
        """The requested page. Raises NotAMember, Invalid."""
        try:
            return await super().__call__(request, caller)
        except Invalid:
            if not caller.is_any_admin and not await is_member(session, caller):
                raise NotAMember from None
            raise
