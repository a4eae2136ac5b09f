-- What persons ask for about their own data (UU 27/2022 Ps. 5-13), with the clock of each. A new table only: the previous
-- release does not know it. Nothing in it is in words.

CREATE TABLE subject_requests (
    region_code         text        NOT NULL,
    subject_request_id  uuid        NOT NULL,
    version             bigint      NOT NULL,
    case_id             uuid        NOT NULL,
    person_id           uuid        NOT NULL,
    kind                text        NOT NULL,
    -- Who asks: the person, or somebody for them.
    requester           text        NOT NULL,
    state               text        NOT NULL,
    received_at         timestamptz NOT NULL,
    due_at              timestamptz NOT NULL,
    recorded_by         text        NOT NULL,
    answered_at         timestamptz,
    answered_by         text,
    refusal             text,
    CONSTRAINT subject_requests_key PRIMARY KEY (region_code, subject_request_id),
    CONSTRAINT subject_requests_person_exists
        FOREIGN KEY (region_code, person_id) REFERENCES persons (region_code, person_id),
    CONSTRAINT subject_requests_kind_is_known CHECK (kind IN ('access', 'correction', 'restriction', 'withdrawal')),
    CONSTRAINT subject_requests_requester_is_known CHECK (requester IN ('person', 'guardian', 'legal_representative')),
    CONSTRAINT subject_requests_state_is_known CHECK (state IN ('open', 'fulfilled', 'refused')),
    CONSTRAINT subject_requests_refusal_is_known
        CHECK (refusal IN ('endangers', 'discloses_others', 'national_security')),
    CONSTRAINT subject_requests_are_due_in_three_days CHECK (due_at = received_at + interval '72 hours'),
    CONSTRAINT subject_requests_answer_fits_state CHECK (
        (answered_at IS NULL) = (state = 'open') AND (answered_by IS NULL) = (state = 'open')
        AND (refusal IS NOT NULL) = (state = 'refused'))
);

-- Asking twice does not start the clock anew.
CREATE UNIQUE INDEX subject_requests_one_open ON subject_requests (region_code, person_id, kind, requester)
    WHERE state = 'open';
-- The clock as a query: what is due next.
CREATE INDEX subject_requests_due ON subject_requests (due_at, region_code, subject_request_id);

CREATE POLICY work ON subject_requests USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON subject_requests FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.')));
ALTER TABLE subject_requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
