"""Who has signed which attestation: lists for administrators, newest first."""

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, CourseVersion, Lesson
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.audience import reach_values, within_units
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.enrollments.models import AttestationSignature
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import looked_up, of_many
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, kept

KEY_PARTS = 4
_Of = TypeVar("_Of")


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature as administrators see it."""

    enrollment_id: uuid.UUID
    attestation_key: str
    text_hash: str
    user_id: str
    display_name: str | None
    chapter_id: str
    chapter_name: str
    course_id: uuid.UUID
    course_title: str
    attestation_title: str | None
    """As it was called in that version."""
    version: int | None
    """The version of the course in which the text was signed: the last one before that had it. None: none did."""
    typed_name: str | None
    signed_at: datetime
    outdated: bool
    """Whether the version published now has another text, or the attestation no more."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its place in the list."""
        return self.signed_at.isoformat(), str(self.enrollment_id), self.attestation_key, self.text_hash


@dataclass(frozen=True, slots=True)
class SignatureFilter:
    """Which signatures are wanted; None: whatever."""

    user_id: str | None = None
    course_id: uuid.UUID | None = None
    chapter_id: str | None = None
    region_id: str | None = None
    outdated: bool | None = None


@dataclass(frozen=True, slots=True)
class _Text:
    """An attestation as a version has it."""

    title: str
    version: int
    published_at: datetime


_Texts = Mapping[tuple[uuid.UUID, str, str], Sequence[_Text]]
"""By course, key and hash of the text; the newest version first."""


async def list_signatures(
    session: AsyncSession, organization_id: str, reach: Reach, page: PageRequest, wanted: SignatureFilter
) -> Sequence[SignatureView]:
    """Signatures of members within the reach, newest first; one more than the page holds. Two statements.

    Walks `ix_attestation_signatures_newest` from its end.
    """
    named = {name: getattr(wanted, name) for name in _FILTERS if getattr(wanted, name) is not None}
    given = {
        "organization_id": organization_id,
        "limit": page.limit + 1,
        **reach_values(reach),
        **named,
    }
    if page.after is not None:
        at, enrollment_id, key, text_hash = page.after
        given |= {
            "at": datetime.fromisoformat(at),
            "after": uuid.UUID(enrollment_id),
            "key": key,
            "text_hash": text_hash,
        }
    read = _listed(reach.national, frozenset(named), wanted.outdated, page.after is not None)
    rows = await fetch(session, read, given)
    texts = await _texts(session, organization_id, {row.course_id for row in rows})
    return [_view(row, texts) for row in rows]


def _of_mine(model: type[_Of], name: str, *key: ColumnElement[bool]) -> type[_Of]:
    same: Any = model
    return looked_up(model, name, of_many(same.organization_id, AttestationSignature.organization_id), *key)


# Found anew for each signature: joined, all that the organization has signed would be read for a page of it.
_MEMBER = _of_mine(Member, "learner", Member.user_id == AttestationSignature.user_id)
_CHAPTER = _of_mine(Chapter, "chapter", Chapter.id == _MEMBER.chapter_id)
_COURSE = _of_mine(Course, "course", Course.id == AttestationSignature.course_id)
_VERSION = _of_mine(CourseVersion, "version", CourseVersion.id == _COURSE.published_version_id)
_FILTERS: Mapping[str, Any] = {
    "user_id": AttestationSignature.user_id,
    "course_id": AttestationSignature.course_id,
    "chapter_id": _MEMBER.chapter_id,
    "region_id": _CHAPTER.region_id,
}


