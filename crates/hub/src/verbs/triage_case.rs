//! TriageCase: what routing needs is found out, and the case is routed unless asked not to.

use serasi_domain::case::{CaseFacts, CaseState};
use serasi_domain::cluster::{Cluster, PpksCode, derive_cluster};
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::need::{Criterion, Need, Places, Target, Urgency};
use serasi_domain::person::PartyMember;
use serasi_proto::v1;
use serde_json::json;

use super::open::case_for_change;
use super::refer::{deadline, finish, not_routed, not_routed_without, refer_again, write_case};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

/// Fields that are `None` keep what the case has.
pub(crate) struct TriageCase {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) ppks_category: Option<PpksCode>,
    pub(crate) urgency: Option<Urgency>,
    pub(crate) target: Option<Target>,
    /// With whether it states the number of places.
    pub(crate) need: Option<(Need, bool)>,
    /// Empty keeps what the case has.
    pub(crate) criteria: Vec<Criterion>,
    /// Empty keeps what the case has.
    pub(crate) party: Vec<PartyMember>,
    pub(crate) route_later: bool,
}

impl Mutation for TriageCase {
    const VERB: &'static str = "TriageCase";
    type Response = v1::TriageCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let policy = unit.hub.policies.of_search(&mut unit.conn, &case).await?;
        case.policy_version.clone_from(&policy.version);
        let facts = self.facts(&case.facts);
        let coordinate = policy.of(facts.urgency).coordinate;
        let act_before = deadline(unit, &policy, coordinate, facts.place);
        let is_as_urgent = facts.urgency == case.facts.urgency;
        let before = finish(&policy, &facts, case.episode.began_at);
        let mut case = case.triage(facts, act_before)?;
        if !is_as_urgent {
            case = case.finish_before(before);
        }
        let missing = policy.missing(&case.facts);
        let eyes = Eyes::new(unit.hub, unit.caller);
        let may_route = case.state == CaseState::Triaged && missing.is_none();
        let (case, outcome) = if may_route && !self.route_later {
            let excluded = serasi_store::exclusions::of_case(&mut unit.conn, case.id).await?;
            let referral = refer_again(unit, case, &old_state, &excluded).await?;
            let outcome = referral.outcome(&eyes);
            (referral.case, outcome)
        } else {
            let case = write_case(unit, case, &old_state).await?;
            let kind = if case.state == CaseState::Triaged {
                "case.triaged"
            } else {
                "case.received"
            };
            unit.tell(case.id.home(), case.id, case.version, kind, json!({}))
                .await?;
            let outcome = missing.as_ref().map_or_else(
                || not_routed("Triase tersimpan.", "Triage is saved; nobody has been asked yet."),
                not_routed_without,
            );
            (case, outcome)
        };
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::TriageCaseResponse {
            case: Some(eyes.case(&case)),
            outcome: Some(outcome),
        })
    }
}

impl TriageCase {
    fn facts(&self, old: &CaseFacts) -> CaseFacts {
        let ppks_category = self.ppks_category.or(old.ppks_category);
        let party = given_or(&self.party, &old.party);
        let derived = || ppks_category.and_then(|code| derive_cluster(code.category(), &party));
        CaseFacts {
            cluster: self.cluster.or(old.cluster).or_else(derived),
            ppks_category,
            urgency: self.urgency.unwrap_or(old.urgency),
            target: self.target.unwrap_or(old.target),
            criteria: given_or(&self.criteria, &old.criteria),
            need: self.needed(old),
            place: old.place,
            party,
        }
    }

    /// Places that are not stated are those of the report; somebody who was not known then needs one, too.
    fn needed(&self, old: &CaseFacts) -> Need {
        let people = u16::try_from(self.party.len())
            .ok()
            .and_then(|people| Places::try_from(people).ok());
        let places = old.need.places.max(people.unwrap_or(Places::ONE));
        match &self.need {
            None => Need {
                places,
                ..old.need.clone()
            },
            Some((next, true)) => old.need.replaced_by(next.clone()),
            Some((next, false)) => Need {
                places,
                ..old.need.replaced_by(next.clone())
            },
        }
    }
}

/// What was given, or what was known before.
fn given_or<T: Clone>(given: &[T], old: &[T]) -> Vec<T> {
    if given.is_empty() {
        old.to_vec()
    } else {
        given.to_vec()
    }
}
