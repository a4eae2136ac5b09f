-- Events can be followed: in the order in which they happened to each case, without leaving out a transaction that
-- commits late, from any point and by any replica.

-- Who reads keeps a database snapshot: what it can see has been read (as with the change log of the directory). What one
-- snapshot sees more than another is read by `position`. Two transactions on one case wait for each other before they
-- write their events, so the numbers agree with what happened, however their transaction ids do. No key holds it.
CREATE SEQUENCE event_positions;
GRANT USAGE ON SEQUENCE event_positions TO serasi_app;

-- What was told before has no position and is followed by nobody; what the previous release tells meanwhile has one.
ALTER TABLE events
    ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN position bigint,
    -- The facility that is asked, or that answers for the case, for its own stream: an id as the API has it.
    ADD COLUMN concerns_facility text,
    -- The case or offer as the event left it, without personal data: what a watcher is told.
    ADD COLUMN subject_state jsonb;
ALTER TABLE events ALTER COLUMN position SET DEFAULT nextval('event_positions');

-- Every state of every pool is in the log already: each entry is an event.
ALTER TABLE capacity_log ADD COLUMN position bigint;
ALTER TABLE capacity_log ALTER COLUMN position SET DEFAULT nextval('event_positions');
