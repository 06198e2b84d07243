-- Who did what to what, when and from where: ids, never texts and no secrets.
-- `revision` is the version of what has no revisions; `operation` is method and
-- route of what was refused.
CREATE TABLE audit (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id UUID NOT NULL,
    way TEXT COLLATE "C" NOT NULL,
    key_id UUID,
    action TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C",
    subject_id UUID,
    revision BIGINT,
    operation TEXT COLLATE "C",
    address TEXT COLLATE "C",
    request_id TEXT COLLATE "C"
);
CREATE INDEX audit_by_at ON audit (at, id);
CREATE INDEX audit_by_actor ON audit (actor_id, at, id);
CREATE INDEX audit_by_subject ON audit (subject_id, at, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_of_denials ON audit (at, id) WHERE outcome = 'denied';
