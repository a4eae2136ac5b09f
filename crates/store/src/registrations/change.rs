//! What becomes of persons in the registry: the next version of each row and its step in the log, for one or for many in
//! two statements.

use serasi_domain::registry::{
    Match, Obligation, ObligationState, RefusalReason, Registration, Standing, UndoReason,
};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::StoreError;
use crate::columns::column;

/// A registration as it was locked, as it becomes, and by whom.
#[derive(Clone, Debug)]
pub struct Change {
    pub before: Registration,
    /// Of the version after `before`.
    pub next: Registration,
    principal: String,
}

impl Change {
    #[must_use]
    pub fn new(before: Registration, mut next: Registration, principal: &str) -> Self {
        next.version = before.version + 1;
        Self {
            before,
            next,
            principal: principal.to_owned(),
        }
    }

    fn found(&self) -> Option<&Match> {
        match &self.next.standing {
            Standing::Matched { found, .. } => Some(found),
            Standing::Unchecked
            | Standing::Ambiguous { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. } => None,
        }
    }

    fn region(&self) -> String {
        self.next.person.home().to_string()
    }

    const fn id(&self) -> Uuid {
        self.next.person.uuid()
    }

    const fn code(&self) -> &'static str {
        self.next.standing.code()
    }

    fn edition(&self) -> Option<String> {
        self.next.standing.edition().map(|edition| edition.to_string())
    }

    fn class(&self) -> Option<&'static str> {
        self.found().map(|found| found.class.code())
    }

    /// One column of what is owed, if anything ever was.
    fn kept<'a, T>(&'a self, value: impl FnOnce(&'a Obligation) -> T) -> Option<T> {
        self.next.standing.kept_obligation().map(value)
    }

    /// One column of how far that is.
    fn state<'a, T>(&'a self, value: impl FnOnce(&'a ObligationState) -> Option<T>) -> Option<T> {
        self.next
            .standing
            .kept_obligation()
            .and_then(|owed| value(&owed.state))
    }
}

/// Writes the next versions, and the steps that led to them. `false` = the version or state of one of them moved
/// meanwhile: nothing of it may be committed.
pub async fn write(
    conn: &mut PgConnection,
    changes: &[Change],
    undone: Option<UndoReason>,
) -> Result<bool, StoreError> {
    if changes.is_empty() {
        return Ok(true);
    }
    let written = update(conn, changes).await?;
    if usize::try_from(written) != Ok(changes.len()) {
        return Ok(false);
    }
    append_steps(conn, changes, undone).await?;
    Ok(true)
}