@lru_cache(maxsize=128)
def _listed(national: bool, named: frozenset[str], outdated: bool | None, after: bool) -> Kept:
    mine = AttestationSignature
    order = (mine.signed_at, mine.enrollment_id, mine.key, mine.text_hash)
    statement = _rows().where(
        *(column == bindparam(name, type_=column.type) for name, column in _FILTERS.items() if name in named)
    )
    if not national:
        statement = statement.where(within_units(_MEMBER.chapter_id, chapters=True))
    if outdated is not None:
        statement = statement.where(_OUTDATED if outdated else ~_OUTDATED)
    if after:
        last = (
            bindparam("at", type_=DateTime(timezone=True)),
            bindparam("after", type_=Uuid()),
            bindparam("key", type_=Text()),
            bindparam("text_hash", type_=Text()),
        )
        statement = statement.where(tuple_(*order) < tuple_(*last))
    return kept(statement.order_by(*(one.desc() for one in order)).limit(LIMIT))


_HASH = func.encode(func.sha256(func.convert_to(Lesson.body_html, "UTF8")), "hex")
_OUTDATED: ColumnElement[bool] = ~exists(
    select(Lesson.id)
    .where(
        Lesson.organization_id == AttestationSignature.organization_id,
        Lesson.version_id == _COURSE.published_version_id,
        Lesson.key == AttestationSignature.key,
        Lesson.kind == "attestation",
        AttestationSignature.text_hash == _HASH,
    )
    .correlate(AttestationSignature, _COURSE)
)


def _rows() -> Any:
    mine = AttestationSignature
    return (
        select(
            mine.enrollment_id,
            mine.key,
            mine.text_hash,
            mine.user_id,
            _MEMBER.display_name,
            _MEMBER.chapter_id,
            _CHAPTER.name.label("chapter_name"),
            mine.course_id,
            _VERSION.title.label("course_title"),
            mine.typed_name,
            mine.signed_at,
            _OUTDATED.label("outdated"),
        )
        .select_from(mine)
        .join(_MEMBER, true())
        .join(_CHAPTER, true())
        .join(_COURSE, true())
        .join(_VERSION, true())
        .where(mine.organization_id == ORGANIZATION_ID, _MEMBER.erased_at.is_(None))
    )


async def _texts(session: AsyncSession, organization_id: str, course_ids: Collection[uuid.UUID]) -> _Texts:
    """What the published versions of these courses let sign."""
    if not course_ids:
        return {}
    given = {"organization_id": organization_id, "courses": sorted(course_ids)}
    found: dict[tuple[uuid.UUID, str, str], list[_Text]] = {}
    for course_id, key, html, title, number, published_at in await fetch(session, _signed(), given):
        text_hash = hashlib.sha256(html.encode()).hexdigest()
        found.setdefault((course_id, key, text_hash), []).append(_Text(title, number, published_at))
    return found


@cache
def _signed() -> Kept:
    return kept(
        select(
            CourseVersion.course_id,
            Lesson.key,
            Lesson.body_html,
            Lesson.title,
            CourseVersion.number,
            CourseVersion.published_at,
        )
        .join(
            Lesson,
            and_(
                Lesson.organization_id == CourseVersion.organization_id, Lesson.version_id == CourseVersion.id
            ),
        )
        .where(
            CourseVersion.organization_id == ORGANIZATION_ID,
            CourseVersion.course_id == any_(bindparam("courses", type_=ARRAY(Uuid()))),
            CourseVersion.published_at.is_not(None),
            Lesson.kind == "attestation",
        )
        .order_by(CourseVersion.number.desc())
    )


def _view(row: Any, texts: _Texts) -> SignatureView:
    having = texts.get((row.course_id, row.key, row.text_hash), ())
    before = next((one for one in having if one.published_at <= row.signed_at), None)
    return SignatureView(
        enrollment_id=row.enrollment_id,
        attestation_key=row.key,
        text_hash=row.text_hash,
        user_id=row.user_id,
        display_name=row.display_name,
        chapter_id=row.chapter_id,
        chapter_name=row.chapter_name,
        course_id=row.course_id,
        course_title=row.course_title,
        attestation_title=None if before is None else before.title,
        version=None if before is None else before.version,
        typed_name=row.typed_name,
        signed_at=row.signed_at,
        outdated=row.outdated,
    )
