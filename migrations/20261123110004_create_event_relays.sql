-- Who carries the events to a broker outside, and how far that has come. One row for the nation and each broker's stream:
-- a cursor covers every region.
CREATE TABLE event_relays (
    region_code    text        NOT NULL,
    -- The stream events go to.
    relay          text        NOT NULL,
    -- Everything before it has been acknowledged by the broker.
    cursor         text        NOT NULL,
    holder         uuid        NOT NULL,
    -- Grows with every holder: one that was thought dead and comes back finds its number gone.
    token          bigint      NOT NULL,
    leased_until   timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT event_relays_key PRIMARY KEY (region_code, relay)
);
