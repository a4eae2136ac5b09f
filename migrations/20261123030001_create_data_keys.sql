-- Keys of sealed data. Three layers: a key-encryption key outside the database wraps the data keys, one per region and
-- class; a data key wraps the keys of its subjects, one per person (or case) and class; a subject's key seals what is
-- known of them. Whoever destroys a subject's key has erased the subject.

CREATE TABLE data_keys (
    region_code    text        NOT NULL,
    data_key_id    uuid        NOT NULL,
    class          text        NOT NULL,
    -- Grows with every rotation.
    version        integer     NOT NULL,
    -- The key-encryption key that wraps it: `file`, or `transit:<mount>/<key>`, and its version there.
    kek_id         text        NOT NULL,
    kek_version    integer     NOT NULL,
    wrapped        bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    -- Set by a rotation: what it wraps is being wrapped anew, then the row is deleted.
    retired_at     timestamptz,
    CONSTRAINT data_keys_key PRIMARY KEY (region_code, data_key_id),
    CONSTRAINT data_keys_version_is_unique UNIQUE (region_code, class, version),
    CONSTRAINT data_keys_class_is_known CHECK (class IN ('identity', 'contact', 'story', 'assessment')),
    CONSTRAINT data_keys_versions_are_counted CHECK (version > 0 AND kek_version > 0)
);

CREATE UNIQUE INDEX data_keys_one_active ON data_keys (region_code, class) WHERE retired_at IS NULL;

CREATE TABLE subject_keys (
    region_code    text        NOT NULL,
    -- A person (identity, contact) or a case (story, assessment).
    subject_id     uuid        NOT NULL,
    class          text        NOT NULL,
    case_id        uuid        NOT NULL,
    key_id         uuid        NOT NULL,
    -- NULL = destroyed: what it sealed is erased. The row stays, so that nobody makes the subject a new key.
    data_key_id    uuid,
    wrapped        bytea,
    created_at     timestamptz NOT NULL,
    erased_at      timestamptz,
    CONSTRAINT subject_keys_key PRIMARY KEY (region_code, subject_id, class),
    -- A data key goes only when it wraps nothing any more.
    CONSTRAINT subject_keys_data_key_exists FOREIGN KEY (region_code, data_key_id)
        REFERENCES data_keys (region_code, data_key_id),
    CONSTRAINT subject_keys_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT subject_keys_class_is_known CHECK (class IN ('identity', 'contact', 'story', 'assessment')),
    CONSTRAINT subject_keys_erased_means_gone
        CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL) AND (wrapped IS NULL) = (data_key_id IS NULL))
);

CREATE INDEX subject_keys_by_case ON subject_keys (region_code, case_id);
-- A rotation goes through what one data key wraps.
CREATE INDEX subject_keys_by_data_key ON subject_keys (region_code, data_key_id);

-- What the index keys make of a fixed text, so that a wrong key file is told at start and not by people who are not
-- found. National by purpose, like `policies`. The keys themselves are never here.
CREATE TABLE index_key_checks (
    key_version    integer     NOT NULL,
    check_value    bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT index_key_checks_key PRIMARY KEY (key_version)
);
