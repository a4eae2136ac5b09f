//! Ways through and out of the service: transfer, loss of a place, leaving, closing, opening again, following another.

use super::super::ending::EndingRefusal;
use super::*;

#[test]
fn the_sender_keeps_case_and_place_until_somebody_accepts() {
    let served = Case {
        owner: Owner::Facility(stay(1).facility),
        ..case(in_service(None))
    };
    let wanted = served.clone().request_transfer(NOW).unwrap().unwrap();
    assert_eq!(
        wanted.clone().request_transfer(NOW).unwrap(),
        None,
        "shown, not begun twice"
    );
    let offered = wanted.route(
        Routed::Offered {
            offer: offer(),
            answer_before: NOW,
        },
        NOW,
        NOW,
    );
    assert_eq!(
        (offered.owner, offered.next_deadline),
        (served.owner, Some(LATER))
    );
    let refused = offered.clone().refused(1);
    assert_eq!(
        (refused.owner, refused.refusals, refused.escalations),
        (served.owner, 1, 0)
    );
    let accepted = offered.place(stay(2), LATER + Duration::HOUR).unwrap();
    assert_eq!(accepted.owner, Owner::Facility(stay(2).facility));
    assert_eq!(
        accepted.state.stay(),
        Some(stay(1)),
        "the persons are still there"
    );
    let lost = accepted.clone().lose_place(CaseVerb::MarkNoShow, LATER).unwrap();
    assert_eq!((lost.owner, lost.state), (served.owner, in_service(None)));
    let on_the_way = accepted
        .clone()
        .discharge(DischargeDestination::OtherFacility, LATER, NOW)
        .unwrap();
    assert_eq!(on_the_way.state, CaseState::Placed { stay: stay(2) });
    let arrived = accepted.admit(LATER).unwrap();
    assert_eq!(arrived.state.stay(), Some(stay(2)));
    assert_eq!(arrived.state.transfer(), None);
}

#[test]
fn every_way_to_leave_has_its_effect() {
    let effect = |to| {
        case(in_service(None))
            .discharge(to, LATER, NOW)
            .unwrap()
            .state
            .code()
    };
    let effects: Vec<_> = DischargeDestination::ALL
        .iter()
        .map(|to| (to.code(), effect(*to)))
        .collect();
    assert_eq!(
        effects,
        [
            ("family", "aftercare"),
            ("other_facility", "aftercare"),
            ("independent", "aftercare"),
            ("death", "closed"),
            ("left", "aftercare"),
        ]
    );
}

#[test]
fn a_place_that_is_lost_leaves_the_case_with_the_coordinator_of_its_home() {
    let placed = Case {
        owner: Owner::Facility(stay(1).facility),
        ..case(CaseState::Placed { stay: stay(1) })
    };
    let lost = placed.lose_place(CaseVerb::MarkNoShow, LATER).unwrap();
    assert_eq!(lost.state, CaseState::Triaged);
    assert_eq!(lost.owner, Owner::Coordinator("32.73".parse().unwrap()));
}

#[test]
fn each_reason_closes_only_where_it_can_be_true() {
    let fits = |state: CaseState| -> Vec<_> {
        let reasons = CloseReason::ALL.iter().copied();
        reasons
            .filter(|reason| case(state.clone()).close(*reason, true, NOW).is_ok())
            .map(CloseReason::code)
            .collect()
    };
    let always = ["referred_out", "person_declined", "lost_contact", "died"];
    let before: Vec<_> = always.into_iter().chain(["unfounded", "other"]).collect();
    assert_eq!(fits(CaseState::Waiting { since: NOW }), before);
    let after: Vec<_> = ["completed"].into_iter().chain(always).chain(["other"]).collect();
    assert_eq!(fits(CaseState::Aftercare { stay: stay(1) }), after);
    let unsigned = case(CaseState::Aftercare { stay: stay(1) }).close(CloseReason::Completed, false, NOW);
    assert!(matches!(unsigned, Err(EndingRefusal::NotTerminated { .. })));
}

#[test]
fn an_ended_case_opens_again_within_the_window_as_a_new_episode() {
    let closed = case(CaseState::Triaged)
        .close(CloseReason::Died, false, NOW)
        .unwrap();
    let after = |days| closed.clone().reopen(30, LATER, NOW + Duration::days(days));
    let open = after(30).unwrap();
    assert_eq!((open.state.clone(), open.episode.number), (CaseState::Triaged, 2));
    assert_eq!(open.next_deadline, Some(LATER));
    assert_eq!(after(31), Err(EndingRefusal::TooLate { days: 30 }));
}

#[test]
fn a_case_that_follows_another_comes_back_exactly_as_it_was() {
    let main = Case {
        id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120009".parse().unwrap(),
        ..case(in_service(None))
    };
    for state in every_state() {
        let before = case(state);
        let Ok((linked, parked)) = before.clone().link(&main, NOW) else {
            assert!(!before.state.allowed_verbs().contains(&CaseVerb::Link));
            continue;
        };
        assert!(!linked.state.is_open() && linked.next_deadline.is_none());
        assert!(
            linked.clone().reopen(90, LATER, NOW).is_err(),
            "it is unlinked, not reopened"
        );
        assert_eq!(linked.unlink(parked).unwrap(), before);
    }
    let itself = case(CaseState::Triaged).link(&case(CaseState::Triaged), NOW);
    assert_eq!(itself.map(drop), Err(EndingRefusal::Itself));
    let ended = main
        .clone()
        .discharge(DischargeDestination::Death, LATER, NOW)
        .unwrap();
    let to_ended = case(CaseState::Triaged).link(&ended, NOW).map(drop);
    assert_eq!(to_ended, Err(EndingRefusal::MainIsClosed(main.id)));
}
