-- The newsroom. Its twin for PostgreSQL differs in types only:
-- ids are BLOBs of 16 bytes here and uuid there; times are microseconds since
-- 1970 in UTC on both; JSON is text on both.

CREATE TABLE site (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Values every node needs and nobody types in, such as the signing secret.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT,
    disabled_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A key is shown once; only its SHA-256 is kept.
CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (user_id, name) WHERE revoked_at IS NULL;

-- One row a refresh token ever handed out; a family is one login.
CREATE TABLE refresh_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    family_id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id);

CREATE TABLE sections (
    id BLOB NOT NULL PRIMARY KEY,
    parent_id BLOB REFERENCES sections (id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    position INTEGER NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- `name_key` is the name in NFC and case-folded: two spellings that differ in
-- nothing else are one topic. `sort_key` is the name in ASCII, umlauts as two
-- letters: the same order and the same prefixes on both databases.
CREATE TABLE topics (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    sort_key TEXT NOT NULL,
    description TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX topics_by_sort_key ON topics (sort_key, id);

CREATE TABLE authors (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    role TEXT,
    bio TEXT,
    email TEXT,
    url TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX authors_by_name_key ON authors (name_key);
CREATE INDEX authors_by_sort_key ON authors (sort_key, id);

-- State is never stored: it follows from these columns and the present instant.
--   revision       the newest revision, the working copy
--   live_revision  the one readers see, or will see from published_at on
--   published_at   the instant it becomes or became visible; empty when not live
--   announce_at    the next instant at which its visibility changes by itself
--                  and the change log has to be told
--   kind, language, expires_at are copies of the live revision's (kind and
--   language of the newest one's while there is none), for filters
--   live_head      what cards show of the live revision, as JSON: a list and the
--                  links of an article find all they need in this row
CREATE TABLE articles (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    external_id TEXT UNIQUE,
    version BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    live_revision INTEGER,
    published_at BIGINT,
    first_published_at BIGINT,
    updated_at BIGINT,
    expires_at BIGINT,
    announce_at BIGINT,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    submitted_at BIGINT,
    sent_back_at BIGINT,
    sent_back_by BLOB,
    sent_back_remark TEXT,
    withdrawn_at BIGINT,
    withdrawn_reason TEXT,
    trashed_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL,
    edited_at BIGINT NOT NULL,
    edited_by BLOB NOT NULL,
    live_head TEXT
);
CREATE INDEX articles_by_published_at ON articles (published_at, id) WHERE published_at IS NOT NULL;
CREATE INDEX articles_by_updated_at ON articles (updated_at, id) WHERE published_at IS NOT NULL;
CREATE INDEX articles_by_kind ON articles (kind, published_at, id) WHERE published_at IS NOT NULL;
CREATE INDEX articles_by_language ON articles (language, published_at, id) WHERE published_at IS NOT NULL;
CREATE INDEX articles_by_announce_at ON articles (announce_at) WHERE announce_at IS NOT NULL;
CREATE INDEX articles_by_edited_at ON articles (edited_at, id);

-- Immutable. Sections, topics and authors are held by id, never by name.
-- `note` belongs to the content; `revision_note` says what this revision changes,
-- and `restored_from` which older one it is a copy of.
-- `search_text` is kicker, headline and teaser, case-folded, for the editors' filter.
-- The body stands last: what editors' lists read lies before it, on the row's first
-- page.
CREATE TABLE revisions (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL,
    revision_note TEXT,
    restored_from INTEGER,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    kicker TEXT,
    headline TEXT NOT NULL,
    subheadline TEXT,
    teaser TEXT,
    section_id BLOB,
    topics TEXT NOT NULL,
    authors TEXT NOT NULL,
    image TEXT,
    priority TEXT NOT NULL,
    access TEXT NOT NULL,
    source TEXT,
    seo TEXT,
    note TEXT,
    embargo_until BIGINT,
    expires_at BIGINT,
    word_count INTEGER NOT NULL,
    search_text TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (article_id, number)
);

-- Every reference a revision makes: related links inside the body and at its
-- end, and links in running text. `slug` is what was written; `target_id` is
-- the article it means, set at the first match and never moved.
CREATE TABLE links (
    article_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    placement TEXT NOT NULL,
    relation TEXT NOT NULL,
    headline TEXT,
    slug TEXT,
    target_id BLOB,
    url TEXT,
    PRIMARY KEY (article_id, revision, position),
    FOREIGN KEY (article_id, revision) REFERENCES revisions (article_id, number) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX links_dangling ON links (slug) WHERE target_id IS NULL AND slug IS NOT NULL;

-- What readers see in lists: a row for each section above an article, each of
-- its topics and each of its authors. A list with a filter is one range of
-- this table, whatever the size of the archive, and nothing else is read for it:
-- `updated_at` and `expires_at` are copies of the article's.
CREATE TABLE listings (
    list_id BLOB NOT NULL,
    published_at BIGINT NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (list_id, published_at, article_id)
) WITHOUT ROWID;
CREATE INDEX listings_by_updated_at ON listings (list_id, updated_at, article_id);
CREATE INDEX listings_by_article ON listings (article_id);

CREATE TABLE corrections (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_by BLOB NOT NULL
);
CREATE INDEX corrections_by_article ON corrections (article_id, at);

-- Slugs that once led to an article. They stay reserved.
CREATE TABLE former_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    retired_at BIGINT NOT NULL
);
CREATE INDEX former_slugs_by_article ON former_slugs (article_id);

-- The change log. `seq` rises in commit order: it is given out under the one
-- lock that every write holds until it commits.
CREATE TABLE changes (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    entity TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    action TEXT NOT NULL,
    keys TEXT NOT NULL
);
