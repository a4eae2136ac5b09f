//! ProposeLinks: what may be on record already about somebody who is just being reported. Candidates come from the keyed
//! indexes, `serasi-linkage` weighs them, and only that a case exists is shown.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_geography::RegionCode;
use serasi_linkage::{Proposal, Proposer, Weights};
use serasi_proto::v1;
use serasi_store::{Context, PgConnection, StoreError, cases, persons};
use time::{Duration, OffsetDateTime};

use super::glimpses::glimpse;
use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::linkage_identity;
use crate::policies::national_home;
use crate::search_terms;
use crate::unit_of_work::{Act, Unit, run_for};
use crate::wire::{Asked, proposal_to_wire};

/// Candidates of each index: a tenth namesake helps nobody.
const MAX_CANDIDATES: i64 = 30;
/// Cases of the same regency within the time, the newest.
const MAX_NEAR: i64 = 100;
const NEAR: Duration = Duration::days(7);
const MAX_SHOWN: usize = 10;
/// Less likely ones are no help.
const LEAST_PROBABILITY: f64 = 0.01;
/// Among so many open persons somebody could be.
const POPULATION: u64 = 1_000_000;
/// Regions whose keys must be fetched for one look; all of the nation's would fit in memory.
const MAX_REGIONS: usize = 128;

static PROPOSER: LazyLock<Proposer> = LazyLock::new(|| Proposer::new(&Weights::starting(), POPULATION));

struct Found {
    case: Case,
    kind: v1::LinkKind,
    proposal: Proposal,
}

/// Looks, and puts every case that is shown on record.
pub(crate) async fn propose(
    hub: &Arc<Hub>,
    caller: Permit,
    asked: Asked,
) -> Result<Vec<v1::LinkProposal>, HubError> {
    hub.lookups.take(&caller.principal).map_err(HubError::TooFast)?;
    let mut tries = 0;
    let found = loop {
        match asked.look(hub).await {
            // Candidates are of many regions: their keys are fetched between two looks.
            Err(HubError::Store(StoreError::KeyNeeded(home))) if tries < MAX_REGIONS => {
                hub.store.load_keys(home).await?;
            }
            found => break found?,
        }
        tries += 1;
    };
    let place = asked.place.unwrap_or(caller.scope);
    run_for(hub, caller, ProposeLinks { place, found }).await
}

/// Shows what was found.
struct ProposeLinks {
    place: RegionCode,
    found: Vec<Found>,
}

impl Act for ProposeLinks {
    const VERB: &'static str = "ProposeLinks";
    type Output = Vec<v1::LinkProposal>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let home = Regency::of(self.place).unwrap_or_else(national_home);
        unit.audit(home, format!("persons:{}", self.place)).await?;
        let mut shown = vec![];
        for found in &self.found {
            let glimpse = glimpse(unit, &found.case).await?;
            shown.push(proposal_to_wire(glimpse, found.kind, &found.proposal));
        }
        Ok(shown)
    }
}

impl Asked {
    async fn look(&self, hub: &Hub) -> Result<Vec<Found>, HubError> {
        let mut conn = hub.store.begin(Context::WorkOnPersons).await?;
        let now = serasi_store::now(&mut conn).await?;
        let mut found = self.same_person(hub, &mut conn, now).await?;
        for (case, proposal) in self.same_incident(&mut conn).await? {
            found.entry(case.id).or_insert(Found {
                case,
                kind: v1::LinkKind::SameIncident,
                proposal,
            });
        }
        let mut found: Vec<Found> = found.into_values().collect();
        found.retain(|found| found.proposal.probability >= LEAST_PROBABILITY);
        found.sort_by(|left, right| {
            let by_probability = right.proposal.probability.total_cmp(&left.proposal.probability);
            by_probability.then(left.case.id.cmp(&right.case.id))
        });
        found.truncate(MAX_SHOWN);
        Ok(found)
    }

    /// The likeliest person of each case.
    async fn same_person(
        &self,
        hub: &Hub,
        conn: &mut PgConnection,
        now: OffsetDateTime,
    ) -> Result<BTreeMap<CaseId, Found>, HubError> {
        let sealer = hub.store.sealer();
        let mut ids: Vec<PersonId> = vec![];
        if let Some(nik) = &self.person.nik {
            ids.extend(persons::by_nik(conn, sealer, nik, MAX_CANDIDATES).await?);
        }
        let by_phone = match &self.person.phone {
            Some(phone) => persons::by_phone(conn, sealer, phone, MAX_CANDIDATES).await?,
            None => vec![],
        };
        ids.extend(&by_phone);
        let terms = search_terms::around(&self.person, now);
        if !terms.is_empty() {
            let candidates = persons::candidates(conn, sealer, &terms, MAX_CANDIDATES).await?;
            ids.extend(candidates.iter().map(|candidate| candidate.id));
        }
        ids.sort_unstable();
        ids.dedup();
        let kept = persons::get_many(conn, sealer, &ids).await?;
        let cases = cases::get_many(conn, kept.iter().map(|(case, _)| *case)).await?;
        let mut cases: BTreeMap<CaseId, Case> = cases
            .into_iter()
            .map(|(id, case)| Ok((id, case?)))
            .collect::<Result<_, StoreError>>()?;
        let asked = linkage_identity::of(&self.person, self.place, now);
        let mut best: BTreeMap<CaseId, Proposal> = BTreeMap::new();
        for (id, kept) in &kept {
            let Some(case) = cases.get(id) else { continue };
            let known = kept.known();
            let known = linkage_identity::of(&known, Some(case.facts.place), case.created_at);
            let proposal = PROPOSER.person(&asked, &known, by_phone.contains(&kept.id));
            let is_better = |old: &Proposal| proposal.probability > old.probability;
            if best.get(id).is_none_or(is_better) {
                best.insert(*id, proposal);
            }
        }
        let found = best.into_iter().filter_map(|(id, proposal)| {
            let case = cases.remove(&id)?;
            let kind = v1::LinkKind::SamePerson;
            Some((id, Found { case, kind, proposal }))
        });
        Ok(found.collect())
    }

    async fn same_incident(&self, conn: &mut PgConnection) -> Result<Vec<(Case, Proposal)>, HubError> {
        let (Some(place), Some(at)) = (self.place, self.happened_at) else {
            return Ok(vec![]);
        };
        let Some(home) = Regency::of(place) else {
            return Ok(vec![]);
        };
        let near = cases::near(conn, home, (at - NEAR, at + NEAR), MAX_NEAR).await?;
        let weighed = near.into_iter().filter_map(|case| {
            let proposal = Proposal::incident((place, at), (case.facts.place, case.created_at))?;
            Some((case, proposal))
        });
        Ok(weighed.collect())
    }
}
