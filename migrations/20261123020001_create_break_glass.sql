-- Masked cases that somebody opened because they had to. A new table only: the previous release does not know it.

CREATE TABLE break_glass (
    region_code     text        NOT NULL,
    break_glass_id  uuid        NOT NULL,
    version         bigint      NOT NULL,
    case_id         uuid        NOT NULL,
    -- To whom alone the case is open.
    principal       text        NOT NULL,
    reason          text        NOT NULL,
    -- What the opener wrote: sealed.
    words           bytea       NOT NULL,
    opened_at       timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    review_before   timestamptz NOT NULL,
    reviewed_at     timestamptz,
    reviewed_by     text,
    verdict         text,
    -- What the reviewer wrote: sealed.
    review_words    bytea,
    CONSTRAINT break_glass_key PRIMARY KEY (region_code, break_glass_id),
    CONSTRAINT break_glass_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT break_glass_is_brief CHECK (expires_at > opened_at AND expires_at <= opened_at + interval '4 hours'),
    CONSTRAINT break_glass_review_is_whole CHECK (
        (reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (verdict IS NULL)
        AND (reviewed_at IS NULL) = (review_words IS NULL)),
    CONSTRAINT break_glass_second_person CHECK (reviewed_by <> principal)
);

-- Every look at a masked case asks whether it is open to the one who looks.
CREATE INDEX break_glass_by_case ON break_glass (region_code, case_id, principal, expires_at);
-- Those that wait for a second person.
CREATE INDEX break_glass_unreviewed ON break_glass (opened_at, region_code, break_glass_id) WHERE reviewed_at IS NULL;
CREATE INDEX break_glass_by_time ON break_glass (opened_at, region_code, break_glass_id);
