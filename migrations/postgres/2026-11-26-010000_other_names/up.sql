-- The other names by which a section, topic or author is found. `way` says what
-- `name` is:
--   slug   a slug that it had, or that one had which was merged into it; reserved
--   alias  what it is also called; `name_key` as for topics
--   id     the id of one that was merged into it: revisions hold it for ever
-- `target_id` is always one that is there, so that there are no chains.
CREATE TABLE other_names (
    way TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    target_id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (way, name_key, kind)
);
CREATE INDEX other_names_by_target ON other_names (target_id, way);
