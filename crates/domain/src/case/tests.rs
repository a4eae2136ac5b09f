//! The case state machine, verb by verb.

use serasi_geography::RegionCode;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::need::{Places, ServiceBase};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
const LATER: OffsetDateTime = OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::HOUR);

fn facts(cluster: Option<Cluster>) -> CaseFacts {
    CaseFacts {
        cluster,
        ppks_category: None,
        urgency: Urgency::Regular,
        target: Target::Individual,
        criteria: vec![],
        need: Need {
            base: ServiceBase::Residential,
            forms: enumset::EnumSet::empty(),
            places: Places::ONE,
            excluded_facilities: vec![],
            excluded_regions: vec![],
        },
        place: "32.73".parse().unwrap(),
        party: vec![],
    }
}

fn case(state: CaseState) -> Case {
    Case {
        id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap(),
        version: 1,
        state,
        channel: Channel::Complaint,
        source: SourceKey::new("hotline", "1").unwrap(),
        facts: facts(Some(Cluster::Anak)),
        owner: Owner::Coordinator("32.73".parse().unwrap()),
        next_deadline: Some(LATER),
        policy_version: "P7-2021.2".to_owned(),
        refusals: 0,
        escalations: 0,
        is_frozen: false,
        created_at: NOW,
        changed_at: NOW,
    }
}

fn every_state() -> Vec<CaseState> {
    let offer = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap();
    let placement = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120004".parse().unwrap();
    vec![
        CaseState::Received,
        CaseState::Triaged,
        CaseState::Offered { offer },
        CaseState::Waiting { since: NOW },
        CaseState::NoCandidate { since: NOW },
        CaseState::Placed { placement },
        CaseState::InService { placement },
        CaseState::Aftercare { placement },
        CaseState::Closed,
        CaseState::ResolvedDirectly,
    ]
}

#[test]
fn each_state_allows_exactly_its_verbs() {
    let table: String = every_state()
        .into_iter()
        .map(|state| {
            let verbs: Vec<_> = CaseVerb::ALL
                .iter()
                .filter(|verb| case(state.clone()).must_allow(**verb).is_ok())
                .map(|verb| verb.code())
                .collect();
            format!("{:18} {}\n", state.code(), verbs.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table, @r"
    received           TriageCase
    triaged            TriageCase RouteCase ResolveDirectly
    offered            AcceptOffer DeclineOffer WithdrawOffer
    waiting            TriageCase RouteCase ResolveDirectly
    no_candidate       TriageCase RouteCase ResolveDirectly
    placed             AdmitPlacement
    in_service         DischargePlacement
    aftercare          
    closed             
    resolved_directly  
    ");
}

#[test]
fn illegal_verb_names_state_article_and_allowed_verbs() {
    let error = case(CaseState::Received).resolve_directly().unwrap_err();
    assert_eq!(error.state, "received");
    assert_eq!(error.allowed, [CaseVerb::Triage]);
    assert_eq!(error.article, Article::P16Ps1No8);
}

#[test]
fn case_without_cluster_stays_received() {
    let case = case(CaseState::Received).triage(facts(None), LATER).unwrap();
    assert_eq!(case.state, CaseState::Received);
    assert_eq!(
        case.triage(facts(Some(Cluster::Lansia)), LATER).unwrap().state,
        CaseState::Triaged
    );
}

#[test]
fn a_waiting_case_keeps_its_place_in_the_queue() {
    let waiting = case(CaseState::Triaged).route(Routed::Waiting, LATER, NOW);
    let again = waiting.route(Routed::NoCandidate, LATER, LATER);
    assert_eq!(again.state, CaseState::NoCandidate { since: NOW });
}

#[test]
fn every_third_refusal_moves_the_case_one_coordinator_up() {
    let mut case = case(CaseState::Triaged);
    let mut owners = vec![];
    for _ in 0..9 {
        case = case.refused(3);
        owners.push(case.owner);
    }
    let of = |code: &str| Owner::Coordinator(code.parse().unwrap());
    assert_eq!(owners[1], of("32.73"));
    assert_eq!(owners[2], of("32"));
    assert_eq!(owners[5], of("ID"));
    assert_eq!(owners[8], Owner::Coordinator(RegionCode::NATION));
    assert_eq!(case.escalations, 3, "the nation is called again");
}

#[test]
fn a_missed_deadline_brings_the_next_coordinator_up_and_every_call_counts() {
    let mut case = case(CaseState::Waiting { since: NOW });
    let mut owners = vec![];
    for missed in 1..=4 {
        let deadline = NOW + Duration::hours(missed);
        assert_eq!(
            case.clone().overdue(deadline, deadline - Duration::SECOND),
            None,
            "the deadline has not passed"
        );
        case = case.overdue(deadline + Duration::HOUR, deadline).unwrap();
        assert_eq!(
            case.state,
            CaseState::Waiting { since: NOW },
            "it keeps its place in the queue"
        );
        owners.push(case.owner);
    }
    let of = |code: &str| Owner::Coordinator(code.parse().unwrap());
    assert_eq!(owners, [of("32"), of("ID"), of("ID"), of("ID")]);
    assert_eq!((case.escalations, case.refusals), (4, 0));
}

#[test]
fn only_deadlines_of_coordinators_call_the_next_one_up() {
    let calls: Vec<_> = every_state()
        .into_iter()
        .filter(|state| case(state.clone()).overdue(LATER, LATER).is_some())
        .map(|state| state.code())
        .collect();
    assert_eq!(calls, ["received", "triaged", "waiting", "no_candidate"]);
}

#[test]
fn a_withdrawn_offer_leaves_a_triaged_case_and_counts_for_nothing() {
    let offer = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap();
    let before = case(CaseState::Offered { offer });
    let after = before.clone().withdraw(LATER).unwrap();
    assert_eq!(after.state, CaseState::Triaged);
    assert_eq!(
        (after.owner, after.refusals, after.escalations),
        (before.owner, 0, 0)
    );
    assert!(after.withdraw(LATER).is_err(), "there is no offer any more");
}

#[test]
fn every_open_state_has_a_deadline_and_closed_ones_have_none() {
    let placement = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120004".parse().unwrap();
    let facility = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120005".parse().unwrap();
    let offer = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap();
    let routed = case(CaseState::Triaged).route(
        Routed::Offered {
            offer,
            answer_before: LATER,
        },
        LATER,
        NOW,
    );
    let placed = routed.clone().place(placement, facility, LATER).unwrap();
    assert_eq!(placed.owner, Owner::Facility(facility));
    let admitted = placed.clone().admit(LATER).unwrap();
    let discharged = admitted.clone().discharge(LATER).unwrap();
    let resolved = case(CaseState::Waiting { since: NOW })
        .resolve_directly()
        .unwrap();
    for case in [routed, placed, admitted, discharged, resolved] {
        assert_eq!(
            case.next_deadline.is_some(),
            case.state.is_open(),
            "{}",
            case.state.code()
        );
    }
}
