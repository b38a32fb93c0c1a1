"""What other lists are of, made by SQL: evidence, exemptions, signatures, the audit trail, events."""

# Of every tenth member, and an entry in the audit trail and an event of each.
PAPERS = (
    """
    INSERT INTO evidence (organization_id, id, user_id, requirement_id, completed_on, completed_at, note, status,
        sent_at)
    SELECT organization_id, md5(organization_id || user_id)::uuid, user_id, 'hazing', current_date - 9,
        now() - interval '9 days', 'Done', 'pending', now() - interval '1 day'
    FROM members WHERE organization_id = ANY ($1) AND hashtext(user_id) % 10 = 0
    """,
    """
    INSERT INTO exemptions (organization_id, id, user_id, requirement_id, reason, granted_by, granted_at)
    SELECT organization_id, md5(organization_id || user_id)::uuid, user_id, 'hazing', 'Ill', 'boss',
        now() - interval '1 day'
    FROM members WHERE organization_id = ANY ($1) AND hashtext(user_id) % 10 = 1
    """,
    """
    INSERT INTO attestation_signatures (organization_id, enrollment_id, key, text_hash, user_id, course_id,
        typed_name, signed_at)
    SELECT organization_id, id, 'oath', repeat('0', 64), user_id, course_id, 'Z. M.', now()
    FROM enrollments WHERE organization_id = ANY ($1) AND hashtext(user_id) % 10 = 2
    """,
    """
    INSERT INTO audit_entries (organization_id, id, at, actor, action, subject_kind, subject_id, details)
    SELECT organization_id, md5(organization_id || user_id)::uuid, now() - random() * interval '30 days', 'boss',
        'enrollment.assigned', 'member', user_id, '{}'
    FROM members WHERE organization_id = ANY ($1)
    """,
    """
    INSERT INTO events (organization_id, id, type, user_id, at, data, position)
    SELECT m.organization_id, md5(m.organization_id || m.user_id)::uuid, 'learning.enrollment.assigned', m.user_id,
        now(), jsonb_build_object('organization_id', m.organization_id, 'user_id', m.user_id,
        'enrollment_id', md5(m.user_id)::uuid, 'course_id', md5(m.organization_id)::uuid, 'due_at', null,
        'source', 'rule'),
        coalesce(f.last_position, 0) + row_number() OVER (PARTITION BY m.organization_id ORDER BY m.user_id)
    FROM members m LEFT JOIN event_feeds f USING (organization_id) WHERE m.organization_id = ANY ($1)
    """,
    """
    INSERT INTO event_feeds (organization_id, last_position, published_position)
    SELECT organization_id, max(position), max(position) FROM events WHERE organization_id = ANY ($1)
    GROUP BY organization_id
    ON CONFLICT (organization_id) DO UPDATE
    SET last_position = excluded.last_position, published_position = excluded.published_position
    """,
)
