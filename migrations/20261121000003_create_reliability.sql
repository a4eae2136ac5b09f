-- What makes a retry have one effect, an event leave once, and every act stand on record.

-- The sender's keys, for the whole nation: which case or facility a key stands for. Sharded by the key itself, not by
-- region: the same key with another place is a conflict that must be seen (as rule 13 of the guarantees for NIK).
CREATE TABLE source_keys (
    subject        text        NOT NULL,
    source_system  text        NOT NULL,
    source_ref     text        NOT NULL,
    region_code    text        NOT NULL,
    subject_id     uuid        NOT NULL,
    CONSTRAINT source_keys_key PRIMARY KEY (source_system, source_ref, subject),
    CONSTRAINT source_keys_subject_is_known CHECK (subject IN ('case', 'facility'))
);

-- First response of every mutation, written in the transaction of its effect. No personal data in it.
CREATE TABLE idempotency_keys (
    region_code    text        NOT NULL,
    principal      text        NOT NULL,
    request_id     uuid        NOT NULL,
    verb           text        NOT NULL,
    -- SHA-256 of the request.
    request_hash   bytea       NOT NULL,
    response       bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_key PRIMARY KEY (region_code, principal, request_id)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Outbox: what happened, in order per subject. No personal data.
CREATE TABLE events (
    region_code    text        NOT NULL,
    event_id       uuid        NOT NULL,
    subject_id     text        NOT NULL,
    -- Version of the subject after the event; with the kind unique, so nothing is told twice.
    subject_version bigint     NOT NULL,
    kind           text        NOT NULL,
    payload        jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT events_key PRIMARY KEY (region_code, event_id),
    CONSTRAINT events_told_once UNIQUE (region_code, subject_id, subject_version, kind)
);

-- Who did or looked at what. Ids and names of verbs only.
CREATE TABLE audit_entries (
    region_code    text        NOT NULL,
    audit_id       uuid        NOT NULL,
    at             timestamptz NOT NULL,
    principal      text        NOT NULL,
    roles          text[]      NOT NULL,
    verb           text        NOT NULL,
    subject_id     text        NOT NULL,
    request_id     uuid,
    CONSTRAINT audit_entries_key PRIMARY KEY (region_code, audit_id)
);

CREATE INDEX audit_entries_by_subject ON audit_entries (region_code, subject_id, at);
