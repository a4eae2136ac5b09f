//! Jobs that one replica does for all. Whoever holds the lease has a token that grows with every holder; a worker that
//! slept past its lease finds that its token is no longer the row's, and its transaction changes nothing.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A lease lasts so long after each use.
const SECONDS: i32 = 10;
/// Jobs are for the nation.
const NATION: &str = "ID";

/// The right to do a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    job: &'static str,
    token: i64,
}

/// Takes the lease if nobody holds it.
pub async fn take(
    conn: &mut PgConnection,
    job: &'static str,
    holder: Uuid,
) -> Result<Option<Lease>, StoreError> {
    let token = sqlx::query_scalar!(
        "INSERT INTO job_leases AS l (region_code, job, holder, token, held_until)
         VALUES ($1, $2, $3, 1, now() + make_interval(secs => $4))
         ON CONFLICT ON CONSTRAINT job_leases_key DO UPDATE
             SET holder = excluded.holder, token = l.token + 1, held_until = excluded.held_until
             WHERE l.held_until < now()
         RETURNING token",
        NATION,
        job,
        holder,
        f64::from(SECONDS)
    )
    .fetch_optional(conn)
    .await?;
    Ok(token.map(|token| Lease { job, token }))
}

/// Holds on to the lease, first thing in each transaction of the job; `false` = it is somebody else's now.
pub async fn keep(conn: &mut PgConnection, lease: &Lease) -> Result<bool, StoreError> {
    hold_for(conn, lease, SECONDS).await
}

/// Gives it back before its time.
pub async fn release(conn: &mut PgConnection, lease: &Lease) -> Result<(), StoreError> {
    hold_for(conn, lease, -1).await?;
    Ok(())
}

async fn hold_for(conn: &mut PgConnection, lease: &Lease, seconds: i32) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE job_leases SET held_until = now() + make_interval(secs => $4)
         WHERE region_code = $1 AND job = $2 AND token = $3",
        NATION,
        lease.job,
        lease.token,
        f64::from(seconds)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
