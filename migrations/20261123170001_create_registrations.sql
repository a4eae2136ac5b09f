-- Where persons stand in the social registry, and what is owed to those who are served and do not stand there (P16
-- Ps.35-36): one row a person, and a log of every step, which is the proof of delivery. Nothing is filled here: a job
-- of the hub gives people of reports that are there already, or that a hub of the release before takes down, their rows.

CREATE TABLE registrations (
    region_code       text        NOT NULL,
    person_id         uuid        NOT NULL,
    case_id           uuid        NOT NULL,
    version           bigint      NOT NULL,
    state             text        NOT NULL,
    -- Whether a registry could be searched for them.
    is_identifiable   boolean     NOT NULL,
    -- Regency where they are at home; NULL = nobody said.
    domicile_code     text,
    -- First placed or helped; NULL = not served yet.
    served_at         timestamptz,
    -- Last edition looked at, e.g. `DTSEN 2026-Q3`.
    edition           text,
    match_class       text,
    match_weight      double precision,
    weights_version   text,
    -- Keys of the person's row in the registry, sealed: as matched, and as the dinas said.
    match_key         bytea,
    registered_key    bytea,
    -- The obligation. While the person is matched it rests.
    obligation_state  text,
    registry          text,
    first_addressee   text,
    addressee         text,
    raised_at         timestamptz,
    due_at            timestamptz,
    -- When the next addressee up is told; NULL = nobody is waited for, or nobody is further up.
    answer_before     timestamptz,
    follow_ups        integer,
    round             integer,
    delivered_at      timestamptz,
    delivered_by      text,
    outcome_on        date,
    refusal           text,
    -- The identity was erased: nobody can be asked to enter them any more.
    erased_at         timestamptz,
    changed_at        timestamptz NOT NULL,
    CONSTRAINT registrations_key PRIMARY KEY (region_code, person_id),
    CONSTRAINT registrations_person_exists FOREIGN KEY (region_code, person_id)
        REFERENCES persons (region_code, person_id),
    CONSTRAINT registrations_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT registrations_state_is_known
        CHECK (state IN ('unchecked', 'matched', 'ambiguous', 'not_found', 'no_identity')),
    -- Whoever is served and not found is owed a report; whoever is not served is owed none.
    CONSTRAINT registrations_served_are_owed CHECK (state NOT IN ('not_found', 'no_identity')
        OR (served_at IS NOT NULL AND obligation_state IS NOT NULL)),
    CONSTRAINT registrations_unserved_are_not_owed CHECK (served_at IS NOT NULL OR obligation_state IS NULL),
    CONSTRAINT registrations_match_fits_state CHECK ((match_class IS NOT NULL) = (state = 'matched')
        AND (match_weight IS NOT NULL) = (state = 'matched') AND (weights_version IS NOT NULL) = (state = 'matched')),
    CONSTRAINT registrations_obligation_is_known CHECK (obligation_state IN ('due', 'reported', 'proposed',
        'deliberated', 'verified', 'registered', 'refused')),
    CONSTRAINT registrations_obligation_is_whole CHECK (num_nulls(obligation_state, registry, first_addressee, addressee,
        raised_at, due_at, follow_ups, round) IN (0, 8)),
    CONSTRAINT registrations_delivery_fits_obligation CHECK (
        (delivered_at IS NOT NULL) = (obligation_state IS NOT NULL AND obligation_state <> 'due')
        AND (delivered_by IS NOT NULL) = (delivered_at IS NOT NULL)
        AND (answer_before IS NULL OR obligation_state IN ('due', 'reported') AND erased_at IS NULL)),
    CONSTRAINT registrations_outcome_fits_obligation CHECK (
        (outcome_on IS NOT NULL) = (obligation_state IS NOT NULL AND obligation_state NOT IN ('due', 'reported'))
        AND (refusal IS NOT NULL) = (obligation_state IS NOT NULL AND obligation_state = 'refused'))
);

CREATE INDEX registrations_by_case ON registrations (region_code, case_id);
-- What a dinas has to do, the oldest first; its own and, for those above, what lies below.
CREATE INDEX registrations_by_addressee ON registrations (first_addressee, raised_at, region_code, person_id)
    WHERE obligation_state IS NOT NULL;
-- The same of the cases of a region, and of the nation in order.
CREATE INDEX registrations_by_region ON registrations (region_code, raised_at)
    WHERE obligation_state IS NOT NULL AND state <> 'matched' AND erased_at IS NULL;
CREATE INDEX registrations_in_order ON registrations (raised_at, region_code, person_id)
    WHERE obligation_state IS NOT NULL AND state <> 'matched' AND erased_at IS NULL;
-- What rests while somebody is matched is not looked at again and again.
CREATE INDEX registrations_unanswered ON registrations (answer_before, region_code, person_id)
    WHERE answer_before IS NOT NULL AND state <> 'matched';

-- One row a step: who was told, who took it, what became of it.
CREATE TABLE registration_log (
    region_code       text        NOT NULL,
    person_id         uuid        NOT NULL,
    -- Of the registration after the step.
    version           bigint      NOT NULL,
    state             text        NOT NULL,
    edition           text,
    obligation_state  text,
    addressee         text,
    round             integer,
    -- The day of an outcome, as the dinas said.
    outcome_on        date,
    refusal           text,
    -- Who did it: a token's subject, or a job.
    principal         text        NOT NULL,
    logged_at         timestamptz NOT NULL,
    CONSTRAINT registration_log_key PRIMARY KEY (region_code, person_id, version),
    CONSTRAINT registration_log_registration_exists FOREIGN KEY (region_code, person_id)
        REFERENCES registrations (region_code, person_id)
);

REVOKE UPDATE ON registration_log FROM serasi_app;

-- As the other tables about cases: commands and jobs work across regions; a caller sees their scope, and a dinas what is
-- addressed to it wherever the case is.
CREATE POLICY work ON registrations USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON registrations FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR first_addressee = (SELECT current_setting('serasi.scope', true))
    OR starts_with(first_addressee, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid));
CREATE POLICY work ON registration_log USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
-- The log is seen with the person it is about.
CREATE POLICY look ON registration_log FOR SELECT USING (EXISTS (SELECT 1 FROM registrations r
    WHERE r.region_code = registration_log.region_code AND r.person_id = registration_log.person_id));
ALTER TABLE registrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE registration_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
