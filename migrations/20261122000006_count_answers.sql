-- How facilities answer, for the preference `answer_record`.

-- How a facility has answered of late (AnswerRecord of serasi-domain); no row = never asked.
CREATE TABLE answer_records (
    region_code           text        NOT NULL,
    facility_id           uuid        NOT NULL,
    version               bigint      NOT NULL,
    median_answer_minutes integer,
    false_full            integer     NOT NULL,
    changed_at            timestamptz NOT NULL,
    -- When it was last counted, whether or not anything was new.
    counted_at            timestamptz NOT NULL,
    CONSTRAINT answer_records_key PRIMARY KEY (region_code, facility_id),
    CONSTRAINT answer_records_facility_exists FOREIGN KEY (region_code, facility_id)
        REFERENCES facilities (region_code, facility_id),
    CONSTRAINT answer_records_not_negative CHECK (median_answer_minutes >= 0 AND false_full >= 0)
);

CREATE TABLE answer_log (
    region_code           text        NOT NULL,
    facility_id           uuid        NOT NULL,
    version               bigint      NOT NULL,
    median_answer_minutes integer,
    false_full            integer     NOT NULL,
    changed_at            timestamptz NOT NULL,
    xid                   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT answer_log_key PRIMARY KEY (region_code, facility_id, version)
);

CREATE INDEX answer_log_by_transaction ON answer_log (xid);

CREATE INDEX answer_records_by_count ON answer_records (counted_at);

-- Whose answers are new is asked every few minutes.
CREATE INDEX offers_by_answer ON offers (answered_at) WHERE answered_at IS NOT NULL;
