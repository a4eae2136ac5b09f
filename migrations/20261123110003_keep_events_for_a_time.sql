-- How far back events can be followed. One row for the nation: a cursor covers every region.
CREATE TABLE event_horizon (
    region_code    text        NOT NULL,
    -- Events of this transaction and later ones are all there; some of earlier ones are gone.
    first_xid      xid8        NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT event_horizon_key PRIMARY KEY (region_code)
);
-- The hub forgets what is old; what is fresh it cannot remove.
GRANT DELETE ON events TO serasi_app;
CREATE POLICY forget ON events AS RESTRICTIVE FOR DELETE USING (created_at < now() - interval '1 day');
