//! One command, one transaction, one effect.
//!
//! Every mutation is a task of its own that a cancelled call cannot drop; a known `request_id` gets the first response;
//! serialization failures and deadlocks are repeated here and nowhere else.

mod repeat;
mod together;

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::policy::Policy;
use serasi_ledger::Entry;
use serasi_store::events::Event;
use serasi_store::idempotency::{self, CallKey, Remembered};
use serasi_store::{Context, PgConnection, PgTransaction, StoreError, audit, events};
use time::OffsetDateTime;
use tracing::Instrument;
use uuid::Uuid;

use crate::auth::Permit;
use crate::clock::Clock;
use crate::error::{HubError, Kind};
use crate::hub::Hub;

pub(crate) use repeat::repeated;
pub(crate) use together::{Member, Together, Waiting, together};

/// A unary call is answered by then (guarantees, rule 15); the work itself goes on and a retry finds its result.
pub(crate) const CALL_DEADLINE: Duration = Duration::from_secs(10);

/// A command that changes something.
pub(crate) trait Mutation: Send + Sync + 'static {
    /// Name of the verb, in audit and idempotency rows.
    const VERB: &'static str;
    /// What the client gets. No personal data: it is kept for retries.
    type Response: Message + Default + 'static;

    /// Home region of what is changed.
    fn home(&self) -> Regency;

    /// What the database lets it see and do.
    fn context(&self) -> Context {
        Context::Work
    }

    /// Does it, in the open transaction. May run again after a conflict: no effect outside the unit.
    fn run(&self, unit: &mut Unit<'_>) -> impl Future<Output = Result<Self::Response, HubError>> + Send;

    /// What is kept of a response for retries: not what a reader of the database must not have.
    fn kept(response: &Self::Response) -> Vec<u8> {
        response.encode_to_vec()
    }

    /// Puts back what was not kept.
    fn restored(
        &self,
        _hub: &Hub,
        _conn: &mut PgConnection,
        kept: Self::Response,
    ) -> impl Future<Output = Result<Self::Response, HubError>> + Send {
        async { Ok(kept) }
    }
}

/// How a mutation was called.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) caller: Permit,
    pub(crate) request_id: Uuid,
    /// SHA-256 of the request as it was sent.
    pub(crate) request_hash: Vec<u8>,
}

/// An open transaction and what belongs to it.
pub(crate) struct Unit<'h> {
    pub(crate) conn: PgTransaction<'static>,
    /// The database's time of this transaction.
    pub(crate) now: OffsetDateTime,
    pub(crate) hub: &'h Hub,
    pub(crate) caller: &'h Permit,
    request_id: Option<Uuid>,
    verb: &'static str,
}

impl Call {
    pub(crate) fn new(caller: Permit, request_id: Uuid, request: &impl Message) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, &request.encode_to_vec());
        Self {
            caller,
            request_id,
            request_hash: digest.as_ref().to_vec(),
        }
    }

    /// What identifies it among the calls of the region where it changes something.
    pub(crate) fn key(&self, home: Regency) -> CallKey {
        CallKey {
            home,
            principal: self.caller.principal.clone(),
            request_id: self.request_id,
        }
    }

    /// What is kept of it and its response.
    pub(crate) fn remembered<M: Mutation>(&self, response: &M::Response) -> Remembered {
        Remembered {
            verb: M::VERB.to_owned(),
            request_hash: self.request_hash.clone(),
            caller_hash: Some(self.caller.standing_hash()),
            response: M::kept(response),
        }
    }
}

/// What goes on record of an act.
pub(crate) fn entry(
    clock: &Clock,
    at: OffsetDateTime,
    caller: &Permit,
    (verb, request): (&str, Option<Uuid>),
    (home, subject): (Regency, String),
) -> Entry {
    Entry {
        region: home,
        id: clock.new_id(),
        at,
        principal: caller.principal.clone(),
        roles: caller.roles.iter().map(|role| role.code().to_owned()).collect(),
        verb: verb.to_owned(),
        subject,
        request,
    }
}

