-- Whoever reads what has changed since a place in the log gets each thing once, at
-- its newest entry.
CREATE INDEX changes_by_entity ON changes (entity_id, seq);

-- Renditions are noted with their SHA-256, for clients that keep them. They are made
-- again, the same as before, and delivered meanwhile.
UPDATE media SET rendered_at = NULL, attempts = 0, claimed_until = NULL
WHERE renditions <> '[]' AND failure IS NULL;
