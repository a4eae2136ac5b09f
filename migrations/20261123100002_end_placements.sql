-- Placements that nobody came to, that were given up, or that follow each other in a transfer.

ALTER TABLE placements
    -- NO_SHOW or CANCELLED, with its reason.
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN end_reason text,
    -- Free text about the end: sealed.
    ADD COLUMN end_note bytea,
    DROP CONSTRAINT placements_state_is_known,
    ADD CONSTRAINT placements_state_is_known
        CHECK (state IN ('reserved', 'admitted', 'discharged', 'no_show', 'cancelled')),
    ADD CONSTRAINT placements_end_fits_state CHECK (
        (ended_at IS NOT NULL) = (state IN ('no_show', 'cancelled'))
        AND (end_reason IS NOT NULL) = (state IN ('no_show', 'cancelled')));

-- In a transfer a case has two open placements: where the persons are, and where they are expected. One of each at most.
CREATE UNIQUE INDEX placements_one_reserved_per_case ON placements (region_code, case_id) WHERE state = 'reserved';
CREATE UNIQUE INDEX placements_one_admitted_per_case ON placements (region_code, case_id) WHERE state = 'admitted';
DROP INDEX placements_one_open_per_case;
CREATE INDEX placements_by_case ON placements (region_code, case_id, reserved_at);
