-- The report on truthfulness asks on which days a facility stated its capacity itself.

CREATE INDEX capacity_log_own_reports ON capacity_log (region_code, facility_id, observed_at)
    WHERE source = 'facility';
