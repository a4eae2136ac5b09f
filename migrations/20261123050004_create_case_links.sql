-- Cases that are the same as another: each follows its main case, and what it was before stands here, so that a wrong link
-- can be undone without a trace on either.

CREATE TABLE case_links (
    region_code      text        NOT NULL,
    -- The case that follows.
    case_id          uuid        NOT NULL,
    main_region      text        NOT NULL,
    main_case_id     uuid        NOT NULL,
    linked_at        timestamptz NOT NULL,
    -- How it stood before.
    state            text        NOT NULL,
    owner_kind       text        NOT NULL,
    owner_reference  text        NOT NULL,
    next_deadline    timestamptz NOT NULL,
    waiting_since    timestamptz,
    CONSTRAINT case_links_key PRIMARY KEY (region_code, case_id),
    CONSTRAINT case_links_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT case_links_state_is_known CHECK (state IN ('received', 'triaged', 'waiting', 'no_candidate')),
    CONSTRAINT case_links_owner_is_known CHECK (owner_kind IN ('coordinator', 'facility')),
    CONSTRAINT case_links_waiting_fits_state
        CHECK ((waiting_since IS NOT NULL) = (state IN ('waiting', 'no_candidate')))
);

CREATE INDEX case_links_by_main ON case_links (main_region, main_case_id);
