-- A retry is answered as the first call was, if it comes from the same place: facility, scope and roles of the caller,
-- hashed. Empty = remembered by an earlier release.
ALTER TABLE idempotency_keys ADD COLUMN caller_hash bytea;
