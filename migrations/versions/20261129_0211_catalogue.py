"""Versions have what a catalogue shows: picture, language, minutes and credit hours; courses can be searched for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0702"
down_revision: str | None = "0701"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REMEMBER = r"""
CREATE OR REPLACE FUNCTION remember_course_text(organization text, course uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    named text; told text; configuration regconfig;
BEGIN
    -- Bounded, so that no text is too long for a vector.
    SELECT folded(v.title), folded(left(v.description_html, 50000)), search_configuration(v.language)
    INTO named, told, configuration
    FROM courses c JOIN course_versions v ON v.organization_id = c.organization_id AND v.course_id = c.id
        AND (v.id = c.published_version_id OR c.published_version_id IS NULL)
    WHERE c.organization_id = organization AND c.id = course
    ORDER BY v.number DESC LIMIT 1;
    INSERT INTO course_texts (organization_id, course_id, configuration, title, words)
    VALUES (organization, course, configuration::text, named,
        setweight(to_tsvector(configuration, named), 'A') || setweight(to_tsvector(configuration, told), 'B'))
    ON CONFLICT (organization_id, course_id) DO UPDATE
    SET configuration = EXCLUDED.configuration, title = EXCLUDED.title, words = EXCLUDED.words;
    -- In one order, so that two writers do not wait for each other in a circle.
    INSERT INTO course_words (organization_id, word)
    SELECT organization, word FROM (
        SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple', named || ' ' || told))) AS word
    ) words
    WHERE length(word) BETWEEN 4 AND 40 AND NOT EXISTS (
        SELECT FROM course_words known WHERE known.organization_id = organization AND known.word = words.word
    )
    ORDER BY word LIMIT 5000
    ON CONFLICT DO NOTHING;
END $$
"""
MATCHING = r"""
CREATE OR REPLACE FUNCTION courses_matching(sought text) RETURNS TABLE (course_id uuid, rank numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
DECLARE
    organization text := current_setting('app.organization_id');
    asked text := btrim(public.folded(left(sought, 200)));
    anywhere text := '%' || regexp_replace(asked, '([\\%_])', '\\\1', 'g') || '%';
    languages text[];
    token text; near int; spelling text; spellings text[]; language text;
    one tsquery; alternatives tsquery; whole tsquery;
BEGIN
    languages := ARRAY(SELECT DISTINCT t.configuration FROM public.course_texts t
        WHERE t.organization_id = organization);
    -- Eight words are enough to tell courses apart, and bound the work.
    FOREACH token IN ARRAY (tsvector_to_array(to_tsvector('simple', asked)))[1:8] LOOP
        spellings := ARRAY[token];
        near := CASE WHEN length(token) < 6 THEN 1 ELSE 2 END;
        IF length(token) BETWEEN 4 AND 40 AND NOT EXISTS (
            SELECT FROM public.course_words w WHERE w.organization_id = organization AND w.word ^@ token
        ) THEN
            spellings := spellings || ARRAY(SELECT w.word FROM public.course_words w
                WHERE w.organization_id = organization
                    AND length(w.word) BETWEEN length(token) - near AND length(token) + near
                    AND public.levenshtein_less_equal(w.word, token, near) <= near
                ORDER BY public.levenshtein_less_equal(w.word, token, near), w.word LIMIT 5);
        END IF;
        -- What somebody is still typing is the beginning of a word.
        alternatives := ('''' || replace(replace(token, '\', '\\'), '''', '''''') || ''':*')::tsquery;
        FOREACH spelling IN ARRAY spellings LOOP
            FOREACH language IN ARRAY languages LOOP
                one := plainto_tsquery(language::regconfig, spelling);
                alternatives := CASE WHEN numnode(one) > 0 THEN alternatives || one
                    WHEN spelling <> token THEN alternatives END;
                EXIT WHEN alternatives IS NULL;
            END LOOP;
            EXIT WHEN alternatives IS NULL;
        END LOOP;
        -- A word that some language looks over decides nothing.
        CONTINUE WHEN alternatives IS NULL;
        whole := CASE WHEN whole IS NULL THEN alternatives ELSE whole && alternatives END;
    END LOOP;
    RETURN QUERY SELECT found.id, round(sum(found.weight)::numeric, 6) FROM (
        SELECT t.course_id AS id, ts_rank('{0.1, 0.2, 0.4, 1.0}', t.words, whole) AS weight
        FROM public.course_texts t WHERE t.organization_id = organization AND t.words @@ whole
        UNION ALL
        -- Languages that put no space between words have none that an index could hold.
        SELECT t.course_id, 1.0 FROM public.course_texts t
        WHERE t.organization_id = organization AND asked ~ '[^ -~]' AND t.title LIKE anywhere
    ) found GROUP BY found.id;
END $$
"""
COURSES = r"""
CREATE OR REPLACE FUNCTION hot_courses(given_organization_id text, given_user_id text) RETURNS TABLE (
    page text
)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true),
        set_config('app.organization_id', given_organization_id, true);
    RETURN QUERY
SELECT CASE WHEN ((EXISTS (SELECT *
FROM members
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL)) AND count(*) <= 50) THEN CAST(json_build_object('items', coalesce(json_agg(course), '[]'::json),
    'next_cursor', NULL) AS TEXT) END AS page
FROM (SELECT anon_1.id AS id, anon_1.title AS title, anon_1.scope AS scope, anon_1.scope_id AS scope_id,
    anon_1.self_enrollment AS self_enrollment, anon_1.recertification_cadence AS recertification_cadence,
    anon_1.linked_compliance_requirement AS linked_compliance_requirement, anon_1.published_version AS
    published_version, anon_1.draft_version AS draft_version, trim_scale(anon_1.pass_score) AS pass_score,
    anon_1.archived AS archived, anon_1.description_html AS description_html, anon_1.image_url AS image_url,
    anon_1.language AS language, anon_1.estimated_minutes AS estimated_minutes, trim_scale(anon_1.credit_hours)
    AS credit_hours, anon_1.category AS category
FROM (SELECT courses.id AS id, published.title AS title, courses.scope AS scope, courses.scope_id AS scope_id,
    courses.self_enrollment AS self_enrollment, courses.recertification_cadence AS recertification_cadence,
    courses.linked_compliance_requirement AS linked_compliance_requirement, published.number AS
    published_version, NULL AS draft_version, published.pass_score AS pass_score, courses.archived_at IS NOT
    NULL AS archived, CASE WHEN (published.description_html LIKE '%%document:%%') THEN
    regexp_replace(published.description_html, '(<img\s[^<>]*src=")document:([0-9a-f-]{36})"',
    '\1/api/documents/\2/file/"', 'g') ELSE published.description_html END AS description_html, CASE WHEN
    (published.image_url LIKE 'document:%%') THEN regexp_replace(published.image_url,
    '^document:([0-9a-f-]{36})$', '/api/documents/\1/file/') ELSE published.image_url END AS image_url,
    published.language AS language, published.estimated_minutes AS estimated_minutes, published.credit_hours AS
    credit_hours, courses.category AS category
FROM (SELECT members.organization_id AS organization_id, members.chapter_id AS chapter_id, own_chapter.region_id
    AS region_id
FROM members JOIN chapters AS own_chapter ON own_chapter.organization_id = members.organization_id AND
    own_chapter.id = members.chapter_id
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL) AS own JOIN courses ON courses.organization_id = own.organization_id JOIN course_versions AS
    published ON published.id = courses.published_version_id
WHERE courses.archived_at IS NULL AND (courses.scope = 'national' OR courses.scope = 'regional' AND
    courses.scope_id = own.region_id OR courses.scope = 'chapter' AND courses.scope_id = own.chapter_id) ORDER
    BY courses.id DESC
 LIMIT 51) AS anon_1) AS course;
END $$
"""
COURSES_BEFORE = r"""
CREATE OR REPLACE FUNCTION hot_courses(given_organization_id text, given_user_id text) RETURNS TABLE (
    page text
)
    LANGUAGE plpgsql ROWS 1
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'learning_api', true),
        set_config('app.organization_id', given_organization_id, true);
    RETURN QUERY
SELECT CASE WHEN ((EXISTS (SELECT *
FROM members
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL)) AND count(*) <= 50) THEN CAST(json_build_object('items', coalesce(json_agg(course), '[]'::json),
    'next_cursor', NULL) AS TEXT) END AS page
FROM (SELECT anon_1.id AS id, anon_1.title AS title, anon_1.scope AS scope, anon_1.scope_id AS scope_id,
    anon_1.self_enrollment AS self_enrollment, anon_1.recertification_cadence AS recertification_cadence,
    anon_1.linked_compliance_requirement AS linked_compliance_requirement, anon_1.published_version AS
    published_version, anon_1.draft_version AS draft_version, trim_scale(anon_1.pass_score) AS pass_score,
    anon_1.archived AS archived
FROM (SELECT courses.id AS id, published.title AS title, courses.scope AS scope, courses.scope_id AS scope_id,
    courses.self_enrollment AS self_enrollment, courses.recertification_cadence AS recertification_cadence,
    courses.linked_compliance_requirement AS linked_compliance_requirement, published.number AS
    published_version, NULL AS draft_version, published.pass_score AS pass_score, courses.archived_at IS NOT
    NULL AS archived
FROM (SELECT members.organization_id AS organization_id, members.chapter_id AS chapter_id, own_chapter.region_id
    AS region_id
FROM members JOIN chapters AS own_chapter ON own_chapter.organization_id = members.organization_id AND
    own_chapter.id = members.chapter_id
WHERE members.organization_id = given_organization_id AND members.user_id = given_user_id AND members.erased_at
    IS NULL) AS own JOIN courses ON courses.organization_id = own.organization_id JOIN course_versions AS
    published ON published.id = courses.published_version_id
WHERE courses.archived_at IS NULL AND (courses.scope = 'national' OR courses.scope = 'regional' AND
    courses.scope_id = own.region_id OR courses.scope = 'chapter' AND courses.scope_id = own.chapter_id) ORDER
    BY courses.id DESC
 LIMIT 51) AS anon_1) AS course;
END $$
"""


def upgrade() -> None:
    op.add_column("course_versions", sa.Column("image_url", sa.Text(), nullable=True))
    op.add_column("course_versions", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("course_versions", sa.Column("estimated_minutes", sa.Integer(), nullable=True))
    op.add_column("course_versions", sa.Column("credit_hours", sa.Numeric(), nullable=True))
    for name, function in (("remember_course_text", REMEMBER), ("courses_matching", MATCHING)):
        # Not for SQLAlchemy, which would take `:*` for a parameter.
        op.get_bind().exec_driver_sql(function)
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {API}, {WORKER}")
    op.get_bind().exec_driver_sql(COURSES)
    op.execute("SELECT remember_course_text(organization_id, id) FROM courses ORDER BY organization_id, id")


def downgrade() -> None:
    op.get_bind().exec_driver_sql(COURSES_BEFORE)
    op.execute("DROP FUNCTION courses_matching")
    op.execute("DROP FUNCTION remember_course_text")
    for column in ("credit_hours", "estimated_minutes", "language", "image_url"):
        op.drop_column("course_versions", column)
