//! TriageCase: what routing needs is found out, and the case is routed unless asked not to.

use serasi_domain::case::{CaseFacts, CaseState};
use serasi_domain::cluster::{Cluster, PpksCode, derive_cluster};
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::need::{Need, Target, Urgency};
use serasi_proto::v1;
use serde_json::json;

use super::open::case_for_change;
use super::refer::{deadline, not_routed, refer_again, write_case};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::case_to_wire;

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
    pub(crate) route_later: bool,
}

impl Mutation for TriageCase {
    const VERB: &'static str = "TriageCase";
    type Response = v1::TriageCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let facts = self.facts(&case.facts);
        let act_before = deadline(unit, unit.hub.policy.of(facts.urgency).coordinate, facts.place);
        let case = case.triage(facts, act_before)?;
        let (case, outcome) = if case.state == CaseState::Triaged && !self.route_later {
            let excluded = serasi_store::exclusions::of_case(&mut unit.conn, case.id).await?;
            let referral = refer_again(unit, case, &old_state, &excluded).await?;
            let outcome = referral.outcome();
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
            let outcome = not_routed("Triase tersimpan.", "Triage is saved; nobody has been asked yet.");
            (case, outcome)
        };
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::TriageCaseResponse {
            case: Some(case_to_wire(&case)),
            outcome: Some(outcome),
        })
    }
}

impl TriageCase {
    fn facts(&self, old: &CaseFacts) -> CaseFacts {
        let ppks_category = self.ppks_category.or(old.ppks_category);
        let derived = || ppks_category.and_then(|code| derive_cluster(code.category(), &old.party));
        CaseFacts {
            cluster: self.cluster.or(old.cluster).or_else(derived),
            ppks_category,
            urgency: self.urgency.unwrap_or(old.urgency),
            target: self.target.unwrap_or(old.target),
            need: self.needed(old),
            ..old.clone()
        }
    }

    /// Places that are not stated are those of the party, as in the report.
    fn needed(&self, old: &CaseFacts) -> Need {
        let Some((next, states_places)) = &self.need else {
            return old.need.clone();
        };
        let mut next = old.need.replaced_by(next.clone());
        if !states_places {
            next.places = old.need.places;
        }
        next
    }
}
