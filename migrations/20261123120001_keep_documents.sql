-- Documents of a case as references: where the file is and what its digest is stand sealed; the hub keeps no files.

CREATE TABLE documents (
    region_code  text        NOT NULL,
    document_id  uuid        NOT NULL,
    case_id      uuid        NOT NULL,
    kind         text        NOT NULL,
    -- DocumentReference of serasi-domain, sealed; empty = forgotten.
    content      bytea       NOT NULL,
    added_at     timestamptz NOT NULL,
    added_by     text        NOT NULL,
    removed_at   timestamptz,
    removed_by   text,
    CONSTRAINT documents_key PRIMARY KEY (region_code, document_id),
    CONSTRAINT documents_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT documents_kind_is_known CHECK (kind IN ('surat_dinsos', 'kk', 'ktp', 'akta_lahir', 'pasfoto',
        'surat_sehat', 'surat_psikiater', 'surat_polisi', 'laporan_sosial', 'persetujuan', 'other')),
    CONSTRAINT documents_removal_is_whole CHECK ((removed_at IS NULL) = (removed_by IS NULL))
);

CREATE INDEX documents_by_case ON documents (region_code, case_id, added_at);

ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work ON documents USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
-- As the persons of the case: see 20261123090001.
CREATE POLICY look ON documents FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = documents.region_code AND c.case_id = documents.case_id AND c.owner_kind = 'facility'
            AND c.owner_reference = (SELECT NULLIF(current_setting('serasi.facility', true), ''))));
