-- The directory: facilities and their places. The region code leads every key (guarantees, rule 10) and never changes.

CREATE TABLE facilities (
    region_code    text        NOT NULL,
    facility_id    uuid        NOT NULL,
    version        bigint      NOT NULL,
    state          text        NOT NULL,
    kind           text        NOT NULL,
    name           text        NOT NULL,
    -- Where it stands: regency, district or village; inside region_code.
    place_code     text        NOT NULL,
    source_system  text        NOT NULL,
    source_ref     text        NOT NULL,
    clusters       text[]      NOT NULL,
    -- FacilityProfile of serasi-domain: what the directory says, read and written as a whole.
    profile        jsonb       NOT NULL,
    state_reason   text,
    state_until    timestamptz,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT facilities_key PRIMARY KEY (region_code, facility_id),
    CONSTRAINT facilities_source_is_unique UNIQUE (region_code, source_system, source_ref),
    CONSTRAINT facilities_state_is_known CHECK (state IN ('active', 'suspended', 'closed')),
    CONSTRAINT facilities_reason_where_needed CHECK ((state = 'active') = (state_reason IS NULL)),
    CONSTRAINT facilities_place_lies_in_region CHECK (place_code = region_code OR place_code LIKE region_code || '.%')
);

-- The board polls what changed.
CREATE INDEX facilities_by_change ON facilities (changed_at);

CREATE TABLE capacity_pools (
    region_code    text        NOT NULL,
    facility_id    uuid        NOT NULL,
    base           text        NOT NULL,
    -- 'any' = not limited.
    cluster        text        NOT NULL,
    sex            text        NOT NULL,
    total          integer     NOT NULL,
    occupied       integer     NOT NULL,
    held           integer     NOT NULL,
    free           integer     NOT NULL,
    overflow       integer     NOT NULL,
    -- Promised places that a report took away; only reports set it.
    shortfall      integer     NOT NULL,
    observed_at    timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL,
    source         text        NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT capacity_pools_key PRIMARY KEY (region_code, facility_id, base, cluster, sex),
    CONSTRAINT capacity_pools_facility_exists FOREIGN KEY (region_code, facility_id)
        REFERENCES facilities (region_code, facility_id),
    CONSTRAINT capacity_pools_add_up CHECK (total = occupied + held + free),
    CONSTRAINT capacity_pools_not_negative
        CHECK (total >= 0 AND occupied >= 0 AND held >= 0 AND overflow >= 0 AND shortfall >= 0),
    -- No bed is promised twice: the hub never takes more than is there, overflow included.
    CONSTRAINT capacity_pools_not_overbooked CHECK (free >= -(overflow + shortfall)),
    CONSTRAINT capacity_pools_base_is_known CHECK (base IN ('keluarga', 'komunitas', 'residensial')),
    CONSTRAINT capacity_pools_cluster_is_known
        CHECK (cluster IN ('any', 'anak', 'disabilitas', 'tuna_sosial_kpo', 'napza', 'lansia')),
    CONSTRAINT capacity_pools_sex_is_known CHECK (sex IN ('any', 'female', 'male')),
    CONSTRAINT capacity_pools_source_is_known CHECK (source IN ('facility', 'import', 'decline'))
);

CREATE INDEX capacity_pools_by_change ON capacity_pools (changed_at);
