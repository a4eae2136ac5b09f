-- Two homes may run the same file, and so the same id: rows belong to the run of one of them. '' = kept by the release
-- before, which does not know; a hub of this one writes the home when it goes on with the run, or the run has ended.

ALTER TABLE reconciliation_candidates
    ADD COLUMN run_region text NOT NULL DEFAULT '',
    -- The row itself was refused, but its key or NIK is this person's: it says that they stand there, and nothing else.
    ADD COLUMN is_refused boolean NOT NULL DEFAULT false;

ALTER TABLE reconciliation_candidates
    DROP CONSTRAINT reconciliation_candidates_key,
    ADD CONSTRAINT reconciliation_candidates_key
        PRIMARY KEY (region_code, person_id, run_region, reconciliation_id, row_number);

DROP INDEX reconciliation_candidates_by_row;
CREATE INDEX reconciliation_candidates_by_row
    ON reconciliation_candidates (run_region, reconciliation_id, row_number, person_id);
-- What goes when a run has ended.
CREATE INDEX reconciliation_candidates_undecided ON reconciliation_candidates (run_region, reconciliation_id)
    WHERE result IS NULL;
