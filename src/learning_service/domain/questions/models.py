"""Tables of question banks."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference


class QuestionBank(Base):
    """Questions that pools of many courses draw from. Its scope says who authors it."""

    __tablename__ = "question_banks"
    __table_args__ = (
        CheckConstraint("scope IN ('national', 'regional', 'chapter')", name="scope"),
        CheckConstraint("(scope = 'national') = (scope_id IS NULL)", name="scope_id"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    scope: Mapped[str]
    scope_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class BankQuestion(Base):
    """A question of a bank: its content as JSON, and what it is found by."""

    __tablename__ = "bank_questions"
    __table_args__ = (
        reference("bank_id", "question_banks", ondelete="CASCADE"),
        Index("ix_bank_questions_position", "organization_id", "bank_id", "position", unique=True),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    bank_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    """In which order they came."""
    type: Mapped[str]
    words: Mapped[str]
    """Of the prompt, as they are compared."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    documents: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid()))
    """Those that it shows."""
    content: Mapped[str]
    """The question as JSON, exact numbers included."""
