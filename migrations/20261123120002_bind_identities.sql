-- Whose NIK it is: bound by somebody, on some evidence, and unbound when it was wrong. What was reported never changes.
-- A NIK that came with the report becomes a row when it is unbound.

CREATE TABLE identity_bindings (
    region_code    text        NOT NULL,
    binding_id     uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    -- Sealed with the identity of the person; empty = erased.
    nik            bytea       NOT NULL,
    evidence       text        NOT NULL,
    bound_at       timestamptz NOT NULL,
    bound_by       text        NOT NULL,
    unbound_at     timestamptz,
    unbound_by     text,
    unbind_reason  text,
    CONSTRAINT identity_bindings_key PRIMARY KEY (region_code, binding_id),
    CONSTRAINT identity_bindings_person_exists FOREIGN KEY (region_code, person_id)
        REFERENCES persons (region_code, person_id),
    CONSTRAINT identity_bindings_evidence_is_known
        CHECK (evidence IN ('report', 'ktp', 'kk', 'registry', 'biometric', 'relative', 'other')),
    CONSTRAINT identity_bindings_reason_is_known
        CHECK (unbind_reason IN ('other_person', 'typing_error', 'false_papers', 'withdrawn', 'other')),
    CONSTRAINT identity_bindings_end_is_whole CHECK (
        (unbound_at IS NULL) = (unbound_by IS NULL) AND (unbound_at IS NULL) = (unbind_reason IS NULL))
);

CREATE UNIQUE INDEX identity_bindings_one_holds ON identity_bindings (region_code, person_id) WHERE unbound_at IS NULL;
CREATE INDEX identity_bindings_by_case ON identity_bindings (region_code, case_id);

ALTER TABLE identity_bindings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work_on_persons ON identity_bindings USING ((SELECT current_setting('serasi.persons', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.persons', true)) = 'on');
-- As the persons of the case: see 20261123090001.
CREATE POLICY look ON identity_bindings FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = identity_bindings.region_code AND c.case_id = identity_bindings.case_id
            AND c.owner_kind = 'facility'
            AND c.owner_reference = (SELECT NULLIF(current_setting('serasi.facility', true), ''))));
