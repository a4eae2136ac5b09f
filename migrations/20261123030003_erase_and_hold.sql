-- The end of personal data: erased when their time is over, kept while somebody must have them.

ALTER TABLE cases
    -- Classes of personal data that were erased.
    ADD COLUMN erased text[] NOT NULL DEFAULT '{}';

-- The retention job looks for cases that ended long ago. A case that has ended does not change any more, so
-- `changed_at` is when it ended.
CREATE INDEX cases_ended ON cases (changed_at, region_code, case_id)
    WHERE state IN ('closed', 'resolved_directly') AND cardinality(erased) < 4;

CREATE TABLE legal_holds (
    region_code    text        NOT NULL,
    hold_id        uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    reason         text        NOT NULL,
    -- Free text: sealed.
    note           bytea,
    set_at         timestamptz NOT NULL,
    set_by         text        NOT NULL,
    lifted_at      timestamptz,
    lifted_by      text,
    CONSTRAINT legal_holds_key PRIMARY KEY (region_code, hold_id),
    CONSTRAINT legal_holds_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT legal_holds_reason_is_known
        CHECK (reason IN ('court_order', 'investigation', 'audit', 'dispute')),
    CONSTRAINT legal_holds_lifting_is_told CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

CREATE UNIQUE INDEX legal_holds_one_per_case ON legal_holds (region_code, case_id) WHERE lifted_at IS NULL;
