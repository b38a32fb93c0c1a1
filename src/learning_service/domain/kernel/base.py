"""What every table shares: the declarative base, constraint names, column types and new ids."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

import uuid_utils.compat
from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

Columns: TypeAlias = dict[str, Any]
"""Values of a row by column, for an insert or update."""
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables. Text, times with zone and exact numbers are the defaults for their Python types."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


def reference(column: str, table: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key to a row of the same organization. Keys of tenant tables begin with the organization."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.id"], **options
    )


def new_id() -> uuid.UUID:
    """A UUIDv7: unique, and in the order of making, so that indexes stay compact."""
    return uuid_utils.compat.uuid7()


def unordered_id(moment: datetime) -> uuid.UUID:
    """A UUIDv7 of this moment whose place among others of the moment is chance.

    For things whose id must not tell a reader when, or before what else, they were made.
    """
    return uuid.UUID(f"{moment_of_id(moment)}7{uuid.uuid4().hex[13:]}")


def moment_of_id(moment: datetime) -> str:
    """What every UUIDv7 of this moment begins with: milliseconds since 1970, as 12 hexadecimal digits."""
    return f"{int(moment.timestamp() * 1000):012x}"
