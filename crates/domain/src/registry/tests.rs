use std::fmt::Write;

use time::macros::{date, datetime};

use super::*;
use crate::regulation::Article;

const NOW: OffsetDateTime = datetime!(2026-11-20 08:00 UTC);
const TEN_DAYS: time::Duration = time::Duration::days(10);
const DAY: Date = date!(2026 - 11 - 21);

fn owed(region: &str) -> Owed {
    Owed {
        registry: RegistryCode::Dtsen,
        addressee: Addressee::try_from(region.parse::<serasi_geography::RegionCode>().unwrap()).unwrap(),
        now: NOW,
        due_at: NOW + time::Duration::DAY,
    }
}

fn delivery() -> Delivery {
    Delivery {
        at: NOW,
        by: "petugas".to_owned(),
    }
}

fn edition(text: &str) -> Edition {
    text.parse().unwrap()
}

fn found(text: &str) -> Match {
    Match {
        edition: edition(text),
        class: MatchClass::Probable,
        weight: 21.5,
        weights_version: Text::new("2026.1").unwrap(),
    }
}

fn reported_only() -> Registration {
    let person = Person {
        nik: Some("3273014107900001".parse().unwrap()),
        domicile: Some("33.74.01".parse().unwrap()),
        ..Person::unknown()
    };
    let id = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002";
    Registration::of_report(id.parse().unwrap(), id.parse().unwrap(), &person)
}

fn served() -> Registration {
    reported_only().serve(owed("32.73"))
}

fn reported() -> Registration {
    served().acknowledge(delivery(), NOW + TEN_DAYS).unwrap()
}

fn after(outcomes: &[Outcome]) -> Registration {
    outcomes.iter().fold(reported(), |person, outcome| {
        person.outcome(*outcome, DAY).unwrap()
    })
}

/// Everybody there can be, by what they are called in the table.
fn people() -> Vec<(&'static str, Registration)> {
    use Outcome::{Deliberated, Proposed, Refused, Registered, Verified};
    let unknown = Registration {
        is_identifiable: false,
        ..reported_only()
    };
    vec![
        ("unchecked", reported_only()),
        ("no_identity, due", unknown.serve(owed("32.73"))),
        ("due", served()),
        ("reported", reported()),
        ("proposed", after(&[Proposed])),
        ("deliberated", after(&[Proposed, Deliberated])),
        ("verified", after(&[Proposed, Deliberated, Verified])),
        (
            "registered",
            after(&[Proposed, Deliberated, Verified, Registered]),
        ),
        ("refused", after(&[Proposed, Refused(RefusalReason::Correction)])),
        (
            "ambiguous",
            reported_only().doubt(edition("DTSEN 2026-Q3")).unwrap(),
        ),
        (
            "ambiguous, due",
            served().doubt(edition("DTSEN 2026-Q3")).unwrap(),
        ),
        ("matched", reported_only().matched(found("DTSEN 2026-Q3"))),
        ("matched, reported", reported().matched(found("DTSEN 2026-Q3"))),
    ]
}

/// The state after `verb`, or `None` where it is refused.
fn after_verb(person: Registration, verb: RegistryVerb) -> Option<String> {
    let later = NOW + TEN_DAYS;
    let next = edition("DTSEN 2026-Q4");
    let is_allowed = person.must_allow(verb).is_ok();
    let changed = match verb {
        RegistryVerb::Serve => Some(person.serve(owed("32.73"))),
        RegistryVerb::Match => Some(person.matched(found("DTSEN 2026-Q4"))),
        RegistryVerb::Doubt => person.doubt(next).ok(),
        RegistryVerb::Miss => person.miss(next, owed("32.73")).ok(),
        RegistryVerb::Review => person.confirmed(found("DTSEN 2026-Q4")).ok(),
        RegistryVerb::Undo => person.undo(owed("32.73")).ok(),
        RegistryVerb::Leave => person.leave(next, owed("32.73")).ok().flatten(),
        RegistryVerb::FollowUp => person.follow_up(later, later),
        RegistryVerb::Acknowledge => person.acknowledge(delivery(), NOW + TEN_DAYS).ok(),
        RegistryVerb::Propose => person.outcome(Outcome::Proposed, DAY).ok(),
        RegistryVerb::Deliberate => person.outcome(Outcome::Deliberated, DAY).ok(),
        RegistryVerb::Verify => person.outcome(Outcome::Verified, DAY).ok(),
        RegistryVerb::Register => person.outcome(Outcome::Registered, DAY).ok(),
        RegistryVerb::Refuse => person.outcome(Outcome::Refused(RefusalReason::Moved), DAY).ok(),
    };
    assert_eq!(changed.is_some(), is_allowed, "{verb}");
    changed.map(|person| {
        let axis = person.standing.code();
        let owed = person.standing.obligation();
        owed.map_or_else(|| axis.to_owned(), |owed| format!("{axis}/{}", owed.state.code()))
    })
}

