-- Cases, reports, persons, and the chain offer -> placement. All of a case lives in the case's home region.

CREATE TABLE cases (
    region_code      text        NOT NULL,
    case_id          uuid        NOT NULL,
    version          bigint      NOT NULL,
    state            text        NOT NULL,
    channel          text        NOT NULL,
    urgency          text        NOT NULL,
    cluster          text,
    source_system    text        NOT NULL,
    source_ref       text        NOT NULL,
    -- CaseFacts of serasi-domain: what routing needs; nothing that identifies a person.
    facts            jsonb       NOT NULL,
    owner_kind       text        NOT NULL,
    owner_reference  text        NOT NULL,
    next_deadline    timestamptz,
    policy_version   text        NOT NULL,
    refusals         integer     NOT NULL,
    -- In the state that has one: the live offer, the placement.
    offer_id         uuid,
    placement_id     uuid,
    waiting_since    timestamptz,
    -- What was done, in words: sealed.
    resolution       bytea,
    created_at       timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    CONSTRAINT cases_key PRIMARY KEY (region_code, case_id),
    CONSTRAINT cases_source_is_unique UNIQUE (region_code, source_system, source_ref),
    CONSTRAINT cases_state_is_known CHECK (state IN ('received', 'triaged', 'offered', 'waiting', 'no_candidate',
        'placed', 'in_service', 'aftercare', 'closed', 'resolved_directly')),
    CONSTRAINT cases_channel_is_known CHECK (channel IN ('complaint', 'outreach', 'referral')),
    CONSTRAINT cases_urgency_is_known CHECK (urgency IN ('regular', 'urgent', 'emergency')),
    CONSTRAINT cases_cluster_is_known
        CHECK (cluster IN ('anak', 'disabilitas', 'tuna_sosial_kpo', 'napza', 'lansia')),
    CONSTRAINT cases_owner_is_known CHECK (owner_kind IN ('coordinator', 'facility')),
    CONSTRAINT cases_open_means_deadline
        CHECK ((next_deadline IS NULL) = (state IN ('closed', 'resolved_directly'))),
    CONSTRAINT cases_only_received_without_cluster CHECK (cluster IS NOT NULL OR state IN ('received', 'closed')),
    CONSTRAINT cases_offer_fits_state CHECK ((offer_id IS NOT NULL) = (state = 'offered')),
    CONSTRAINT cases_placement_fits_state
        CHECK (state = 'closed' OR (placement_id IS NOT NULL) = (state IN ('placed', 'in_service', 'aftercare'))),
    CONSTRAINT cases_waiting_fits_state
        CHECK ((waiting_since IS NOT NULL) = (state IN ('waiting', 'no_candidate')))
);

CREATE INDEX cases_by_age ON cases (created_at, region_code, case_id);
CREATE INDEX cases_by_state ON cases (region_code, state, created_at);
-- Cases nobody was found for are tried again when places free up or facilities come.
CREATE INDEX cases_waiting ON cases (waiting_since) WHERE state IN ('waiting', 'no_candidate');

-- What was sent, as it was sent: personal data, sealed.
CREATE TABLE intakes (
    region_code    text        NOT NULL,
    intake_id      uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    content        bytea       NOT NULL,
    received_at    timestamptz NOT NULL,
    received_from  text        NOT NULL,
    CONSTRAINT intakes_key PRIMARY KEY (region_code, intake_id),
    CONSTRAINT intakes_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id)
);

CREATE INDEX intakes_by_case ON intakes (region_code, case_id);

CREATE TABLE persons (
    region_code    text        NOT NULL,
    person_id      uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    -- Order in which the report named them.
    position       integer     NOT NULL,
    -- True until a NIK is bound.
    provisional    boolean     NOT NULL,
    -- Person of serasi-domain, sealed.
    content        bytea       NOT NULL,
    CONSTRAINT persons_key PRIMARY KEY (region_code, person_id),
    CONSTRAINT persons_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id)
);

CREATE INDEX persons_by_case ON persons (region_code, case_id, position);

CREATE TABLE decisions (
    region_code    text        NOT NULL,
    decision_id    uuid        NOT NULL,
    case_id        uuid        NOT NULL,
    decided_at     timestamptz NOT NULL,
    outcome        text        NOT NULL,
    policy_version text        NOT NULL,
    -- Decision of serasi-domain as JSON, byte for byte as it was made.
    record         bytea       NOT NULL,
    CONSTRAINT decisions_key PRIMARY KEY (region_code, decision_id),
    CONSTRAINT decisions_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT decisions_outcome_is_known CHECK (outcome IN ('offered', 'asked', 'waiting', 'no_candidate'))
);

CREATE INDEX decisions_by_case ON decisions (region_code, case_id, decided_at);

