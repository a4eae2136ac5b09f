-- Policies as versioned data. National by purpose, like `source_keys`: one law holds for every region, so the version
-- itself is the key and every shard has a copy. A version never changes; only its state does.
CREATE TABLE policies (
    version        text        NOT NULL,
    content        jsonb       NOT NULL,
    -- SHA-256 of the content as JSON with sorted keys.
    digest         bytea       NOT NULL,
    state          text        NOT NULL,
    -- Grows with every change of state.
    revision       bigint      NOT NULL,
    created_at     timestamptz NOT NULL,
    created_by     text        NOT NULL,
    activated_at   timestamptz,
    activated_by   text,
    retired_at     timestamptz,
    CONSTRAINT policies_key PRIMARY KEY (version),
    CONSTRAINT policies_state_is_known CHECK (state IN ('draft', 'active', 'retired')),
    CONSTRAINT policies_digest_is_sha256 CHECK (length(digest) = 32),
    CONSTRAINT policies_activation_is_told CHECK (
        (state = 'draft') = (activated_at IS NULL) AND (activated_at IS NULL) = (activated_by IS NULL)),
    CONSTRAINT policies_retirement_is_told CHECK ((state = 'retired') = (retired_at IS NOT NULL))
);

-- New cases follow one policy.
CREATE UNIQUE INDEX policies_one_active ON policies (state) WHERE state = 'active';

CREATE INDEX policies_by_age ON policies (created_at, version);
