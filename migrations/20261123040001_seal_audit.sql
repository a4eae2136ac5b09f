-- The audit log becomes one that an outsider can check: one Merkle tree (RFC 6962) per regency, sealed by a job shortly
-- after the act, with signed heads that leave the database.

-- Entries that wait for their place in a tree. Written with the entry, removed when it is sealed: an entry is appended
-- once, however late its transaction commits, and on any engine (transaction ids would be those of one node).
CREATE TABLE audit_unsealed (
    region_code    text        NOT NULL,
    audit_id       uuid        NOT NULL,
    CONSTRAINT audit_unsealed_key PRIMARY KEY (region_code, audit_id)
);

CREATE TABLE audit_leaves (
    region_code    text        NOT NULL,
    leaf_index     bigint      NOT NULL,
    audit_id       uuid        NOT NULL,
    hash           bytea       NOT NULL,
    sealed_at      timestamptz NOT NULL,
    CONSTRAINT audit_leaves_key PRIMARY KEY (region_code, leaf_index),
    CONSTRAINT audit_leaves_once_each UNIQUE (region_code, audit_id),
    CONSTRAINT audit_leaves_hash_is_sha256 CHECK (length(hash) = 32)
);

-- Full subtrees of every fourth level; the leaves are level 0.
CREATE TABLE audit_nodes (
    region_code    text        NOT NULL,
    level          integer     NOT NULL,
    position       bigint      NOT NULL,
    hash           bytea       NOT NULL,
    CONSTRAINT audit_nodes_key PRIMARY KEY (region_code, level, position),
    CONSTRAINT audit_nodes_hash_is_sha256 CHECK (length(hash) = 32)
);

-- The growing edge of each tree.
CREATE TABLE audit_trees (
    region_code    text        NOT NULL,
    size           bigint      NOT NULL,
    -- Hashes of the full subtrees from the left, 32 bytes each.
    peaks          bytea       NOT NULL,
    -- Size of the newest signed head; 0 = none yet.
    head_size      bigint      NOT NULL,
    CONSTRAINT audit_trees_key PRIMARY KEY (region_code),
    CONSTRAINT audit_trees_heads_cover_leaves CHECK (head_size BETWEEN 0 AND size)
);

CREATE TABLE audit_heads (
    region_code    text        NOT NULL,
    size           bigint      NOT NULL,
    root           bytea       NOT NULL,
    signed_at      timestamptz NOT NULL,
    key_id         text        NOT NULL,
    -- Hexadecimal digits.
    signature      text        NOT NULL,
    CONSTRAINT audit_heads_key PRIMARY KEY (region_code, size),
    CONSTRAINT audit_heads_root_is_sha256 CHECK (length(root) = 32)
);

-- Jobs that one replica does for all. The token grows with every new holder and is named in each write.
CREATE TABLE job_leases (
    region_code    text        NOT NULL,
    job            text        NOT NULL,
    holder         uuid        NOT NULL,
    token          bigint      NOT NULL,
    held_until     timestamptz NOT NULL,
    CONSTRAINT job_leases_key PRIMARY KEY (region_code, job)
);

CREATE INDEX audit_entries_by_time ON audit_entries (at, audit_id);

-- What was recorded before is sealed first.
INSERT INTO audit_unsealed (region_code, audit_id) SELECT region_code, audit_id FROM audit_entries;
