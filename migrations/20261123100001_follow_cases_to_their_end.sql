-- A case is followed to its end: transfers, endings with reasons, episodes, and a clock for the whole way.

ALTER TABLE cases
    -- 1 for the first way from report to end; a case that is opened again begins another.
    ADD COLUMN episode integer NOT NULL DEFAULT 1,
    -- NULL = with the report.
    ADD COLUMN episode_began_at timestamptz,
    -- The whole way must be gone before; NULL = reported to an earlier release.
    ADD COLUMN finish_before timestamptz,
    ADD COLUMN finish_has_rung boolean NOT NULL DEFAULT false,
    -- Who has the persons or expects them (facility id); NULL = the owner, as in the release before.
    ADD COLUMN facility_reference text,
    -- A transfer: nobody can be asked since, the live offer, or the place that is reserved.
    ADD COLUMN transfer_waiting_since timestamptz,
    ADD COLUMN transfer_offer_id uuid,
    ADD COLUMN transfer_placement_id uuid,
    ADD COLUMN transfer_facility_reference text,
    -- NULL in closed cases of the release before, which had no verb that closes.
    ADD COLUMN close_reason text,
    -- Words about the end: sealed.
    ADD COLUMN close_note bytea,
    -- NULL = when it was last changed.
    ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT cases_episodes_are_counted CHECK (episode >= 1),
    ADD CONSTRAINT cases_transfer_fits_state CHECK (
        num_nonnulls(transfer_waiting_since, transfer_offer_id, transfer_placement_id)
            <= CASE WHEN state = 'in_service' THEN 1 ELSE 0 END),
    ADD CONSTRAINT cases_transfer_names_facility
        CHECK ((transfer_placement_id IS NULL) = (transfer_facility_reference IS NULL)),
    ADD CONSTRAINT cases_close_reason_is_known CHECK (close_reason IN ('completed', 'referred_out', 'person_declined',
        'lost_contact', 'died', 'unfounded', 'linked', 'other')),
    ADD CONSTRAINT cases_close_reason_fits_state CHECK (close_reason IS NULL OR state = 'closed');

-- The escalation job looks at every state now, and the board of waiting cases at transfers, too. (`cases_overdue` and
-- `cases_waiting_in_order` go with the release after this one, when nobody reads by them any more.)
CREATE INDEX cases_by_deadline ON cases (next_deadline, region_code, case_id) WHERE next_deadline IS NOT NULL;
CREATE INDEX cases_seeking_in_order ON cases (
    (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END), created_at, case_id)
    WHERE state IN ('waiting', 'no_candidate') OR transfer_waiting_since IS NOT NULL;
-- A facility finds the cases of the persons it has.
CREATE INDEX cases_by_facility ON cases (facility_reference, created_at) WHERE facility_reference IS NOT NULL;

-- Row-level security, beside what 20261123090001 has: who has the persons or expects them sees the case, also after
-- somebody else was called.
CREATE POLICY houses ON cases FOR SELECT USING ((SELECT NULLIF(current_setting('serasi.facility', true), ''))
    IN (facility_reference, transfer_facility_reference));
CREATE POLICY houses ON decisions FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = decisions.region_code AND c.case_id = decisions.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
CREATE POLICY houses ON case_exclusions FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = case_exclusions.region_code AND c.case_id = case_exclusions.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
CREATE POLICY houses ON persons FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = persons.region_code AND c.case_id = persons.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
CREATE POLICY houses ON intakes FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = intakes.region_code AND c.case_id = intakes.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
CREATE POLICY houses ON subject_keys FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = subject_keys.region_code AND c.case_id = subject_keys.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
CREATE POLICY houses ON legal_holds FOR SELECT USING (EXISTS (SELECT 1 FROM cases c
    WHERE c.region_code = legal_holds.region_code AND c.case_id = legal_holds.case_id
        AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
            IN (c.facility_reference, c.transfer_facility_reference)));
