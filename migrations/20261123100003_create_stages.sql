-- The seven stages of ATENSI (P16 Ps.18) and what is written down in them.

CREATE TABLE case_stages (
    region_code    text        NOT NULL,
    case_id        uuid        NOT NULL,
    episode        integer     NOT NULL,
    stage          text        NOT NULL,
    begun_at       timestamptz NOT NULL,
    -- Signed before then, or the next owner up is called. NULL = not before the persons are admitted.
    due_at         timestamptz,
    signed_at      timestamptz,
    -- The principal of the Pekerja Sosial with supervision competence.
    signed_by      text,
    CONSTRAINT case_stages_key PRIMARY KEY (region_code, case_id, episode, stage),
    CONSTRAINT case_stages_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT case_stages_stage_is_known CHECK (stage IN ('access', 'initial_approach', 'assessment', 'planning',
        'implementation', 'monitoring', 'aftercare')),
    CONSTRAINT case_stages_signature_is_whole CHECK ((signed_at IS NULL) = (signed_by IS NULL))
);

-- Assessments, plans, conferences, services, indicators: never changed, only added to.
CREATE TABLE case_records (
    region_code    text        NOT NULL,
    record_id      uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    episode        integer     NOT NULL,
    kind           text        NOT NULL,
    -- Whose contribution it is (P16 Ps.34).
    profession     text        NOT NULL,
    -- The principal that wrote it.
    author         text        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    -- Of P16 Ps.21.
    aspects        text[]      NOT NULL,
    bases          text[]      NOT NULL,
    forms          text[]      NOT NULL,
    -- Of P16 Ps.45.
    funding        text,
    duration_days  integer,
    -- What was found, planned, agreed: personal data, sealed.
    content        bytea       NOT NULL,
    CONSTRAINT case_records_key PRIMARY KEY (region_code, record_id),
    CONSTRAINT case_records_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT case_records_kind_is_known CHECK (kind IN ('access_review', 'initial_assessment', 'case_response',
        'initial_agreement', 'comprehensive_assessment', 'resource_map', 'service_plan', 'joint_decision',
        'case_conference', 'family_conference', 'service', 'indicators', 'aftercare_assessment', 'termination')),
    CONSTRAINT case_records_funding_is_known CHECK (funding IN ('apbn', 'apbd', 'other_lawful')),
    CONSTRAINT case_records_duration_is_positive CHECK (duration_days > 0)
);

CREATE INDEX case_records_by_case ON case_records (region_code, case_id, recorded_at, record_id);

-- How much of what was aimed at is reached, by kind of P16 Ps.24(3): one of a kind in a record.
CREATE TABLE case_indicators (
    region_code      text        NOT NULL,
    record_id        uuid        NOT NULL,
    kind             text        NOT NULL,
    achieved_percent integer     NOT NULL,
    case_id          uuid        NOT NULL,
    measured_at      timestamptz NOT NULL,
    CONSTRAINT case_indicators_key PRIMARY KEY (region_code, record_id, kind),
    CONSTRAINT case_indicators_record_exists FOREIGN KEY (region_code, record_id)
        REFERENCES case_records (region_code, record_id),
    CONSTRAINT case_indicators_kind_is_known CHECK (kind IN ('input', 'process', 'output', 'benefit', 'impact')),
    CONSTRAINT case_indicators_are_percent CHECK (achieved_percent BETWEEN 0 AND 100)
);

-- Reports ask for a period of the nation.
CREATE INDEX case_indicators_by_time ON case_indicators (measured_at);

-- Written once: erasure alone empties the words (crates/store/src/erasure.rs).
REVOKE UPDATE ON case_records, case_indicators FROM serasi_app;
GRANT UPDATE (content) ON case_records TO serasi_app;

-- Row-level security as 20261123090001 has it.
CREATE POLICY work ON case_stages USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON case_stages FOR SELECT USING ((SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = case_stages.region_code AND c.case_id = case_stages.case_id
            AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
                IN (CASE WHEN c.owner_kind = 'facility' THEN c.owner_reference END, c.facility_reference,
                    c.transfer_facility_reference)));
ALTER TABLE case_stages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work ON case_records USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON case_records FOR SELECT USING ((SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = case_records.region_code AND c.case_id = case_records.case_id
            AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
                IN (CASE WHEN c.owner_kind = 'facility' THEN c.owner_reference END, c.facility_reference,
                    c.transfer_facility_reference)));
ALTER TABLE case_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work ON case_indicators USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON case_indicators FOR SELECT USING ((SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = case_indicators.region_code AND c.case_id = case_indicators.case_id
            AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
                IN (CASE WHEN c.owner_kind = 'facility' THEN c.owner_reference END, c.facility_reference,
                    c.transfer_facility_reference)));
ALTER TABLE case_indicators ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
