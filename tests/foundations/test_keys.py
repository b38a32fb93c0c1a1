"""Keys of tenant tables begin with the organization, so that tables can be divided by it without a change."""

from tests.kit.direct import Database

EXCEPT = {
    "outbox": "the queue of all processes: claimed in order of time, whosever the work is, and named by ids of jobs",
    "certificate_organizations": "says whose certificate an id is, for who has the id alone",
    "achievements": "what credentials say of a version, for who has its address alone",
}
"""Tenant tables whose own keys begin otherwise, and why; docs/scaling.md tells of the second."""
KEYS = """
SELECT t.relname AS table_name, i.relname AS key, a.attname AS first
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
WHERE n.nspname = 'public' AND x.indisunique
UNION ALL
SELECT t.relname, c.conname, a.attname
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
WHERE n.nspname = 'public' AND c.contype = 'f'
ORDER BY 1, 2
"""
AFTER_THE_KEY = {
    "ix_enrollments_member": "members of an audience are looked up by it; it holds the key",
    "ix_course_completions_member": "the same",
    "ix_exemptions_document": "holds only exemptions with a document, and serves only questions about one",
    "ix_exemptions_end": "holds only exemptions with an end to come, and serves only questions about those",
}
OLDER = """
SELECT k.indexrelid::regclass::text, o.indexrelid::regclass::text
FROM pg_index k JOIN pg_index o USING (indrelid)
    JOIN pg_attribute a ON a.attrelid = k.indrelid AND a.attnum = k.indkey[0]
WHERE k.indisprimary AND NOT o.indisprimary AND k.indkey[0] = o.indkey[0] AND a.attname = 'organization_id'
    AND k.indexrelid < o.indexrelid
"""
TENANTS = "SELECT table_name FROM information_schema.columns WHERE column_name = 'organization_id'"
DIFFERING = """
SELECT c.conname FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = c.confkey[1]
WHERE c.contype = 'f' AND a.attname <> CASE c.confrelid WHEN 'organizations'::regclass THEN 'id'
    ELSE 'organization_id' END
"""


async def test_every_key_of_a_tenant_table_begins_with_the_organization(database: Database) -> None:
    tenants = {row[0] for row in await database(TENANTS)}
    found = await database(KEYS)
    assert {"enrollments", "certificates", "quiz_attempts"} <= tenants & {row["table_name"] for row in found}
    otherwise = [
        f"{row['table_name']}: {row['key']}"
        for row in found
        if row["table_name"] in tenants - EXCEPT.keys() and row["first"] != "organization_id"
    ]
    assert otherwise == []


async def test_every_foreign_key_refers_to_a_row_of_the_same_organization(database: Database) -> None:
    assert [row[0] for row in await database(DIFFERING)] == []


async def test_each_exception_is_still_one(database: Database) -> None:
    found = await database(KEYS)
    assert {row["table_name"] for row in found if row["first"] != "organization_id"} >= EXCEPT.keys()


async def test_a_primary_key_is_made_after_the_other_indexes_that_begin_with_the_organization(
    database: Database,
) -> None:
    """While statistics do not know the organization all of them cost the same, and the planner takes the newest."""
    assert {row[1] for row in await database(OLDER)} == AFTER_THE_KEY.keys()
