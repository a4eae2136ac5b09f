-- no-transaction
-- Under row-level security an index is only asked by operators that are known to give nothing away: LIKE is not, nor is
-- anything said of a COALESCE, so the index for a region's own people was never used.
CREATE INDEX CONCURRENTLY registrations_by_home ON registrations (
    (CASE WHEN domicile_code IS NULL THEN region_code ELSE domicile_code END) COLLATE "C", region_code, person_id
);
