CREATE TABLE corrections (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_by BLOB NOT NULL
);
CREATE INDEX corrections_by_article ON corrections (article_id, at);
INSERT INTO corrections (id, article_id, at, text, created_by)
SELECT randomblob(16), a.id, unixepoch(c.value ->> 'at') * 1000000, c.value ->> 'text', a.edited_by
FROM articles a, json_each(a.corrections) c
WHERE a.corrections IS NOT NULL;
ALTER TABLE articles DROP COLUMN corrections;
