//! Policies by version. A version never changes once it is written; only its state does, and at most one is active.

use std::str::FromStr;

use ring::digest::{SHA256, digest};
use serasi_domain::policy::Policy;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::columns::Row;

/// Where a policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyState {
    /// Written down, in force for no case.
    Draft,
    /// The one new cases follow.
    Active,
    /// Cases that were routed under it still follow it.
    Retired,
}

impl PolicyState {
    const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl FromStr for PolicyState {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, ()> {
        [Self::Draft, Self::Active, Self::Retired]
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or(())
    }
}

/// A policy with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    pub policy: Policy,
    /// SHA-256 of the content.
    pub digest: Vec<u8>,
    pub state: PolicyState,
    /// Grows with every change of state.
    pub revision: i64,
    pub created_at: OffsetDateTime,
    /// The last time it became the active one.
    pub activated_at: Option<OffsetDateTime>,
    pub retired_at: Option<OffsetDateTime>,
}

#[derive(Debug)]
struct PolicyRow {
    version: String,
    content: serde_json::Value,
    digest: Vec<u8>,
    state: String,
    revision: i64,
    created_at: OffsetDateTime,
    activated_at: Option<OffsetDateTime>,
    retired_at: Option<OffsetDateTime>,
}

impl TryFrom<PolicyRow> for StoredPolicy {
    type Error = StoreError;

    fn try_from(row: PolicyRow) -> Result<Self, StoreError> {
        let context = Row {
            table: "policies",
            id: &row.version,
        };
        if digest_of(&row.content) != row.digest {
            return Err(context.impossible("digest"));
        }
        let policy: Policy =
            serde_json::from_value(row.content).map_err(|_| context.impossible("content"))?;
        if policy.version != row.version {
            return Err(context.impossible("version"));
        }
        Ok(Self {
            policy,
            digest: row.digest,
            state: context.code("state", &row.state)?,
            revision: row.revision,
            created_at: row.created_at,
            activated_at: row.activated_at,
            retired_at: row.retired_at,
        })
    }
}

/// Of the JSON as it is stored, whose keys are sorted: a later release that knows more fields computes the same.
fn digest_of(content: &serde_json::Value) -> Vec<u8> {
    digest(&SHA256, content.to_string().as_bytes()).as_ref().to_vec()
}

/// Writes a draft. `false` = the version is taken.
pub async fn insert_draft(conn: &mut PgConnection, policy: &Policy, by: &str) -> Result<bool, StoreError> {
    let content = serde_json::to_value(policy).expect("a policy is plain data");
    let done = sqlx::query!(
        "INSERT INTO policies (version, content, digest, state, revision, created_at, created_by)
         VALUES ($1, $2, $3, 'draft', 1, now(), $4) ON CONFLICT ON CONSTRAINT policies_key DO NOTHING",
        policy.version,
        content,
        digest_of(&content),
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(conn: &mut PgConnection, version: &str) -> Result<Option<StoredPolicy>, StoreError> {
    let row = sqlx::query_as!(
        PolicyRow,
        "SELECT version, content, digest, state, revision, created_at, activated_at, retired_at
         FROM policies WHERE version = $1",
        version
    )
    .fetch_optional(conn)
    .await?;
    row.map(StoredPolicy::try_from).transpose()
}

/// The version new cases follow; `None` only before the first hub has opened.
pub async fn active_version(conn: &mut PgConnection) -> Result<Option<String>, StoreError> {
    Ok(
        sqlx::query_scalar!("SELECT version FROM policies WHERE state = 'active'")
            .fetch_optional(conn)
            .await?,
    )
}

/// Newest first, after the creation time and version of the last one of the page before.
pub async fn list(
    conn: &mut PgConnection,
    before: Option<&(OffsetDateTime, String)>,
    limit: i64,
) -> Result<Vec<StoredPolicy>, StoreError> {
    let rows = sqlx::query_as!(
        PolicyRow,
        "SELECT version, content, digest, state, revision, created_at, activated_at, retired_at
         FROM policies
         WHERE $1::timestamptz IS NULL OR (created_at, version) < ($1, $2::text)
         ORDER BY created_at DESC, version DESC LIMIT $3",
        before.map(|(at, _)| *at),
        before.map(|(_, version)| version.as_str()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(StoredPolicy::try_from).collect()
}

/// ACTIVE -> RETIRED for whichever is active but `version`; gives the one that was.
pub async fn retire_other(conn: &mut PgConnection, version: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "UPDATE policies SET state = 'retired', retired_at = now(), revision = revision + 1
         WHERE state = 'active' AND version <> $1 RETURNING version",
        version
    )
    .fetch_optional(conn)
    .await?)
}

/// DRAFT or RETIRED -> ACTIVE. `false` = `version` is active already, or not there.
///
/// While another one is active, be it since a moment ago, the index of the one active policy makes this a conflict.
pub async fn activate(conn: &mut PgConnection, version: &str, by: &str) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE policies SET state = 'active', activated_at = now(), activated_by = $2, retired_at = NULL,
             revision = revision + 1
         WHERE version = $1 AND state IN ('draft', 'retired')",
        version,
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
