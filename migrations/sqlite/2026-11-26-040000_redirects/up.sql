-- Where old addresses lead.
--   source      the address in its canonical form; one pattern has braces in it
--   literals    how many characters of a pattern stand for themselves; empty for
--               a single address
--   status      301 or 410
--   article_id  the article it leads to, whatever that is called by then
--   target      otherwise: a path of the website, an address elsewhere, or, of a
--               pattern, what an article is found by
--   search_text source and target, case-folded, for the editors' filter
CREATE TABLE redirects (
    id BLOB NOT NULL PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    literals INTEGER,
    status INTEGER NOT NULL,
    article_id BLOB REFERENCES articles (id) ON DELETE CASCADE,
    target TEXT,
    search_text TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX redirects_by_created_at ON redirects (created_at, id);
CREATE INDEX redirects_by_article ON redirects (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX redirects_patterns ON redirects (literals) WHERE literals IS NOT NULL;
