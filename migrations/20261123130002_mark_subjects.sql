-- Persons whose processing is suspended (UU 27/2022 Ps. 11, 41), and persons whom access would endanger (Ps. 33).

CREATE TABLE subject_marks (
    region_code    text        NOT NULL,
    mark_id        uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    kind           text        NOT NULL,
    set_at         timestamptz NOT NULL,
    set_by         text        NOT NULL,
    lifted_at      timestamptz,
    lifted_by      text,
    CONSTRAINT subject_marks_key PRIMARY KEY (region_code, mark_id),
    CONSTRAINT subject_marks_person_exists
        FOREIGN KEY (region_code, person_id) REFERENCES persons (region_code, person_id),
    CONSTRAINT subject_marks_kind_is_known CHECK (kind IN ('frozen', 'access_endangers')),
    CONSTRAINT subject_marks_lifting_is_told CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

CREATE UNIQUE INDEX subject_marks_one_of_a_kind ON subject_marks (region_code, person_id, kind)
    WHERE lifted_at IS NULL;

-- True = somebody of the case is frozen. With the case, so that whoever reads it cannot forget to ask.
ALTER TABLE cases ADD COLUMN frozen boolean NOT NULL DEFAULT false;

CREATE POLICY work ON subject_marks USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON subject_marks FOR SELECT USING (
    (SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.')));
ALTER TABLE subject_marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
