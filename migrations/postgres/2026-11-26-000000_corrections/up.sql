-- An article has few corrections and is never read without them: they stand with
-- it, as JSON, and need no query of their own.
ALTER TABLE articles ADD COLUMN corrections TEXT;
UPDATE articles SET corrections = (
    SELECT json_agg(json_build_object(
        'at', to_char(to_timestamp(c.at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'text', c.text
    ) ORDER BY c.at, c.id)::text
    FROM corrections c WHERE c.article_id = articles.id
)
WHERE id IN (SELECT article_id FROM corrections);
DROP TABLE corrections;
