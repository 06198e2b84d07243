CREATE TABLE corrections (
    id UUID NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_by UUID NOT NULL
);
CREATE INDEX corrections_by_article ON corrections (article_id, at);
INSERT INTO corrections (id, article_id, at, text, created_by)
SELECT gen_random_uuid(), a.id, extract(epoch FROM (c ->> 'at')::timestamptz)::bigint * 1000000, c ->> 'text', a.edited_by
FROM articles a, json_array_elements(a.corrections::json) c
WHERE a.corrections IS NOT NULL;
ALTER TABLE articles DROP COLUMN corrections;