impl Unit<'_> {
    /// A new UUIDv7.
    pub(crate) fn new_id(&self) -> Uuid {
        self.hub.clock.new_id()
    }

    /// The policy a case follows: the one it was routed under, whatever is active now.
    pub(crate) async fn policy_of(&mut self, case: &Case) -> Result<Arc<Policy>, HubError> {
        let policies = &self.hub.policies;
        policies.of_case(&mut self.conn, case).await
    }

    /// Takes one from the caller's share of looks at people by a number.
    pub(crate) fn take_lookup(&self) -> Result<(), HubError> {
        self.hub
            .lookups
            .take(&self.caller.principal)
            .map_err(HubError::TooFast)
    }

    /// Puts an act on record.
    pub(crate) async fn audit(&mut self, home: Regency, subject: impl ToString) -> Result<(), HubError> {
        let (act, subject) = ((self.verb, self.request_id), (home, subject.to_string()));
        let entry = entry(&self.hub.clock, self.now, self.caller, act, subject);
        Ok(audit::append(&mut self.conn, &[entry]).await?)
    }

    /// Tells the outbox. `version` is the subject's after the event.
    pub(crate) async fn tell(
        &mut self,
        home: Regency,
        subject: impl ToString,
        version: i64,
        kind: &'static str,
        payload: serde_json::Value,
    ) -> Result<(), HubError> {
        let event = self.event((home, subject, version), kind, payload);
        Ok(events::append(&mut self.conn, &[event]).await?)
    }

    /// What the outbox is told of a subject at its new version.
    pub(crate) fn event(
        &self,
        (home, subject, version): (Regency, impl ToString, i64),
        kind: &'static str,
        payload: serde_json::Value,
    ) -> Event {
        Event {
            id: self.new_id(),
            home,
            subject_id: subject.to_string(),
            subject_version: version,
            kind,
            payload,
        }
    }
}

/// Runs a command for a client: once in effect, however often it is sent.
pub(crate) async fn execute<M: Mutation>(
    hub: &Arc<Hub>,
    call: Call,
    mutation: M,
) -> Result<M::Response, HubError> {
    let hub = Arc::clone(hub);
    in_task(async move { alone(&hub, &call, &mutation).await }).await
}

/// Runs a command in a transaction of its own.
pub(crate) async fn alone<M: Mutation>(
    hub: &Hub,
    call: &Call,
    mutation: &M,
) -> Result<M::Response, HubError> {
    // On the heap: a whole command is too large to lie in the task of every caller.
    let transaction = || tracing::debug_span!("transaction", verb = M::VERB);
    Box::pin(repeated(hub, || {
        once(hub, call, mutation).instrument(transaction())
    }))
    .await
}

/// Runs work in a task that owns everything: a client that goes away drops only its wait for the answer.
pub(crate) async fn in_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, HubError>> + Send + 'static,
) -> Result<T, HubError> {
    match tokio::time::timeout(CALL_DEADLINE, tokio::spawn(work.in_current_span())).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(HubError::Bug("a command panicked")),
        Err(_) => Err(HubError::Deadline),
    }
}

async fn once<M: Mutation>(hub: &Hub, call: &Call, mutation: &M) -> Result<M::Response, HubError> {
    let key = call.key(mutation.home());
    let mut conn = hub.store.begin_by_key(mutation.context()).await?;
    let (now, known) = idempotency::begin_call(&mut conn, &key).await?;
    if let Some(known) = known {
        return replay(hub, &mut conn, (&known, call), mutation).await;
    }
    let mut unit = Unit {
        conn,
        now,
        hub,
        caller: &call.caller,
        request_id: Some(call.request_id),
        verb: M::VERB,
    };
    let response = match mutation.run(&mut unit).await {
        Ok(response) => response,
        // The same call may have run beside this one and been first: then its effect is what this one stumbled over.
        Err(error) => {
            if let Some(first) = first_response(hub, (call, &key), mutation, unit.conn).await? {
                return Ok(first);
            }
            record_refusal(hub, call, M::VERB, &error).await?;
            return Err(error);
        }
    };
    call.caller.must_have_been_asked()?;
    let remembered = call.remembered::<M>(&response);
    let mut conn = unit.conn;
    if !idempotency::remember(&mut conn, &[(key.clone(), remembered)]).await? {
        let first = first_response(hub, (call, &key), mutation, conn).await?;
        return first.ok_or(HubError::Bug("a remembered call vanished"));
    }
    conn.commit().await.map_err(StoreError::from)?;
    hub.board.nudge();
    hub.feed.nudge();
    Ok(response)
}

