ALTER TABLE audit DROP CONSTRAINT audit_pkey;
ALTER TABLE audit ADD PRIMARY KEY (id);
CREATE INDEX audit_by_at ON audit (at, id);
