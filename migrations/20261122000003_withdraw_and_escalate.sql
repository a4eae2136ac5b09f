-- An offer that is taken back says why, and a case says how often nobody acted on it in time.

ALTER TABLE offers
    ADD COLUMN withdraw_reason text,
    -- Free text of a withdrawal: sealed.
    ADD COLUMN withdraw_note bytea,
    ADD CONSTRAINT offers_withdraw_reason_fits_state
        CHECK ((withdraw_reason IS NOT NULL) = (state = 'withdrawn'));

-- How often the next coordinator up was called: deadlines missed, and runs of refusals.
ALTER TABLE cases
    ADD COLUMN escalations integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT cases_escalations_are_counted CHECK (escalations >= 0);

-- The escalation job looks for what is overdue.
CREATE INDEX cases_overdue ON cases (next_deadline)
    WHERE state IN ('received', 'triaged', 'waiting', 'no_candidate');
-- A coordinator's queue: emergencies first, then the oldest.
CREATE INDEX cases_by_owner ON cases (owner_reference,
    (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END), created_at, region_code, case_id)
    WHERE owner_kind = 'coordinator' AND next_deadline IS NOT NULL;
-- And the queue of the hub itself, for the next free place: who was reported first is served first. (`cases_waiting` goes
-- with the release after this one, when nobody reads by it any more.)
CREATE INDEX cases_waiting_in_order ON cases (
    (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END), created_at, case_id)
    WHERE state IN ('waiting', 'no_candidate');
