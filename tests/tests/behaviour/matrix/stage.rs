//! The records that all callers of the matrix are sent to.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};

use super::people;
use crate::audit::{entries_about, until_exported};
use crate::scene::{facility_id, hub_with};

/// Where everything is.
pub(super) const HERE: &str = "32.73";
pub(super) const ELSEWHERE: &str = "33.74";
/// Who reported the cases.
pub(super) const REPORTER: &str = "pelapor";

pub(super) struct Stage {
    pub(super) facility: String,
    pub(super) other_facility: String,
    pub(super) description: v1::Facility,
    pub(super) policy: v1::Policy,
    /// Waits for an answer of the facility.
    pub(super) offered: v1::Offer,
    /// Of another case, declined by the facility.
    pub(super) declined: String,
    /// The facility has taken it, and it is over.
    pub(super) placed: v1::Placement,
    /// Of the same case: owed a registration.
    pub(super) owed: String,
    /// A reconciliation of people here that was abandoned.
    pub(super) run: String,
    /// Of the case that is offered.
    pub(super) document: String,
    /// In the case that is offered.
    pub(super) person: String,
    /// Opens nothing but how far a case is.
    pub(super) code: String,
    /// Opened and reviewed.
    pub(super) glass: String,
    /// On record about the offered case, and sealed.
    pub(super) entry: String,
    /// The root of the newest head of the regency.
    pub(super) head: String,
    /// Of the case that is placed, with a request that was refused.
    pub(super) asked: v1::SubjectRequest,
}

/// A hub with one of each.
pub(super) async fn set() -> (TestHub, Stage) {
    let hub = hub_with(vec![facility("A", "32.73.01", 9), facility("B", "33.74.01", 9)]).await;
    let mut nation = hub.coordinator();
    let own = facility_id(&mut nation, "A").await;
    let other_facility = facility_id(&mut nation, "B").await;
    let mut officer = hub.officer(&own);

    let declined = report(&hub, "declined").await;
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: declined.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    officer.referral.decline_offer(decline).await.unwrap();
    let placed = placed_and_discharged(&hub, &own).await;
    let offered = report(&hub, "offered").await;
    assert_eq!(offered.facility_id, own);
    let get = v1::GetFacilityRequest {
        facility_id: own.clone(),
    };
    let description = nation.facilities.get_facility(get).await.unwrap().into_inner();
    let policy = nation.policies.get_policy(v1::GetPolicyRequest::default()).await;
    let glass = reviewed_glass(&hub, &offered.case_id).await;
    let (entry, head) = sealed_entry(&hub, &offered.case_id).await;
    let asked = super::rights::refused_request(&hub, &placed.case_id).await;
    let owed = crate::scene::case(&mut nation, &placed.case_id).await.persons[0]
        .person_id
        .clone();
    let stage = Stage {
        owed,
        run: super::registry::abandoned(&hub).await,
        asked,
        facility: own,
        other_facility,
        description: description.facility.unwrap(),
        policy: policy.unwrap().into_inner().policy.unwrap(),
        document: people::document(&mut nation, &offered.case_id).await,
        glass,
        entry,
        head,
        person: people::person(&mut nation, &offered.case_id).await,
        code: people::code(&mut nation).await,
        declined: declined.offer_id,
        offered,
        placed,
    };
    (hub, stage)
}

/// An id like `id`, of nothing.
pub(super) fn unknown(id: &str) -> String {
    let (rest, last) = id.split_at(id.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

/// What the reporter sends.
pub(super) fn intake_of(reference: &str) -> v1::Intake {
    intake(reference)
}

async fn report(hub: &TestHub, reference: &str) -> v1::Offer {
    let token = hub.token_of(REPORTER, &[Role::Referrer], ELSEWHERE, None);
    let mut reporter = hub.with_token(Some(&token));
    let answer = reporter.intake.submit_intake(submit(intake_of(reference))).await;
    answer.unwrap().into_inner().outcome.unwrap().offer.unwrap()
}

async fn placed_and_discharged(hub: &TestHub, facility: &str) -> v1::Placement {
    let mut officer = hub.officer(facility);
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: report(hub, "placed").await.offer_id,
        capacity: None,
    };
    let accepted = officer.referral.accept_offer(accept).await.unwrap().into_inner();
    let placement_id = accepted.placement.unwrap().placement_id;
    let admit = v1::AdmitPlacementRequest {
        request_id: request_id(),
        placement_id: placement_id.clone(),
    };
    officer.referral.admit_placement(admit).await.unwrap();
    let discharge = v1::DischargePlacementRequest {
        request_id: request_id(),
        placement_id,
        destination: v1::DischargeDestination::Family as i32,
    };
    let done = officer.referral.discharge_placement(discharge).await.unwrap();
    done.into_inner().placement.unwrap()
}

async fn reviewed_glass(hub: &TestHub, case: &str) -> String {
    let open = v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: "Keluarga mengancam menjemput paksa.".to_owned(),
        minutes: 5,
    };
    let mut supervisor = hub.client(Role::Supervisor, HERE);
    let opened = supervisor
        .audit
        .open_break_glass(open)
        .await
        .unwrap()
        .into_inner();
    let break_glass_id = opened.break_glass.unwrap().break_glass_id;
    let review = v1::ReviewBreakGlassRequest {
        request_id: request_id(),
        break_glass_id: break_glass_id.clone(),
        verdict: v1::BreakGlassVerdict::Justified as i32,
        text: "Memang mendesak.".to_owned(),
    };
    let mut auditor = hub.client(Role::Auditor, HERE);
    auditor.audit.review_break_glass(review).await.unwrap();
    break_glass_id
}

/// The oldest entry about `case`, and the root of the newest head that covers it.
async fn sealed_entry(hub: &TestHub, case: &str) -> (String, String) {
    until_exported(hub).await;
    let entries = entries_about(hub, case).await;
    let mut auditor = hub.client(Role::Auditor, HERE);
    let request = v1::ListAuditHeadsRequest::default();
    let heads = auditor
        .audit
        .list_audit_heads(request)
        .await
        .unwrap()
        .into_inner()
        .heads;
    let oldest = entries.last().unwrap().audit_id.clone();
    (oldest, heads.first().unwrap().root_hash.clone())
}
