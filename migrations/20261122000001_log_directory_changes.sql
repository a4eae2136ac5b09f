-- The change log of the directory: every state of every facility and pool, so that a board can follow exactly and a
-- decision can be made again years later. Written in the statement that makes the change; never changed or deleted
-- while decisions are kept.

ALTER TABLE capacity_pools ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- `xid` says which transaction wrote the row. A reader keeps the snapshot of its look; the next look takes what that
-- snapshot could not see. Sequences cannot do this: their numbers are taken before they are committed. After a dump and
-- restore the numbers begin anew: what was decided before can then no longer be put together from the log.
CREATE TABLE facility_log (
    region_code    text        NOT NULL,
    facility_id    uuid        NOT NULL,
    version        bigint      NOT NULL,
    state          text        NOT NULL,
    profile        jsonb       NOT NULL,
    state_reason   text,
    state_until    timestamptz,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT facility_log_key PRIMARY KEY (region_code, facility_id, version)
);

CREATE INDEX facility_log_by_transaction ON facility_log (xid);

CREATE TABLE capacity_log (
    region_code    text        NOT NULL,
    facility_id    uuid        NOT NULL,
    base           text        NOT NULL,
    cluster        text        NOT NULL,
    sex            text        NOT NULL,
    version        bigint      NOT NULL,
    total          integer     NOT NULL,
    occupied       integer     NOT NULL,
    held           integer     NOT NULL,
    overflow       integer     NOT NULL,
    shortfall      integer     NOT NULL,
    observed_at    timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    source         text        NOT NULL,
    changed_at     timestamptz NOT NULL,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT capacity_log_key PRIMARY KEY (region_code, facility_id, base, cluster, sex, version)
);

CREATE INDEX capacity_log_by_transaction ON capacity_log (xid);

-- What stands now is logged by the hub when it opens, and so is what the previous release changes meanwhile.
