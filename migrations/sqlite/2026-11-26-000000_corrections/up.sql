-- An article has few corrections and is never read without them: they stand with
-- it, as JSON, and need no query of their own.
ALTER TABLE articles ADD COLUMN corrections TEXT;
UPDATE articles SET corrections = (
    SELECT json_group_array(json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000000, 'unixepoch'), 'text', text))
    FROM (SELECT * FROM corrections WHERE article_id = articles.id ORDER BY at, id)
)
WHERE id IN (SELECT article_id FROM corrections);
DROP TABLE corrections;
