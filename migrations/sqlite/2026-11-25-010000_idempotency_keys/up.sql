-- Answers to writes that came with an Idempotency-Key, kept for 24 hours.
--   scope        SHA-256 of who asked, how and where, and of the key itself
--   fingerprint  SHA-256 of what was asked: the same key with another is an error
--   headers      a JSON object; body is missing where the answer had none
CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_expires_at ON idempotency_keys (expires_at);