CREATE TABLE offers (
    region_code      text        NOT NULL,
    offer_id         uuid        NOT NULL,
    version          bigint      NOT NULL,
    state            text        NOT NULL,
    case_id          uuid        NOT NULL,
    facility_region  text        NOT NULL,
    facility_id      uuid        NOT NULL,
    facility_name    text        NOT NULL,
    attempt          integer     NOT NULL,
    places           integer     NOT NULL,
    base             text        NOT NULL,
    cluster          text        NOT NULL,
    sex              text        NOT NULL,
    holds_places     boolean     NOT NULL,
    tier             text        NOT NULL,
    travel_minutes   integer     NOT NULL,
    decision_id      uuid        NOT NULL,
    -- PartyMember list of serasi-domain: sex, age, access; nothing that identifies.
    party            jsonb       NOT NULL,
    documents        text[]      NOT NULL,
    offered_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    seen_at          timestamptz,
    answered_at      timestamptz,
    decline_reason   text,
    -- Free text of a decline: sealed.
    decline_note     bytea,
    CONSTRAINT offers_key PRIMARY KEY (region_code, offer_id),
    CONSTRAINT offers_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id),
    CONSTRAINT offers_state_is_known
        CHECK (state IN ('offered', 'seen', 'accepted', 'declined', 'expired', 'withdrawn')),
    CONSTRAINT offers_answer_fits_state CHECK ((answered_at IS NULL) = (state IN ('offered', 'seen'))),
    CONSTRAINT offers_reason_fits_state CHECK ((decline_reason IS NOT NULL) = (state = 'declined')),
    CONSTRAINT offers_places_are_counted CHECK (places BETWEEN 1 AND 50)
);

-- One facility at a time is asked for a case.
CREATE UNIQUE INDEX offers_one_live_per_case ON offers (region_code, case_id) WHERE state IN ('offered', 'seen');
CREATE INDEX offers_by_case ON offers (region_code, case_id, offered_at);
CREATE INDEX offers_by_facility ON offers (facility_region, facility_id, offered_at);
-- The expiry job looks for what is due.
CREATE INDEX offers_due ON offers (expires_at) WHERE state IN ('offered', 'seen');

CREATE TABLE placements (
    region_code      text        NOT NULL,
    placement_id     uuid        NOT NULL,
    version          bigint      NOT NULL,
    state            text        NOT NULL,
    case_id          uuid        NOT NULL,
    offer_id         uuid        NOT NULL,
    facility_region  text        NOT NULL,
    facility_id      uuid        NOT NULL,
    places           integer     NOT NULL,
    base             text        NOT NULL,
    cluster          text        NOT NULL,
    sex              text        NOT NULL,
    reserved_at      timestamptz NOT NULL,
    admit_before     timestamptz NOT NULL,
    admitted_at      timestamptz,
    discharged_at    timestamptz,
    destination      text,
    CONSTRAINT placements_key PRIMARY KEY (region_code, placement_id),
    CONSTRAINT placements_one_per_offer UNIQUE (region_code, offer_id),
    CONSTRAINT placements_offer_exists FOREIGN KEY (region_code, offer_id) REFERENCES offers (region_code, offer_id),
    CONSTRAINT placements_state_is_known CHECK (state IN ('reserved', 'admitted', 'discharged')),
    CONSTRAINT placements_times_fit_state CHECK (
        (admitted_at IS NOT NULL) = (state IN ('admitted', 'discharged'))
        AND (discharged_at IS NOT NULL) = (state = 'discharged')
        AND (destination IS NOT NULL) = (state = 'discharged'))
);

CREATE UNIQUE INDEX placements_one_open_per_case ON placements (region_code, case_id)
    WHERE state IN ('reserved', 'admitted');
CREATE INDEX placements_by_facility ON placements (facility_region, facility_id, reserved_at);

-- Places taken by the hub, in the facility's region: the pools' `held` and the hub's part of `occupied` are the sums.
CREATE TABLE holds (
    region_code    text        NOT NULL,
    -- The offer's id.
    hold_id        uuid        NOT NULL,
    facility_id    uuid        NOT NULL,
    base           text        NOT NULL,
    cluster        text        NOT NULL,
    sex            text        NOT NULL,
    case_region    text        NOT NULL,
    case_id        uuid        NOT NULL,
    places         integer     NOT NULL,
    state          text        NOT NULL,
    held_at        timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT holds_key PRIMARY KEY (region_code, hold_id),
    CONSTRAINT holds_pool_exists FOREIGN KEY (region_code, facility_id, base, cluster, sex)
        REFERENCES capacity_pools (region_code, facility_id, base, cluster, sex),
    CONSTRAINT holds_state_is_known CHECK (state IN ('held', 'occupied', 'released')),
    CONSTRAINT holds_places_are_counted CHECK (places BETWEEN 1 AND 50)
);

CREATE UNIQUE INDEX holds_one_per_case ON holds (region_code, case_region, case_id) WHERE state = 'held';
CREATE INDEX holds_by_facility ON holds (region_code, facility_id) WHERE state <> 'released';

-- Facilities that are not asked again for a case.
CREATE TABLE case_exclusions (
    region_code      text        NOT NULL,
    case_id          uuid        NOT NULL,
    facility_region  text        NOT NULL,
    facility_id      uuid        NOT NULL,
    reason           text        NOT NULL,
    excluded_at      timestamptz NOT NULL,
    -- NULL = for good.
    excluded_until   timestamptz,
    CONSTRAINT case_exclusions_key PRIMARY KEY (region_code, case_id, facility_region, facility_id),
    CONSTRAINT case_exclusions_case_exists FOREIGN KEY (region_code, case_id) REFERENCES cases (region_code, case_id)
);
