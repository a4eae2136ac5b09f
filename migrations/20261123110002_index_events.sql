-- What is new since a snapshot, and the pages of it.
CREATE INDEX events_by_transaction ON events (xid, position);
CREATE INDEX events_by_position ON events (position);
-- A facility that comes back after a week reads its own events only.
CREATE INDEX events_by_facility ON events (concerns_facility, position) WHERE concerns_facility IS NOT NULL;
CREATE INDEX capacity_log_by_position ON capacity_log (position) WHERE position IS NOT NULL;