#[test]
fn every_state_allows_the_verbs_of_the_table_and_no_other() {
    let mut table = String::new();
    for (name, person) in people() {
        let line: Vec<String> = RegistryVerb::ALL
            .iter()
            .filter_map(|verb| Some(format!("{verb:?}={}", after_verb(person.clone(), *verb)?)))
            .collect();
        writeln!(table, "{name}: {}", line.join(" ")).unwrap();
    }
    let expected = "\
unchecked: Serve=not_found/due Match=matched Doubt=ambiguous
no_identity, due: Serve=no_identity/due Match=matched Doubt=ambiguous/due Miss=not_found/due FollowUp=no_identity/due Acknowledge=no_identity/reported
due: Serve=not_found/due Match=matched Doubt=ambiguous/due Miss=not_found/due FollowUp=not_found/due Acknowledge=not_found/reported
reported: Serve=not_found/reported Match=matched Doubt=ambiguous/reported Miss=not_found/reported FollowUp=not_found/reported Propose=not_found/proposed Register=not_found/registered Refuse=not_found/refused
proposed: Serve=not_found/proposed Match=matched Doubt=ambiguous/proposed Miss=not_found/proposed Deliberate=not_found/deliberated Refuse=not_found/refused
deliberated: Serve=not_found/deliberated Match=matched Doubt=ambiguous/deliberated Miss=not_found/deliberated Verify=not_found/verified Refuse=not_found/refused
verified: Serve=not_found/verified Match=matched Doubt=ambiguous/verified Miss=not_found/verified Register=not_found/registered Refuse=not_found/refused
registered: Serve=not_found/registered Match=matched Doubt=ambiguous/registered Miss=not_found/registered Register=not_found/registered
refused: Serve=not_found/refused Match=matched Doubt=ambiguous/refused Miss=not_found/refused Propose=not_found/proposed
ambiguous: Serve=ambiguous/due Match=matched Doubt=ambiguous Miss=unchecked Review=matched
ambiguous, due: Serve=ambiguous/due Match=matched Doubt=ambiguous/due Miss=not_found/due Review=matched FollowUp=ambiguous/due Acknowledge=ambiguous/reported
matched: Serve=matched Match=matched Doubt=ambiguous Review=matched Undo=unchecked Leave=unchecked
matched, reported: Serve=matched Match=matched Doubt=ambiguous/reported Review=matched Undo=not_found/reported Leave=not_found/due
";
    assert_eq!(table, expected);
}

#[test]
fn a_refusal_names_the_article_the_state_and_the_verbs_that_are_allowed() {
    let early = served().outcome(Outcome::Proposed, DAY).unwrap_err();
    assert_eq!(early.article, Article::P16Ps36);
    assert_eq!(early.state, "due");
    assert!(early.allowed.contains(&RegistryVerb::Acknowledge));
    assert_eq!(
        early.to_string(),
        "a person in state due does not allow RecordOutcome PROPOSED"
    );
    let twice = reported().acknowledge(delivery(), NOW + TEN_DAYS).unwrap_err();
    assert_eq!((twice.article, twice.state), (Article::P16Ps35, "reported"));
}

#[test]
fn nobody_who_acknowledges_means_the_next_one_up_until_the_ministry() {
    let mut person = served();
    let mut told = vec![];
    let mut now = NOW;
    loop {
        now += TEN_DAYS;
        match person.clone().follow_up(now + time::Duration::DAY, now) {
            None => break,
            Some(next) => person = next,
        }
        let owed = person.standing.obligation().unwrap();
        told.push((owed.addressee.region().to_string(), owed.follow_ups));
        assert_eq!(
            owed.due_at,
            NOW + time::Duration::DAY,
            "it was due then, and still is"
        );
        assert!(owed.is_overdue(now));
    }
    assert_eq!(told, [("32".to_owned(), 1), ("ID".to_owned(), 2)]);
    let early = served().follow_up(NOW, NOW + time::Duration::HOUR);
    assert_eq!(early, None, "there is time left");
}

