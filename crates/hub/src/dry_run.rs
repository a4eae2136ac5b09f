//! The decisions of a period under another policy: gathers what they were made of and goes through them in the order in
//! which the directory changed; the domain decides and counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serasi_domain::cluster::Cluster;
use serasi_domain::directory::Directory;
use serasi_domain::id::{CaseId, DecisionId};
use serasi_domain::need::Urgency;
use serasi_domain::policy::Policy;
use serasi_domain::routing::dry_run::{Comparison, DryRun, Fate};
use serasi_geography::RegionCode;
use serasi_store::decisions::{self, DecisionKey, StoredDecision};
use serasi_store::history::{History, Horizon};
use serasi_store::{Context, PgConnection};
use time::OffsetDateTime;

use crate::error::{HubError, Violation};
use crate::hub::Hub;

/// Decisions of one run.
const MAX_DECISIONS: usize = 10_000;
/// Changes of the directory between the first and the last of them, of one kind.
const MAX_CHANGES: usize = 500_000;
/// Why some cannot be made again.
const NO_INPUTS: &str = "the release that decided did not keep the inputs";
/// Ten thousand decisions take two or three seconds.
const DEADLINE: Duration = Duration::from_secs(30);
/// Decisions read at a time.
const PAGE: usize = 500;

/// Which decisions, under which policy.
pub(crate) struct DryRunRequest {
    pub(crate) policy: Arc<Policy>,
    pub(crate) scope: RegionCode,
    pub(crate) from: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
    pub(crate) examples: usize,
}

/// What came of it.
pub(crate) struct DryRunResult {
    pub(crate) run: DryRun,
    pub(crate) examples: Vec<Example>,
    pub(crate) not_replayed: BTreeMap<&'static str, usize>,
    pub(crate) continue_from: Option<OffsetDateTime>,
}

/// A changed decision with what people want to see beside it.
pub(crate) struct Example {
    pub(crate) comparison: Comparison,
    pub(crate) case: CaseId,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) urgency: Urgency,
    pub(crate) names: (Option<String>, Option<String>),
}

/// The directory as it was, moving forward from decision to decision.
struct Past {
    directory: Directory,
    history: History,
}

/// Makes the decisions again.
pub(crate) async fn dry_run(hub: &Hub, request: &DryRunRequest) -> Result<DryRunResult, HubError> {
    let _turn = hub.dry_run.try_acquire().map_err(|_| HubError::Busy)?;
    let made = tokio::time::timeout(DEADLINE, make_again(hub, request)).await;
    made.unwrap_or(Err(HubError::Deadline))
}

async fn make_again(hub: &Hub, request: &DryRunRequest) -> Result<DryRunResult, HubError> {
    let reach = Context::Caller {
        scope: Some(request.scope),
        facility: None,
        case: None,
    };
    let mut connection = hub.store.begin(reach).await?;
    let period = (request.from, request.until);
    let limit = i64::try_from(MAX_DECISIONS + 1).unwrap_or(i64::MAX);
    let mut keys = decisions::of_period(&mut connection, request.scope, period, limit).await?;
    let continue_from = keys.get(MAX_DECISIONS).map(|next| next.decided_at);
    keys.truncate(MAX_DECISIONS);
    let mut result = DryRunResult {
        run: DryRun::default(),
        examples: vec![],
        not_replayed: BTreeMap::new(),
        continue_from,
    };
    let ordered = in_order(keys, &mut result.not_replayed);
    let horizons: Vec<_> = ordered.iter().map(|(horizon, _)| horizon.clone()).collect();
    let Some((before, history)) = History::read(&mut connection, &horizons, MAX_CHANGES).await? else {
        return Err(too_much());
    };
    let mut past = Past {
        directory: Directory::default().with(0, before).unwrap_or_default(),
        history,
    };
    for page in ordered.chunks(PAGE) {
        let ids: Vec<_> = page.iter().map(|(_, id)| *id).collect();
        let mut stored = decisions::get_many(&mut connection, &ids).await?;
        for (horizon, id) in page {
            let stored = stored.remove(id).ok_or(HubError::Bug("a decision vanished"))?;
            past.advance_to(horizon);
            match compare(request, *id, &stored, &past.directory) {
                Ok(comparison) => result.run.add(comparison),
                Err(reason) => *result.not_replayed.entry(reason).or_default() += 1,
            }
            // Deciding is work without a pause: others want to run, too.
            tokio::task::yield_now().await;
        }
    }
    let shown = result.run.examples(request.examples);
    result.examples = examples(&mut connection, &shown, &past.directory).await?;
    Ok(result)
}

fn too_much() -> HubError {
    HubError::Invalid(vec![Violation {
        field: "until_time".to_owned(),
        description: format!(
            "the directory changed more than {MAX_CHANGES} times in this period; take a shorter one"
        ),
    }])
}

/// Decisions in the order of the snapshots they were made on.
fn in_order(
    keys: Vec<DecisionKey>,
    not_replayed: &mut BTreeMap<&'static str, usize>,
) -> Vec<(Horizon, DecisionId)> {
    let mut ordered = vec![];
    for key in keys {
        match key.position.as_deref().and_then(Horizon::parse) {
            Some(horizon) => ordered.push((horizon, key.id)),
            None => *not_replayed.entry(NO_INPUTS).or_default() += 1,
        }
    }
    ordered.sort_by_key(|(horizon, id)| (horizon.order(), *id));
    ordered
}

impl Past {
    fn advance_to(&mut self, horizon: &Horizon) {
        let changes = self.history.advance_to(horizon);
        if let Some(next) = self.directory.with(0, changes) {
            self.directory = next;
        }
    }
}

fn compare(
    request: &DryRunRequest,
    id: DecisionId,
    stored: &StoredDecision,
    directory: &Directory,
) -> Result<Comparison, &'static str> {
    let made_of = stored.made_of.as_ref();
    let inputs = &made_of.ok_or(NO_INPUTS)?.inputs;
    if inputs.directory != directory.digest() {
        return Err("the directory of that moment cannot be put together again from the change log");
    }
    let after = Fate::under(&request.policy, inputs, &stored.decision, directory);
    Ok(Comparison {
        decision: id,
        before: Fate::of(&stored.decision),
        after: after.map_err(|_| "the case has no cluster or no known place")?,
    })
}

async fn examples(
    connection: &mut PgConnection,
    shown: &[&Comparison],
    directory: &Directory,
) -> Result<Vec<Example>, HubError> {
    let ids: Vec<_> = shown.iter().map(|comparison| comparison.decision).collect();
    let mut stored = decisions::get_many(connection, &ids).await?;
    let name = |fate: &Fate| {
        let entry = fate.facility.and_then(|facility| directory.entry(facility));
        entry.map(|entry| entry.facility.profile.name.as_str().to_owned())
    };
    let example = |comparison: &&Comparison| {
        let stored = stored.remove(&comparison.decision)?;
        let facts = stored.made_of?.inputs.facts;
        Some(Example {
            case: stored.case,
            cluster: facts.cluster,
            urgency: facts.urgency,
            names: (name(&comparison.before), name(&comparison.after)),
            comparison: (*comparison).clone(),
        })
    };
    Ok(shown.iter().filter_map(example).collect())
}
