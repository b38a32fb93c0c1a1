"""Membership events: what they look like, and what each changes. Pure.

Source: the contract, "Directory". Status, chapter and every custom field remember the event that last set them,
so that events may come in any order, doubled and late, and a member still ends the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag

from learning_service.domain.directory.rules.facts import CustomFields
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import (
    CleanText,
    Instant,
    JsonObject,
    OpaqueId,
    StrictModel,
    Word,
    some,
)

MAX_EVENTS = 1000
AHEAD = timedelta(minutes=5)
"""How far a sender's clock may run before ours."""
STATUS, CHAPTER, CUSTOM = "status", "chapter_id", "custom_fields."
"""How changes name the fields of a member; the last is before a custom field's name."""
_PLAIN = re.compile(r"[^\s\x00-\x1f\x7f]+")
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)


def _plain(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise Wrong("must not contain spaces or control characters", "wrong-form")
    return text


def _json_type(text: str) -> str:
    if not _JSON_TYPE.fullmatch(text):
        raise Wrong("must be a JSON type: the data is JSON", "wrong-form")
    return text


Reference = Annotated[CleanText, Field(min_length=1, max_length=1024), AfterValidator(_plain)]
Attribute = Annotated[CleanText, Field(max_length=1024)] | bool | int | None


class MembershipData(StrictModel):
    """What the event says: the status that the member has now, and what else changed with it."""

    status: Word
    """The membership's state now, in the directory's own words."""
    previous_status: Word | None = None
    """For people who read events; a status follows from its event's time alone."""
    chapter_id: OpaqueId | None = None
    custom_fields: CustomFields | None = None
    """Merged key by key; null is a value like any other."""


class MembershipEventIn(StrictModel):
    """A CloudEvents 1.0 event in JSON format.

    Beside the attributes of the specification it may carry those of its documented extensions; they are not used.
    Other names are refused, so that a misspelt one is not lost.
    """

    specversion: Literal["1.0"]
    type: Literal["membership.status_changed"]
    """What happened."""
    id: Annotated[CleanText, Field(min_length=1, max_length=256)]
    """The event's; with `source` it makes a second one a duplicate."""
    source: Reference
    """The service that sends it."""
    time: Instant
    """When it happened: of two events the later one counts."""
    subject: OpaqueId
    """The member's user id."""
    data: MembershipData
    datacontenttype: Annotated[CleanText, Field(max_length=256), AfterValidator(_json_type)] | None = None
    dataschema: Reference | None = None
    """Not used; allowed as the specification has it."""
    traceparent: Attribute = None
    """Not used; of the extension for tracing."""
    tracestate: Attribute = None
    """Not used; of the extension for tracing."""
    partitionkey: Attribute = None
    """Not used; of the extension for partitions."""
    sequence: Attribute = None
    """Not used; of the extension for sequences."""
    sequencetype: Attribute = None
    """Not used; of the extension for sequences."""
    sampledrate: Attribute = None
    """Not used; of the extension for sampling."""
    correlationid: Attribute = None
    """Not used; of the extension for correlation."""
    causationid: Attribute = None
    """Not used; of the extension for correlation."""
    recordedtime: Attribute = None
    """Not used; of the extension for recorded times."""
    expirytime: Attribute = None
    """Not used; of the extension for expiry."""
    authtype: Attribute = None
    """Not used; of the extension for who caused it."""
    authid: Attribute = None
    """Not used; of the extension for who caused it."""


def _shape(value: Any) -> str:
    return "many" if isinstance(value, list | tuple) else "one"


MembershipEvents: TypeAlias = Annotated[
    Annotated[MembershipEventIn, Tag("one")]
    | Annotated[tuple[MembershipEventIn, ...], *some(MAX_EVENTS), Tag("many")],
    Discriminator(_shape),
]
"""One event, or a list of them."""


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """Which event set something. The later one wins; the source decides only where time and id are the same."""

    time: datetime
    event_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """Which event last set what; absent where only PUT and batch did."""

    status: Stamp | None = None
    chapter_id: Stamp | None = None
    custom_fields: Mapping[str, Stamp] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemberState:
    """What events can change of a member."""

    status: str
    chapter_id: str
    custom_fields: JsonObject
    clocks: Clocks


def apply_event(state: MemberState, stamp: Stamp, data: MembershipData) -> MemberState | None:
    """The state with everything that the event is later for; None when it is later for nothing."""
    clocks = state.clocks
    status, chapter_id = state.status, state.chapter_id
    status_clock, chapter_clock = clocks.status, clocks.chapter_id
    if status_clock is None or stamp > status_clock:
        status, status_clock = data.status, stamp
    if data.chapter_id is not None and (chapter_clock is None or stamp > chapter_clock):
        chapter_id, chapter_clock = data.chapter_id, stamp
    newer = {
        name: value
        for name, value in (data.custom_fields or {}).items()
        if name not in clocks.custom_fields or stamp > clocks.custom_fields[name]
    }
    if status_clock is clocks.status and chapter_clock is clocks.chapter_id and not newer:
        return None
    return MemberState(
        status=status,
        chapter_id=chapter_id,
        custom_fields={**state.custom_fields, **newer},
        clocks=Clocks(status_clock, chapter_clock, {**clocks.custom_fields, **dict.fromkeys(newer, stamp)}),
    )


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a member has another value from then on. Values are lists of one, or of none where it is absent."""

    user_id: str
    field: str
    at: datetime
    was: list[Any]
    value: list[Any]
    until: datetime | None = None
    """Of what came late: when an event that came before it had said how the field is from then on."""


def told_changes(
    user_id: str,
    first: MemberState,
    state: MemberState,
    stamp: Stamp,
    data: MembershipData,
    *,
    alone: bool = True,
) -> Iterator[FieldChange]:
    """What an event about a member in that state says of the past; `first`: the state before all events of the call.

    Also what is late and changes nothing now was so for a while. What an event only repeats is left out where it came
    alone: of the events of one call an earlier one may follow it.
    """
    clocks = state.clocks
    told: list[tuple[str, Stamp | None, list[Any]]] = [(STATUS, clocks.status, [data.status])]
    if data.chapter_id is not None:
        told.append((CHAPTER, clocks.chapter_id, [data.chapter_id]))
    for name, value in (data.custom_fields or {}).items():
        told.append((CUSTOM + name, clocks.custom_fields.get(name), [value]))
    before, known = fields_of(first), fields_of(state)
    for field_name, clock, value in told:
        until = clock.time if clock is not None and stamp < clock else None
        if until is not None or known.get(field_name, []) != value or not alone:
            yield FieldChange(user_id, field_name, stamp.time, before.get(field_name, []), value, until)


def fields_of(state: MemberState) -> dict[str, list[Any]]:
    """The fields that have a history, as `FieldChange` names them and has their values."""
    custom = {CUSTOM + name: [value] for name, value in state.custom_fields.items()}
    return {STATUS: [state.status], CHAPTER: [state.chapter_id], **custom}


def written_changes(
    user_id: str, before: MemberState, after: MemberState, at: datetime
) -> Iterator[FieldChange]:
    """What a write that knows no earlier time changes."""
    old, new = fields_of(before), fields_of(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name, []) != new.get(name, []):
            yield FieldChange(user_id, name, at, old.get(name, []), new.get(name, []))


def dump_clocks(clocks: Clocks) -> JsonObject:
    """Clocks as plain JSON values."""
    return {
        "status": _dump(clocks.status),
        "chapter_id": _dump(clocks.chapter_id),
        "custom_fields": {name: _dump(stamp) for name, stamp in clocks.custom_fields.items()},
    }


def load_clocks(stored: JsonObject) -> Clocks:
    """Clocks from what `dump_clocks` made, or from nothing."""
    fields = {name: _load(stamp) for name, stamp in stored.get("custom_fields", {}).items()}
    return Clocks(
        _load(stored.get("status")),
        _load(stored.get("chapter_id")),
        {name: stamp for name, stamp in fields.items() if stamp is not None},
    )


def _dump(stamp: Stamp | None) -> list[str] | None:
    return None if stamp is None else [stamp.time.isoformat(), stamp.event_id, stamp.source]


def _load(stored: list[str] | None) -> Stamp | None:
    return None if stored is None else Stamp(datetime.fromisoformat(stored[0]), stored[1], stored[2])
