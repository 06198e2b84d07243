-- Each opens one article's working copy to whoever has it. A link is shown once;
-- only its SHA-256 is kept. Revoking one removes its row.
CREATE TABLE preview_links (
    id uuid NOT NULL PRIMARY KEY,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    note TEXT,
    created_at BIGINT NOT NULL,
    created_by uuid NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX preview_links_by_article ON preview_links (article_id, created_at, id);
