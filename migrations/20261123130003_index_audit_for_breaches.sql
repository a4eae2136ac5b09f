-- Whose data a stolen account was shown (UU 27/2022 Ps. 46), regency by regency. What a verb showed to anybody is found
-- by the time.
CREATE INDEX audit_entries_by_principal ON audit_entries (region_code, principal, at);
CREATE INDEX audit_entries_by_region_and_time ON audit_entries (region_code, at);
