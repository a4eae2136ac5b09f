-- Cases that are the same as another: each follows its main case, and what it was before stands here, so that a wrong link
-- can be undone without a trace on either.

CREATE TABLE case_links (
    region_code      text        NOT NULL,
    -- The case that follows.
    case_id          uuid        NOT NULL,
    main_region      text        NOT NULL,
    main_case_id     uuid        NOT NULL,
    linked_at        timestamptz NOT NULL,
    -- NULL = it follows still.
    unlinked_at      timestamptz,
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

-- Row-level security as 20261123090001 has it.
-- Who sees one of the two cases sees that they are linked.
CREATE POLICY work ON case_links USING ((SELECT current_setting('serasi.work', true)) = 'on')
    WITH CHECK ((SELECT current_setting('serasi.work', true)) = 'on');
CREATE POLICY look ON case_links FOR SELECT USING ((SELECT current_setting('serasi.scope', true)) = 'ID'
    OR region_code = (SELECT current_setting('serasi.scope', true))
    OR starts_with(region_code, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid)
    OR EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = case_links.region_code AND c.case_id = case_links.case_id
            AND (SELECT NULLIF(current_setting('serasi.facility', true), ''))
                IN (CASE WHEN c.owner_kind = 'facility' THEN c.owner_reference END, c.facility_reference,
                    c.transfer_facility_reference))
    OR main_region = (SELECT current_setting('serasi.scope', true))
    OR starts_with(main_region, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.'))
    OR main_case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid));
ALTER TABLE case_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
