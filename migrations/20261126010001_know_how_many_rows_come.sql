-- Whoever sends the rows of a reconciliation may say how many come at least: what is hopeless among so many is not kept.
ALTER TABLE reconciliations ADD COLUMN rows_at_least bigint NOT NULL DEFAULT 0;
