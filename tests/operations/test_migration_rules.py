"""Migrations leave older code at work: nothing is taken away, nobody waits for long."""

import pytest
from tests.kit.migrating import ROOT
from tests.operations.rules_of_migrations import breaches

VALIDATED_AT_ONCE = frozenset({"0400", "0850", "0851", "0920", "0921", "0880"})
"""They landed before the rule: the tables that they validate are locked until they end."""


def test_no_migration_breaks_code_that_still_runs() -> None:
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        found = breaches(path.read_text())
        if path.stem.split("_")[1] in VALIDATED_AT_ONCE:
            assert [one for one in found if "validates" not in one] == [], path.name
            assert found, f"{path.name} needs no exception"
        else:
            assert found == [], path.name


def migration(*lines: str, docstring: str = "What it does.") -> str:
    body = "\n".join(f"    {line}" for line in lines)
    down = 'def downgrade() -> None:\n    op.drop_table("x")\n'
    return f'"""{docstring}"""\n\ndef upgrade() -> None:\n{body}\n\n{down}'


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("members", "locale")',
        'op.drop_table("members")',
        'op.rename_table("members", "people")',
        'op.alter_column("members", "status", type_=sa.Integer())',
        'op.alter_column("members", "locale", nullable=False)',
        'op.alter_column("members", "locale", new_column_name="language")',
        'op.add_column("members", sa.Column("x", sa.Text(), nullable=False))',
        'op.create_index("ix", "members", ["status"])',
        'op.create_foreign_key("fk", "members", "chapters", ["a"], ["b"])',
        'op.create_check_constraint("ck", "members", "a > 0")',
        'op.create_unique_constraint("uq", "members", ["email"])',
        'op.execute("ALTER TABLE members ALTER COLUMN status TYPE integer")',
        'op.execute("LOCK TABLE members")',
        'op.execute("create unique index ix on members (email)")',
    ],
)
def test_what_blocks_or_breaks_is_found(line: str) -> None:
    assert len(breaches(migration(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        'op.add_column("members", sa.Column("x", sa.Text(), nullable=True))',
        'op.add_column("members", sa.Column("x", sa.Text(), nullable=False, server_default=""))',
        'op.create_index("ix", "members", ["status"], postgresql_concurrently=True)',
        'op.create_check_constraint("ck", "members", "a > 0", postgresql_not_valid=True)',
        'op.execute("ALTER TABLE members VALIDATE CONSTRAINT ck")',
        'op.alter_column("members", "locale", server_default="en")',
        'op.alter_column("members", "locale", nullable=True)',
    ],
)
def test_what_expands_is_let_through(line: str) -> None:
    assert breaches(migration(line)) == []


def test_one_table_is_locked_at_a_time() -> None:
    """Found by the upgrade under load: a request took the two tables in the other order."""
    column = 'sa.Column("x", sa.Text(), nullable=True))'
    two = migration(f'op.add_column("members", {column}', f'op.add_column("enrollments", {column}')
    assert len(breaches(two)) == 1


def test_tables_of_its_own_and_declared_contractions_are_free() -> None:
    own = migration('op.create_table("new", sa.Column("id"))', 'op.create_index("ix", "new", ["id"])')
    assert breaches(own) == []
    dropped = 'op.drop_column("members", "locale")'
    assert breaches(migration(dropped, docstring="Contract: nothing has read it since 2.3.")) == []


ADDED = 'op.create_check_constraint("ck", "members", "a > 0", postgresql_not_valid=True)'
VALIDATION = 'op.execute("ALTER TABLE members VALIDATE CONSTRAINT ck")'


@pytest.mark.parametrize(
    "locking", [ADDED, 'op.add_column("members", sa.Column("x", sa.Text(), nullable=True))']
)
def test_a_lock_is_not_held_while_rows_are_read(locking: str) -> None:
    assert len(breaches(migration(locking, VALIDATION))) == 1
    apart = ["with op.get_context().autocommit_block():", f"    {VALIDATION}"]
    assert breaches(migration(locking, *apart)) == []
    assert breaches(migration(locking, VALIDATION.replace("members", "chapters"))) == []
