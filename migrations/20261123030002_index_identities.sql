-- Finding a person without their plain number or name. Both tables are keyed and sharded by the keyed index, not by
-- region (guarantees, rule 13): the same NIK may come in anywhere.

ALTER TABLE persons
    -- Telephone and address, sealed apart from the identity: they have another key and another time. NULL = none known,
    -- or still in `content`, as the previous release writes it.
    ADD COLUMN contact bytea,
    -- Newest index key under which the person can be found; 0 = none.
    ADD COLUMN index_version integer NOT NULL DEFAULT 0;

-- HMAC-SHA-256 (first 16 bytes) of a NIK or a telephone number under a key that is not in the database.
CREATE TABLE identity_index (
    blind_index    bytea       NOT NULL,
    kind           text        NOT NULL,
    key_version    integer     NOT NULL,
    region_code    text        NOT NULL,
    person_id      uuid        NOT NULL,
    CONSTRAINT identity_index_key PRIMARY KEY (blind_index, region_code, person_id),
    CONSTRAINT identity_index_kind_is_known CHECK (kind IN ('nik', 'phone'))
);

CREATE INDEX identity_index_by_person ON identity_index (region_code, person_id);

-- HMAC of how a word of the name sounds, with the year of birth, cut to so few bits that different people share a
-- token: a hint for linkage, never proof.
CREATE TABLE name_index (
    token          integer     NOT NULL,
    key_version    integer     NOT NULL,
    region_code    text        NOT NULL,
    person_id      uuid        NOT NULL,
    CONSTRAINT name_index_key PRIMARY KEY (token, key_version, region_code, person_id)
);

CREATE INDEX name_index_by_person ON name_index (region_code, person_id);
