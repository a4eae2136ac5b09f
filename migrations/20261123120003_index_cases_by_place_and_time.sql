-- Reports of the same incident come from the same regency within days of each other.
CREATE INDEX cases_by_place_and_time ON cases (region_code, created_at);
