-- The log is read by time and written with every write of an editor: it lies in
-- that order, and an entry touches two pages less.
ALTER TABLE audit DROP CONSTRAINT audit_pkey;
DROP INDEX audit_by_at;
ALTER TABLE audit ADD PRIMARY KEY (at, id);
