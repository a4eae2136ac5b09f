-- A decision can be made again from what it was made of.

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
