-- The log is read by time and written with every write of an editor: it lies in
-- that order, and an entry touches two pages less.
CREATE TABLE audit_new (
    id BLOB NOT NULL,
    at BIGINT NOT NULL,
    actor_id BLOB NOT NULL,
    way TEXT NOT NULL,
    key_id BLOB,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject TEXT,
    subject_id BLOB,
    revision BIGINT,
    operation TEXT,
    address TEXT,
    request_id TEXT,
    PRIMARY KEY (at, id)
) WITHOUT ROWID;
INSERT INTO audit_new SELECT * FROM audit;
DROP TABLE audit;
ALTER TABLE audit_new RENAME TO audit;
CREATE INDEX audit_by_actor ON audit (actor_id, at, id);
CREATE INDEX audit_by_subject ON audit (subject_id, at, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_of_denials ON audit (at, id) WHERE outcome = 'denied';
