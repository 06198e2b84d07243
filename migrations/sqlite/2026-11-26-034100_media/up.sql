-- Pictures that the newsroom has received. Their bytes lie in the media storage,
-- below the medium's id.
--   sha256         of what was received, in hexadecimal digits
--   bytes          what is kept of it: without what followed the picture's end
--   width, height  in pixels, the right way up
--   orientation    how what is kept has to be turned for that (EXIF, 1 to 8)
--   renditions     JSON: what was made of it, the narrowest first
--   rendered_at    when that was made; empty while it is to be made
--   failure        why it can't be
--   attempts       how often somebody began to make it
--   claimed_until  until when nobody else begins
--   edited_version the version that the newest edit made: renditions that are
--                  finished count too, and no edit is refused for them
CREATE TABLE media (
    id BLOB NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    orientation INTEGER NOT NULL,
    alt TEXT,
    decorative BOOLEAN NOT NULL,
    caption TEXT,
    credit TEXT,
    copyright TEXT,
    focal_x DOUBLE PRECISION,
    focal_y DOUBLE PRECISION,
    search_text TEXT NOT NULL,
    thumbhash TEXT,
    renditions TEXT NOT NULL,
    rendered_at BIGINT,
    failure TEXT,
    attempts INTEGER NOT NULL,
    claimed_until BIGINT,
    version BIGINT NOT NULL,
    edited_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX media_by_created_at ON media (created_at, id);
CREATE INDEX media_to_render ON media (created_at) WHERE rendered_at IS NULL AND failure IS NULL;

-- Which revisions show which pictures.
CREATE TABLE media_uses (
    media_id BLOB NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    article_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (media_id, article_id, revision),
    FOREIGN KEY (article_id, revision) REFERENCES revisions (article_id, number) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX media_uses_by_revision ON media_uses (article_id, revision);

-- Ids under which bytes may lie that no medium has, or has yet: noted before bytes
-- are written, and when a medium is deleted. From `due_at` on they are removed.
CREATE TABLE media_leftovers (
    media_id BLOB NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL
);
