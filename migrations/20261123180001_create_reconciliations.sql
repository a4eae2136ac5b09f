-- Runs of a registry's rows against persons (P16 Ps.35-36), how far each is, and the rows that came near somebody.

CREATE TABLE reconciliations (
    -- Of who began it: their regency, or where the nation's records are.
    region_code       text        NOT NULL,
    -- Chosen by the client: the same id goes on.
    reconciliation_id uuid        NOT NULL,
    version           bigint      NOT NULL,
    -- Only persons at home here are looked for.
    scope             text        NOT NULL,
    registry          text        NOT NULL,
    edition           text        NOT NULL,
    kind              text        NOT NULL,
    state             text        NOT NULL,
    -- SHA-256 of what the rows come from.
    source_digest     bytea       NOT NULL,
    principal         text        NOT NULL,
    weights_version   text        NOT NULL,
    -- All rows up to this number are kept.
    last_row          bigint      NOT NULL,
    rows_read         bigint      NOT NULL,
    rows_refused      bigint      NOT NULL,
    rows_exact        bigint      NOT NULL,
    rows_probable     bigint      NOT NULL,
    rows_ambiguous    bigint      NOT NULL,
    -- All persons up to this one are decided on.
    decided_region    text,
    decided_person    uuid,
    persons_decided   bigint      NOT NULL,
    persons_matched   bigint      NOT NULL,
    persons_ambiguous bigint      NOT NULL,
    persons_not_found bigint      NOT NULL,
    persons_left      bigint      NOT NULL,
    started_at        timestamptz NOT NULL,
    changed_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    CONSTRAINT reconciliations_key PRIMARY KEY (region_code, reconciliation_id),
    CONSTRAINT reconciliations_state_is_known CHECK (state IN ('open', 'deciding', 'done', 'abandoned')),
    CONSTRAINT reconciliations_kind_is_known CHECK (kind IN ('snapshot', 'delta')),
    CONSTRAINT reconciliations_end_fits_state CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'abandoned'))),
    CONSTRAINT reconciliations_decided_is_whole CHECK ((decided_region IS NULL) = (decided_person IS NULL)),
    CONSTRAINT reconciliations_rows_add_up
        CHECK (rows_refused + rows_exact + rows_probable + rows_ambiguous <= rows_read AND rows_read <= last_row)
);

-- Two at a time would count each other's matches as changes.
CREATE UNIQUE INDEX reconciliations_one_open ON reconciliations (region_code, scope, registry)
    WHERE state IN ('open', 'deciding');
CREATE INDEX reconciliations_by_start ON reconciliations (started_at, region_code, reconciliation_id);

-- Rows that may be a person: how far the fields agree, never what they hold. The row's key in the registry is sealed
-- under the person's own key. What was not chosen goes when the person is decided on.
CREATE TABLE reconciliation_candidates (
    region_code       text        NOT NULL,
    person_id         uuid        NOT NULL,
    reconciliation_id uuid        NOT NULL,
    row_number        bigint      NOT NULL,
    -- One byte a field.
    levels            bytea       NOT NULL,
    bits              real        NOT NULL,
    name_bits         real        NOT NULL,
    mother_name_bits  real        NOT NULL,
    registry_key      bytea       NOT NULL,
    -- Set when the person is decided on.
    result            text,
    weight            double precision,
    probability       double precision,
    -- Field by field: the level and its weight.
    why               jsonb,
    CONSTRAINT reconciliation_candidates_key PRIMARY KEY (region_code, person_id, reconciliation_id, row_number),
    CONSTRAINT reconciliation_candidates_registration_exists FOREIGN KEY (region_code, person_id)
        REFERENCES registrations (region_code, person_id),
    CONSTRAINT reconciliation_candidates_result_is_known
        CHECK (result IN ('exact', 'probable', 'ambiguous', 'rejected')),
    CONSTRAINT reconciliation_candidates_result_is_whole CHECK (num_nulls(result, weight, probability, why) IN (0, 4))
);

CREATE INDEX reconciliation_candidates_by_row ON reconciliation_candidates (reconciliation_id, row_number, person_id);

GRANT DELETE ON reconciliation_candidates TO serasi_app;

-- Why a link was undone, and how sure one was.
ALTER TABLE registration_log ADD COLUMN match_class text, ADD COLUMN undo_reason text;

CREATE POLICY work ON reconciliations USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON reconciliations FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR scope = (SELECT current_setting('serasi.scope', true))
    OR starts_with(scope, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.')));
CREATE POLICY work ON reconciliation_candidates USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON reconciliation_candidates FOR SELECT USING (EXISTS (SELECT 1 FROM registrations r
    WHERE r.region_code = reconciliation_candidates.region_code
        AND r.person_id = reconciliation_candidates.person_id));
ALTER TABLE reconciliations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE reconciliation_candidates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
