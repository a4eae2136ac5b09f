use super::*;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
const SAFE: Danger = Danger {
    is_marked: false,
    is_hiding: false,
};
const MARKED: Danger = Danger {
    is_marked: true,
    is_hiding: false,
};
const HIDING: Danger = Danger {
    is_marked: false,
    is_hiding: true,
};

fn request(kind: RequestKind, requester: Requester) -> SubjectRequest {
    SubjectRequest {
        id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap(),
        version: 1,
        person: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap(),
        case: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120004".parse().unwrap(),
        kind,
        requester,
        state: RequestState::Open,
        received_at: NOW,
        due_at: NOW + ANSWER_WITHIN,
        recorded_by: "issuer#rina".to_owned(),
    }
}

#[test]
fn a_request_is_overdue_after_three_days_until_it_is_answered_and_is_answered_once() {
    let open = request(RequestKind::Access, Requester::Person);
    let due = open.due_at;
    assert!(!open.is_overdue(due - Duration::NANOSECOND) && open.is_overdue(due));
    let answered = open
        .answer(Answer::Fulfilled, SAFE, ("issuer#budi", due))
        .unwrap();
    assert!(!answered.is_overdue(due));
    let again = answered.answer(
        Answer::Refused(RefusalReason::Endangers),
        SAFE,
        ("issuer#budi", due),
    );
    assert_eq!(again, Err(IllegalSubjectVerb::Answered));
}

#[test]
fn what_endangers_is_only_refused_but_a_person_may_always_have_less_done() {
    for kind in RequestKind::ALL {
        for requester in Requester::ALL {
            for danger in [SAFE, MARKED, HIDING] {
                let open = request(*kind, *requester);
                let refused = Answer::Refused(RefusalReason::Endangers);
                assert!(open.clone().answer(refused, danger, ("b", NOW)).is_ok());
                let is_person = *requester == Requester::Person;
                let is_less = matches!(kind, RequestKind::Restriction | RequestKind::Withdrawal);
                let must_refuse =
                    danger != SAFE && !(is_person && is_less) && !(is_person && danger == HIDING);
                let fulfilled = open.answer(Answer::Fulfilled, danger, ("b", NOW));
                assert_eq!(fulfilled.is_err(), must_refuse, "{kind} {requester} {danger:?}");
            }
        }
    }
}

#[test]
fn an_export_needs_an_open_access_request_that_a_second_person_took_down() {
    let may = |requests: Vec<SubjectRequest>, danger| may_export(&requests, danger, "issuer#budi");
    let access = request(RequestKind::Access, Requester::Guardian);
    let other_kind = request(RequestKind::Correction, Requester::Person);
    assert_eq!(may(vec![], SAFE), Err(IllegalSubjectVerb::NoOpenRequest));
    assert_eq!(
        may(vec![other_kind], SAFE),
        Err(IllegalSubjectVerb::NoOpenRequest)
    );
    let answered = access
        .clone()
        .answer(Answer::Fulfilled, SAFE, ("b", NOW))
        .unwrap();
    assert_eq!(may(vec![answered], SAFE), Err(IllegalSubjectVerb::NoOpenRequest));
    let own = SubjectRequest {
        recorded_by: "issuer#budi".to_owned(),
        ..access.clone()
    };
    assert_eq!(may(vec![own.clone()], SAFE), Err(IllegalSubjectVerb::OwnRequest));
    assert_eq!(may(vec![own, access.clone()], SAFE), Ok(()));
    assert_eq!(
        may(vec![access.clone()], MARKED),
        Err(IllegalSubjectVerb::Endangered)
    );
    assert_eq!(may(vec![], MARKED), Err(IllegalSubjectVerb::Endangered));
    assert_eq!(
        may(vec![access.clone()], HIDING),
        Err(IllegalSubjectVerb::Endangered)
    );
    let own_access = request(RequestKind::Access, Requester::Person);
    assert_eq!(may(vec![access, own_access], HIDING), Ok(()));
}

#[test]
fn a_refusal_names_article_and_letter() {
    let citations = RefusalReason::ALL.iter().map(|reason| reason.citation());
    assert_eq!(
        citations.collect::<Vec<_>>(),
        ["a", "b", "c"].map(|letter| format!("UU 27/2022 Ps.33 huruf {letter}"))
    );
}
