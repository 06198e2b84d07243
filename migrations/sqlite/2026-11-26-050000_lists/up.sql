-- Curated lists.
--   kind    manual, automatic, or pinned: automatic, but for the places in list_entries
--   filter  what the automatic places are narrowed to, as JSON, by ids
--   size    the most articles that it shows
CREATE TABLE lists (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    description TEXT,
    kind TEXT NOT NULL,
    filter TEXT NOT NULL,
    size INTEGER NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX lists_by_sort_key ON lists (sort_key, id);

-- The articles that somebody put into a list, live or not. The position is the
-- place that one is pinned to; in a manual list no more than the order.
CREATE TABLE list_entries (
    list_id BLOB NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (list_id, position),
    UNIQUE (list_id, article_id)
);
CREATE INDEX list_entries_by_article ON list_entries (article_id);
