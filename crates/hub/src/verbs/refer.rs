//! Referring a case: search, write it down, say what came of it. All in the caller's transaction.

use serasi_domain::case::{Case, CaseFacts, CaseState};
use serasi_domain::deadline::Allowance;
use serasi_domain::offer::Offer;
use serasi_domain::policy::{MissingFields, Policy};
use serasi_domain::routing::Exclusion;
use serasi_domain::routing::decision::Outcome;
use serasi_geography::{RegionCode, TimeZone, atlas};
use serasi_proto::v1;
use serasi_store::{capacity, cases, offers};
use time::OffsetDateTime;

use super::route_waiting::Considered;
use super::search::{Search, search};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::Unit;
use crate::wire::outcome_to_wire;

/// A search that is written down, and the case as it left it.
pub(super) struct Referral {
    pub(super) case: Case,
    search: Search,
}

impl Referral {
    pub(super) const fn of(case: Case, search: Search) -> Self {
        Self { case, search }
    }

    /// Who is asked, how far, until when; or why nobody.
    pub(super) fn outcome(&self, eyes: &Eyes<'_>) -> v1::RouteOutcome {
        self.search.outcome(&self.case, eyes)
    }

    pub(super) fn result(&self) -> v1::RouteResult {
        outcome_to_wire(self.search.decision.outcome)
    }
}

/// Searches again for a case that exists and writes it down; `case` is locked, `old_state` is what the row still holds.
pub(super) async fn refer_again(
    unit: &mut Unit<'_>,
    case: Case,
    old_state: &CaseState,
    exclusions: &[Exclusion],
) -> Result<Referral, HubError> {
    let search = search_again(unit, &case, exclusions).await?;
    settle(unit, case, old_state, search).await
}

/// Refers a case that waits to one `among` these. Where none of them can be asked there is no trace, unless the case now
/// waits for something else: for a place, or for anybody at all.
pub(super) async fn refer_waiting(
    unit: &mut Unit<'_>,
    case: Case,
    exclusions: &[Exclusion],
    among: &[Considered],
) -> Result<Option<Offer>, HubError> {
    let search = search_again(unit, &case, exclusions).await?;
    let offer = search.offer.as_ref().map(|view| view.offer.clone());
    if let Some(offer) = &offer {
        if !was_considered(unit, offer, among).await? {
            // The places are already held: only a rollback gives them back without a trace.
            return Err(HubError::Moved);
        }
    } else if waits_alike(&case.state, search.decision.outcome) {
        return Ok(None);
    }
    let old_state = case.state.clone();
    settle(unit, case, &old_state, search).await?;
    Ok(offer)
}

/// Whether a case that waits would go on waiting as it does, were nobody asked after such a search. A transfer waits for
/// anybody at all.
pub(crate) const fn waits_alike(state: &CaseState, outcome: Outcome) -> bool {
    match state {
        CaseState::Waiting { .. } => !matches!(outcome, Outcome::NoCandidate),
        CaseState::NoCandidate { .. } => matches!(outcome, Outcome::NoCandidate),
        CaseState::InService { .. } => true,
        CaseState::Received
        | CaseState::Triaged
        | CaseState::Offered { .. }
        | CaseState::Placed { .. }
        | CaseState::Aftercare { .. }
        | CaseState::Closed { .. }
        | CaseState::ResolvedDirectly { .. } => false,
    }
}

/// Whether those further ahead could have had what `offer` takes. Its places are already held.
async fn was_considered(unit: &mut Unit<'_>, offer: &Offer, among: &[Considered]) -> Result<bool, HubError> {
    let is_of =
        |considered: &&Considered| (considered.facility, considered.pool) == (offer.facility, offer.pool);
    let Some(considered) = among.iter().find(is_of) else {
        return Ok(false);
    };
    if !offer.holds_places {
        return Ok(true);
    }
    let pools = capacity::of_facility(&mut unit.conn, offer.facility).await?;
    let pool = pools.iter().find(|pool| pool.key == offer.pool);
    Ok(pool.is_some_and(|pool| pool.room() + offer.places.as_i32() <= considered.room))
}

async fn search_again(
    unit: &mut Unit<'_>,
    case: &Case,
    exclusions: &[Exclusion],
) -> Result<Search, HubError> {
    let asked_before = offers::counts(&mut unit.conn, &[case.id]).await?;
    let asked_before = asked_before.first().copied().unwrap_or_default();
    search(unit, case, exclusions, asked_before).await
}

/// Writes down what a search found for a case that exists.
async fn settle(
    unit: &mut Unit<'_>,
    case: Case,
    old_state: &CaseState,
    search: Search,
) -> Result<Referral, HubError> {
    let case = search.apply(case, unit.now);
    let case = write_case(unit, case, old_state).await?;
    search.write(unit, case).await
}

/// Writes the next version of a locked case and gives it back as it now stands.
pub(super) async fn write_case(
    unit: &mut Unit<'_>,
    mut case: Case,
    old_state: &CaseState,
) -> Result<Case, HubError> {
    if !cases::update(&mut unit.conn, &[(&case, old_state)], unit.now).await? {
        return Err(HubError::Moved);
    }
    case.version += 1;
    case.changed_at = unit.now;
    Ok(case)
}

/// When an allowance of `policy` that starts now has run out at `place`.
pub(super) fn deadline(
    unit: &Unit<'_>,
    policy: &Policy,
    allowance: Allowance,
    place: RegionCode,
) -> OffsetDateTime {
    ends(policy, allowance, place, unit.now)
}

/// When an allowance of `policy` that starts at `from` has run out at `place`.
pub(super) fn ends(
    policy: &Policy,
    allowance: Allowance,
    place: RegionCode,
    from: OffsetDateTime,
) -> OffsetDateTime {
    let zone = atlas()
        .region(place)
        .map_or(TimeZone::Wib, |region| region.time_zone);
    allowance.ends(from, &policy.calendar(), zone)
}

/// When the whole way of a case must have been gone that began at `from`.
pub(super) fn finish(policy: &Policy, facts: &CaseFacts, from: OffsetDateTime) -> OffsetDateTime {
    ends(policy, policy.care_times(facts.urgency).whole, facts.place, from)
}

/// An answer for a case that was not searched for.
pub(super) fn not_routed(message_id: &str, message_en: &str) -> v1::RouteOutcome {
    v1::RouteOutcome {
        result: v1::RouteResult::NotRouted as i32,
        offer: None,
        decision_id: String::new(),
        message_id: message_id.to_owned(),
        message_en: message_en.to_owned(),
    }
}

/// An answer for a case that cannot be searched for before somebody supplies what the policy requires.
pub(super) fn not_routed_without(missing: &MissingFields) -> v1::RouteOutcome {
    let (cluster, fields, article) = (missing.cluster, missing.list(), missing.article);
    not_routed(
        &format!(
            "Laporan tercatat. Untuk klaster {cluster} masih perlu dilengkapi: {fields} ({article}); lengkapi melalui \
             triase agar kasus dirujuk."
        ),
        &format!(
            "The report is taken down. Cluster {cluster} still needs: {fields} ({article}); supply them by triage, and \
             the case is referred."
        ),
    )
}