/// Gives how many were as they were read. The list of ids says nothing new; a planner that believes the table small, and
/// reads it all, then has few rows to compare with each of the changes, not all.
async fn update(conn: &mut PgConnection, changes: &[Change]) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "UPDATE registrations r SET version = n.version + 1, state = n.state, served_at = n.served_at,
             edition = n.edition, match_class = n.match_class, match_weight = n.match_weight,
             weights_version = n.weights_version, obligation_state = n.obligation_state, registry = n.registry,
             first_addressee = n.first_addressee, addressee = n.addressee, raised_at = n.raised_at, due_at = n.due_at,
             answer_before = n.answer_before, follow_ups = n.follow_ups, round = n.round,
             delivered_at = n.delivered_at, delivered_by = n.delivered_by, outcome_on = n.outcome_on,
             refusal = n.refusal, is_identifiable = n.is_identifiable, changed_at = now()
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
             $8::text[], $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
             $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::int[], $19::int[], $20::timestamptz[],
             $21::text[], $22::date[], $23::text[], $24::bool[])
             AS n (region_code, person_id, version, old_state, state, served_at, edition, match_class, match_weight,
                 weights_version, obligation_state, registry, first_addressee, addressee, raised_at, due_at,
                 answer_before, follow_ups, round, delivered_at, delivered_by, outcome_on, refusal, is_identifiable)
         WHERE r.region_code = n.region_code AND r.person_id = n.person_id AND r.version = n.version
             AND r.state = n.old_state AND r.person_id = ANY ($2)",
        &column(changes, Change::region),
        &column(changes, Change::id),
        &column(changes, |change| change.before.version),
        &column(changes, |change| change.before.standing.code()) as &[&str],
        &column(changes, Change::code) as &[&str],
        &column(changes, |change| change.next.served_at) as &[Option<OffsetDateTime>],
        &column(changes, Change::edition) as &[Option<String>],
        &column(changes, Change::class) as &[Option<&str>],
        &column(changes, |change| change.found().map(|found| found.weight)) as &[Option<f64>],
        &column(changes, |change| change.found().map(|found| found.weights_version.as_str())) as &[Option<&str>],
        &column(changes, |change| change.kept(|owed| owed.state.code())) as &[Option<&str>],
        &column(changes, |change| change.kept(|owed| owed.registry.code())) as &[Option<&str>],
        &column(changes, |change| change.kept(|owed| owed.first_addressee.region().to_string()))
            as &[Option<String>],
        &column(changes, |change| change.kept(|owed| owed.addressee.region().to_string())) as &[Option<String>],
        &column(changes, |change| change.kept(|owed| owed.raised_at)) as &[Option<OffsetDateTime>],
        &column(changes, |change| change.kept(|owed| owed.due_at)) as &[Option<OffsetDateTime>],
        &column(changes, |change| change.state(ObligationState::answer_before)) as &[Option<OffsetDateTime>],
        &column(changes, |change| change.kept(|owed| number(owed.follow_ups))) as &[Option<i32>],
        &column(changes, |change| change.kept(|owed| number(owed.round))) as &[Option<i32>],
        &column(changes, |change| change.state(|state| Some(state.delivery()?.at))) as &[Option<OffsetDateTime>],
        &column(changes, |change| change.state(|state| Some(state.delivery()?.by.as_str()))) as &[Option<&str>],
        &column(changes, |change| change.state(ObligationState::on)) as &[Option<Date>],
        &column(changes, |change| change.state(|state| state.refusal().map(RefusalReason::code)))
            as &[Option<&str>],
        &column(changes, |change| change.next.is_identifiable)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

async fn append_steps(
    conn: &mut PgConnection,
    changes: &[Change],
    undone: Option<UndoReason>,
) -> Result<(), StoreError> {
    let owed = column(changes, |change| change.next.standing.obligation());
    let states = column(&owed, |owed| owed.map(|owed| &owed.state));
    sqlx::query!(
        "INSERT INTO registration_log (region_code, person_id, version, state, edition, obligation_state, addressee,
             round, outcome_on, refusal, principal, match_class, undo_reason, logged_at)
         SELECT region_code, person_id, version, state, edition, obligation_state, addressee, round, outcome_on, refusal,
             principal, match_class, $13, now()
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
             $9::date[], $10::text[], $11::text[], $12::text[])
             AS s (region_code, person_id, version, state, edition, obligation_state, addressee, round, outcome_on,
                 refusal, principal, match_class)",
        &column(changes, Change::region),
        &column(changes, Change::id),
        &column(changes, |change| change.next.version),
        &column(changes, Change::code) as &[&str],
        &column(changes, Change::edition) as &[Option<String>],
        &column(&states, |state| state.map(ObligationState::code)) as &[Option<&str>],
        &column(&owed, |owed| owed.map(|owed| owed.addressee.region().to_string())) as &[Option<String>],
        &column(&owed, |owed| owed.map(|owed| number(owed.round))) as &[Option<i32>],
        &column(&states, |state| state.and_then(ObligationState::on)) as &[Option<Date>],
        &column(&states, |state| state.and_then(ObligationState::refusal).map(RefusalReason::code))
            as &[Option<&str>],
        &column(changes, |change| change.principal.as_str()) as &[&str],
        &column(changes, Change::class) as &[Option<&str>],
        undone.map(UndoReason::code)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rounds and follow-ups are few: years pass between them.
fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
