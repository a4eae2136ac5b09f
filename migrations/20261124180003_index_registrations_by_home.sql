-- A reconciliation of a small region looks for its own people only.
CREATE INDEX registrations_at_home
    ON registrations ((coalesce(domicile_code, region_code)) text_pattern_ops, region_code, person_id);
CREATE INDEX subject_marks_by_person ON subject_marks (region_code, person_id);
