-- The code with which a reporter asks how it goes: sealed with the words of the case, and found by a keyed index, so that
-- who reads the database learns no code.

CREATE TABLE public_codes (
    region_code  text    NOT NULL,
    case_id      uuid    NOT NULL,
    -- Empty = erased.
    code         bytea   NOT NULL,
    CONSTRAINT public_codes_key PRIMARY KEY (region_code, case_id),
    CONSTRAINT public_codes_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id)
);

-- National: whoever asks does not say where the case is. One row for each version of the index key.
CREATE TABLE public_code_index (
    blind_index  bytea   NOT NULL,
    key_version  integer NOT NULL,
    region_code  text    NOT NULL,
    case_id      uuid    NOT NULL,
    CONSTRAINT public_code_index_key PRIMARY KEY (blind_index)
);

CREATE INDEX public_code_index_by_case ON public_code_index (region_code, case_id);
CREATE INDEX public_code_index_by_version ON public_code_index (key_version);

GRANT DELETE ON public_code_index TO serasi_app;

ALTER TABLE public_codes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public_code_index ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work ON public_codes USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY work ON public_code_index USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