#[test]
fn who_has_a_report_and_does_not_act_is_followed_by_the_next_one_up_too() {
    let later = NOW + TEN_DAYS;
    let early = reported().follow_up(later, later - time::Duration::SECOND);
    assert_eq!(early, None, "there is time left");
    let person = reported().follow_up(later + TEN_DAYS, later).unwrap();
    let owed = person.standing.obligation().unwrap();
    assert_eq!((owed.state.code(), owed.follow_ups), ("reported", 1));
    assert_eq!(owed.addressee.region().to_string(), "32");
    assert_eq!(owed.state.delivery(), Some(&delivery()), "they have it still");
    let person = person.follow_up(later, later + TEN_DAYS).unwrap();
    let owed = person.standing.obligation().unwrap();
    assert_eq!(owed.state.answer_before(), None, "above the ministry is nobody");
    let proposed = after(&[Outcome::Proposed]);
    assert_eq!(proposed.follow_up(later, later + TEN_DAYS), None);
}

#[test]
fn a_report_is_addressed_to_the_dinas_on_the_way_up_and_to_no_other() {
    let told = |obligation: &Obligation| {
        let scopes = ["32.73", "32.73.01", "32", "ID", "32.04", "33"];
        scopes.map(|scope| obligation.is_addressed_to(scope.parse().unwrap()))
    };
    let person = served();
    assert_eq!(
        told(person.standing.obligation().unwrap()),
        [true, false, false, false, false, false]
    );
    let later = NOW + TEN_DAYS;
    let person = person.follow_up(later, later).unwrap();
    assert_eq!(
        told(person.standing.obligation().unwrap()),
        [true, false, true, false, false, false]
    );
}

#[test]
fn the_first_addressee_is_where_the_person_is_at_home_if_that_is_known() {
    let place = "32.73".parse::<serasi_geography::RegionCode>().unwrap();
    let place = Regency::try_from(place).unwrap();
    let person = reported_only();
    assert_eq!(
        Addressee::first(person.domicile, place).region().to_string(),
        "33.74"
    );
    assert_eq!(Addressee::first(None, place).region().to_string(), "32.73");
    let district: serasi_geography::RegionCode = "32.73.01".parse().unwrap();
    assert!(Addressee::try_from(district).is_err());
}

#[test]
fn who_leaves_a_later_edition_is_owed_a_report_anew() {
    let person = reported().matched(found("DTSEN 2026-Q3"));
    for not_later in ["DTSEN 2026-Q3", "DTSEN 2026-Q2", "DTKS 2027-01"] {
        let left = person.clone().leave(edition(not_later), owed("32.73"));
        assert_eq!(left.unwrap(), None, "{not_later}");
    }
    let left = person
        .leave(edition("DTSEN 2026-Q4"), owed("33.74"))
        .unwrap()
        .unwrap();
    let owed = left.standing.obligation().unwrap();
    assert_eq!((owed.state.code(), owed.round), ("due", 2));
    assert_eq!(owed.addressee.region().to_string(), "33.74");
    assert_eq!(left.standing.edition(), Some(edition("DTSEN 2026-Q4")));
}

#[test]
fn a_row_of_another_registry_meets_nothing_that_is_owed() {
    let old = found("DTKS 2024-11");
    assert_eq!(reported().matched(old.clone()), reported());
    let known_before = reported_only().matched(old).serve(owed("32.73"));
    assert_eq!(
        (known_before.standing.code(), known_before.state()),
        ("not_found", "due")
    );
    let known_here = reported_only().matched(found("DTSEN 2026-Q3"));
    assert_eq!(known_here.serve(owed("32.73")).state(), "matched");
}

#[test]
fn who_was_registered_and_is_missing_in_an_edition_that_began_later_is_owed_a_report_anew() {
    let registered = reported().outcome(Outcome::Registered, DAY).unwrap();
    let state_after = |text: &str| {
        let missed = registered.clone().miss(edition(text), owed("32.73")).unwrap();
        let owed = missed.standing.obligation().unwrap();
        (owed.state.code(), owed.round)
    };
    assert_eq!(state_after("DTSEN 2026-Q4"), ("registered", 1), "it began before");
    assert_eq!(state_after("DTSEN 2027-Q1"), ("due", 2));
    assert_eq!(state_after("DTKS 2027-01"), ("registered", 1), "another registry");
}

#[test]
fn who_gets_a_nik_can_be_looked_for_until_it_was_wrong_and_what_is_owed_goes_on() {
    let unknown = Registration {
        is_identifiable: false,
        ..reported_only()
    };
    let with_nik = Person {
        nik: Some("3273014107900001".parse().unwrap()),
        ..Person::unknown()
    };
    let owing = unknown.clone().serve(owed("32.73"));
    let known = owing.clone().known_as(&with_nik);
    assert_eq!((known.standing.code(), known.state()), ("not_found", "due"));
    assert!(known.is_identifiable);
    assert_eq!(known.known_as(&Person::unknown()), owing);
    assert_eq!(unknown.clone().known_as(&Person::unknown()), unknown);
    assert_eq!(reported_only().known_as(&with_nik), reported_only());
}