/// Rolls back and looks whether the same call has committed meanwhile.
async fn first_response<M: Mutation>(
    hub: &Hub,
    (call, key): (&Call, &CallKey),
    mutation: &M,
    undone: PgTransaction<'static>,
) -> Result<Option<M::Response>, HubError> {
    undone.rollback().await.map_err(StoreError::from)?;
    let mut conn = hub.store.begin(Context::Work).await?;
    let (_, known) = idempotency::begin_call(&mut conn, key).await?;
    match known {
        None => Ok(None),
        Some(known) => replay(hub, &mut conn, (&known, call), mutation).await.map(Some),
    }
}

/// A report that was compared with a case has told something of it, although nothing was done: before the answer leaves
/// it goes on record, after the rollback and in a transaction of its own.
async fn record_refusal(
    hub: &Hub,
    call: &Call,
    verb: &'static str,
    error: &HubError,
) -> Result<(), HubError> {
    let HubError::Exists {
        kind: Kind::Case, id, ..
    } = error
    else {
        return Ok(());
    };
    let case: CaseId = id
        .parse()
        .map_err(|_| HubError::Bug("a conflict names a case by no id"))?;
    let mut conn = hub.store.begin(Context::Work).await?;
    let now = serasi_store::now(&mut conn).await?;
    let mut unit = Unit {
        conn,
        now,
        hub,
        caller: &call.caller,
        request_id: Some(call.request_id),
        verb,
    };
    unit.audit(case.home(), case).await?;
    unit.conn.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn replay<M: Mutation>(
    hub: &Hub,
    conn: &mut PgConnection,
    (known, call): (&Remembered, &Call),
    mutation: &M,
) -> Result<M::Response, HubError> {
    let is_same_request = known.verb == M::VERB && known.request_hash == call.request_hash;
    let first_caller = known.caller_hash.as_ref();
    // What was answered then is not for the same person somewhere else.
    let is_same_caller = first_caller.is_none_or(|first| *first == call.caller.standing_hash());
    if !is_same_request || !is_same_caller {
        return Err(HubError::RequestIdReused);
    }
    call.caller.was_answered_before();
    let kept = M::Response::decode(known.response.as_slice())
        .map_err(|_| HubError::Bug("a remembered response is unreadable"))?;
    mutation.restored(hub, conn, kept).await
}

/// Something done in one transaction without a request id: a look that goes on record, an import that is idempotent by
/// its keys, a step of a job that is safe to repeat.
pub(crate) trait Act: Send + Sync + 'static {
    /// Name of the verb or job, in audit rows.
    const VERB: &'static str;
    /// Whether its statements name all their rows by key, as those of mutations do.
    const IS_BY_KEY: bool = false;
    type Output: Send + 'static;

    /// What the database lets it see and do; a look answers `caller.context(..)`.
    fn context(&self, _caller: &Permit) -> Context {
        Context::Work
    }

    /// Does it, in the open transaction. May run again after a conflict: no effect outside the unit.
    fn run(&self, unit: &mut Unit<'_>) -> impl Future<Output = Result<Self::Output, HubError>> + Send;
}

/// Runs an act for a client; as with a mutation, a client that goes away drops only its wait.
pub(crate) async fn run_for<A: Act>(hub: &Arc<Hub>, caller: Permit, act: A) -> Result<A::Output, HubError> {
    let hub = Arc::clone(hub);
    let task = tokio::spawn(
        async move { repeated(&hub, || commit_once(&hub, &caller, &act)).await }.in_current_span(),
    );
    task.await.unwrap_or(Err(HubError::Bug("a command panicked")))
}

/// Runs a step of a job.
pub(crate) async fn run_job<A: Act>(hub: &Hub, act: &A) -> Result<A::Output, HubError> {
    let caller = Permit::job(A::VERB);
    repeated(hub, || commit_once(hub, &caller, act)).await
}

async fn commit_once<A: Act>(hub: &Hub, caller: &Permit, act: &A) -> Result<A::Output, HubError> {
    let context = act.context(caller);
    let mut conn = if A::IS_BY_KEY {
        hub.store.begin_by_key(context).await?
    } else {
        hub.store.begin(context).await?
    };
    let now = serasi_store::now(&mut conn).await?;
    let mut unit = Unit {
        conn,
        now,
        hub,
        caller,
        request_id: None,
        verb: A::VERB,
    };
    let output = act.run(&mut unit).await?;
    caller.must_have_been_asked()?;
    unit.conn.commit().await.map_err(StoreError::from)?;
    // A look has changed nothing that the board shows, and told nothing.
    if !matches!(context, Context::Caller { .. }) {
        hub.board.nudge();
        hub.feed.nudge();
    }
    Ok(output)
}
