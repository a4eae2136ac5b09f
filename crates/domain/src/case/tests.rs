//! The case state machine, verb by verb.

use serasi_geography::RegionCode;
use time::{Duration, OffsetDateTime};

use super::ending::CloseReason;
use super::*;
use crate::need::{Places, ServiceBase};
use crate::placement::DischargeDestination;

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
        episode: Episode {
            number: 1,
            began_at: NOW,
        },
        finish: None,
        created_at: NOW,
        changed_at: NOW,
    }
}

fn stay(number: u8) -> Stay {
    Stay {
        placement: format!("3273-01933b5c-7a3e-7c3a-9d55-0242ac12010{number}")
            .parse()
            .unwrap(),
        facility: format!("3273-01933b5c-7a3e-7c3a-9d55-0242ac12020{number}")
            .parse()
            .unwrap(),
    }
}

fn offer() -> OfferId {
    "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap()
}

fn in_service(transfer: Option<Transfer>) -> CaseState {
    CaseState::InService {
        stay: stay(1),
        transfer,
    }
}

pub(super) fn every_state() -> Vec<CaseState> {
    let stay = stay(1);
    let next = self::stay(2);
    let closed = |reason| CaseState::Closed { reason, at: NOW };
    vec![
        CaseState::Received,
        CaseState::Triaged,
        CaseState::Offered { offer: offer() },
        CaseState::Waiting { since: NOW },
        CaseState::NoCandidate { since: NOW },
        CaseState::Placed { stay },
        in_service(None),
        in_service(Some(Transfer::Waiting { since: NOW })),
        in_service(Some(Transfer::Offered { offer: offer() })),
        in_service(Some(Transfer::Accepted { next })),
        CaseState::Aftercare { stay },
        closed(CloseReason::Completed),
        closed(CloseReason::Linked),
        CaseState::ResolvedDirectly { at: NOW },
    ]
}

/// In words, with what tells states of one code apart.
pub(super) fn name(state: &CaseState) -> String {
    let more = match (state.transfer(), state) {
        (Some(Transfer::Waiting { .. }), _) => " transfer waiting",
        (Some(Transfer::Offered { .. }), _) => " transfer offered",
        (Some(Transfer::Accepted { .. }), _) => " transfer accepted",
        (None, CaseState::Closed { reason, .. }) => return format!("closed {reason}"),
        (None, _) => "",
    };
    format!("{}{more}", state.code())
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
            format!("{}: {}\n", name(&state), verbs.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table, @r"
    received: TriageCase CloseCase LinkCases
    triaged: TriageCase RouteCase ResolveDirectly CloseCase LinkCases
    offered: AcceptOffer DeclineOffer WithdrawOffer
    waiting: TriageCase RouteCase ResolveDirectly CloseCase LinkCases
    no_candidate: TriageCase RouteCase ResolveDirectly CloseCase LinkCases
    placed: AdmitPlacement MarkNoShow CancelPlacement RecordAssessment RecordPlan RecordConference SignOffStage AdvanceStage
    in_service: DischargePlacement RequestTransfer RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage AdvanceStage StartAftercare
    in_service transfer waiting: DischargePlacement RequestTransfer CancelTransfer RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage AdvanceStage StartAftercare
    in_service transfer offered: AcceptOffer DeclineOffer WithdrawOffer DischargePlacement RequestTransfer CancelTransfer RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage AdvanceStage StartAftercare
    in_service transfer accepted: AdmitPlacement MarkNoShow CancelPlacement DischargePlacement RequestTransfer CancelTransfer RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage AdvanceStage StartAftercare
    aftercare: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage AdvanceStage StartAftercare CloseCase
    closed completed: ReopenCase
    closed linked: UnlinkCases
    resolved_directly: ReopenCase
    ");
}

#[test]
fn illegal_verb_names_state_article_and_allowed_verbs() {
    let error = case(CaseState::Received).resolve_directly(NOW).unwrap_err();
    assert_eq!(error.state, "received");
    assert_eq!(error.allowed, [CaseVerb::Triage, CaseVerb::Close, CaseVerb::Link]);
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
fn every_deadline_but_that_of_an_offer_calls_the_next_owner_up() {
    for state in every_state().into_iter().filter(CaseState::is_open) {
        let mut case = case(state.clone());
        if let Some(stay) = state.stay() {
            case.owner = Owner::Facility(stay.facility);
        }
        let is_offered = matches!(state, CaseState::Offered { .. });
        let called = case.clone().overdue(LATER, LATER);
        assert_eq!(called.is_none(), is_offered, "{}", name(&state));
        let of = |code: &str| Owner::Coordinator(code.parse().unwrap());
        let next_up = if state.stay().is_some() {
            of("32.73")
        } else {
            of("32")
        };
        if let Some(called) = called {
            assert_eq!(
                (called.owner, called.escalations),
                (next_up, 1),
                "{}",
                name(&state)
            );
            assert_eq!(called.state, state, "nothing else changes");
        }
    }
}

#[test]
fn the_clock_of_the_whole_way_rings_once_whatever_the_step() {
    let day = |number| NOW + Duration::days(number);
    for state in every_state().into_iter().filter(CaseState::is_open) {
        let case = case(state.clone()).finish_before(day(2));
        assert_eq!(case.next_deadline, Some(LATER), "the step comes first");
        let mut waiting = case.clone();
        waiting.set_step(day(5));
        assert_eq!(waiting.next_deadline, Some(day(2)), "the whole way ends first");
        assert_eq!(waiting.clone().overdue(day(6), day(1)), None);
        let called = waiting.overdue(day(6), day(2)).unwrap();
        assert_eq!((called.escalations, called.next_deadline), (1, Some(day(6))));
        assert!(called.finish.unwrap().has_rung);
    }
}

#[test]
fn a_facility_that_acts_answers_again_for_the_case() {
    let late = case(in_service(None)).overdue(LATER, LATER).unwrap();
    assert_eq!(late.owner, Owner::Coordinator("32".parse().unwrap()));
    let acted = late.worked_on(LATER + Duration::DAY);
    assert_eq!(acted.owner, Owner::Facility(stay(1).facility));
    assert_eq!(acted.next_deadline, Some(LATER + Duration::DAY));
}

#[test]
fn a_withdrawn_offer_leaves_a_triaged_case_and_counts_for_nothing() {
    let before = case(CaseState::Offered { offer: offer() });
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
    let routed = case(CaseState::Triaged).route(
        Routed::Offered {
            offer: offer(),
            answer_before: LATER,
        },
        LATER,
        NOW,
    );
    let placed = routed.clone().place(stay(1), LATER).unwrap();
    assert_eq!(placed.owner, Owner::Facility(stay(1).facility));
    let admitted = placed.clone().admit(LATER).unwrap();
    let discharged = admitted
        .clone()
        .discharge(DischargeDestination::Family, LATER, NOW)
        .unwrap();
    let resolved = case(CaseState::Waiting { since: NOW })
        .resolve_directly(NOW)
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

mod ways;
