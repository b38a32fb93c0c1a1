"""Courses have a category, and are found by the words of their title and description.

What searching looks at lies in tables of its own: a vector of words in the forms of the course's language, and all
words of the organization, among which those are looked for that a misspelt one may have meant.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import API, WORKER, protect

revision: str = "0701"
down_revision: str | None = "0715"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CONFIGURATION = """
CREATE OR REPLACE FUNCTION search_configuration(language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
SELECT CASE lower(split_part(COALESCE(language, 'en'), '-', 1))
    WHEN 'ar' THEN 'arabic' WHEN 'hy' THEN 'armenian' WHEN 'eu' THEN 'basque' WHEN 'ca' THEN 'catalan'
    WHEN 'da' THEN 'danish' WHEN 'nl' THEN 'dutch' WHEN 'en' THEN 'english' WHEN 'fi' THEN 'finnish'
    WHEN 'fr' THEN 'french' WHEN 'de' THEN 'german' WHEN 'el' THEN 'greek' WHEN 'hi' THEN 'hindi'
    WHEN 'hu' THEN 'hungarian' WHEN 'id' THEN 'indonesian' WHEN 'ga' THEN 'irish' WHEN 'it' THEN 'italian'
    WHEN 'lt' THEN 'lithuanian' WHEN 'ne' THEN 'nepali' WHEN 'nb' THEN 'norwegian' WHEN 'nn' THEN 'norwegian'
    WHEN 'no' THEN 'norwegian' WHEN 'pt' THEN 'portuguese' WHEN 'ro' THEN 'romanian' WHEN 'ru' THEN 'russian'
    WHEN 'sr' THEN 'serbian' WHEN 'es' THEN 'spanish' WHEN 'sv' THEN 'swedish' WHEN 'ta' THEN 'tamil'
    WHEN 'tr' THEN 'turkish' WHEN 'yi' THEN 'yiddish' ELSE 'simple' END
$$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA public")
    op.execute(CONFIGURATION)
    op.execute("REVOKE ALL ON FUNCTION search_configuration FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION search_configuration TO {API}, {WORKER}")
    op.create_table(
        "course_texts",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_course_texts_organization_id_course_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_course_texts_words", "course_texts", ["organization_id", "words"], postgresql_using="gin"
    )
    op.create_index("ix_course_texts_title", "course_texts", ["organization_id", "title", "course_id"])
    op.create_primary_key(op.f("pk_course_texts"), "course_texts", ["organization_id", "course_id"])
    op.create_table(
        "course_words",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_course_words_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "word", name=op.f("pk_course_words")),
    )
    for table in ("course_texts", "course_words"):
        protect(table)
    op.add_column("courses", sa.Column("category", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("courses", "category")
    op.drop_table("course_words")
    op.drop_table("course_texts")
    op.execute("DROP FUNCTION search_configuration")
    op.execute("DROP EXTENSION fuzzystrmatch")
