-- How many articles of a month readers see, and when the last of them changed, can be
-- answered by the index of publications alone.
DROP INDEX articles_by_published_at;
CREATE INDEX articles_by_published_at ON articles (published_at, id, updated_at, expires_at) WHERE published_at IS NOT NULL;
