-- The change log of the directory: every state of every facility and pool, so that a board can follow exactly and a
-- decision can be made again years later. Written in the statement that makes the change; never changed or deleted
-- while decisions are kept.

ALTER TABLE capacity_pools ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- How a facility has answered of late (AnswerRecord of serasi-domain); no row = never asked.
CREATE TABLE answer_records (
    region_code           text        NOT NULL,
    facility_id           uuid        NOT NULL,
    version               bigint      NOT NULL,
    median_answer_minutes integer,
    false_full            integer     NOT NULL,
    changed_at            timestamptz NOT NULL,
    CONSTRAINT answer_records_key PRIMARY KEY (region_code, facility_id),
    CONSTRAINT answer_records_facility_exists FOREIGN KEY (region_code, facility_id)
        REFERENCES facilities (region_code, facility_id),
    CONSTRAINT answer_records_not_negative CHECK (median_answer_minutes >= 0 AND false_full >= 0)
);

-- `xid` says which transaction wrote the row. A reader keeps the snapshot of its look; the next look takes what that
-- snapshot could not see. Sequences cannot do this: their numbers are taken before they are committed.
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

CREATE TABLE answer_log (
    region_code           text        NOT NULL,
    facility_id           uuid        NOT NULL,
    version               bigint      NOT NULL,
    median_answer_minutes integer,
    false_full            integer     NOT NULL,
    changed_at            timestamptz NOT NULL,
    xid                   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT answer_log_key PRIMARY KEY (region_code, facility_id, version)
);

CREATE INDEX answer_log_by_transaction ON answer_log (xid);

-- What stands now is where the log begins.
INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at)
SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
FROM facilities;

INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
    shortfall, observed_at, valid_until, source, changed_at)
SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall, observed_at,
    valid_until, source, changed_at
FROM capacity_pools;

-- What a decision was made of; NULL in those of earlier releases, which cannot be made again.
ALTER TABLE decisions
    -- DecisionInputs of serasi-domain as JSON; nothing that identifies a person.
    ADD COLUMN inputs bytea,
    -- The snapshot of the change log that the board had seen (pg_snapshot as text).
    ADD COLUMN board_position text,
    -- For reports on unmet need.
    ADD COLUMN cluster text,
    ADD COLUMN nearest_miss_rule text;

CREATE INDEX decisions_by_time ON decisions (decided_at);

-- Whose answers are new is asked every few minutes.
CREATE INDEX offers_by_answer ON offers (answered_at) WHERE answered_at IS NOT NULL;
