use time::Duration;

use super::*;

const GET_CASE: &str = "serasi.v1.CaseService/GetCase";

fn caller(roles: &[Role], scope: &str) -> Caller {
    Caller {
        roles: roles.to_vec(),
        scope: scope.parse().unwrap(),
        ..Caller::job("test")
    }
}

fn permit(method: &str, roles: &[Role], scope: &str) -> Permit {
    Permit::new(method, caller(roles, scope)).unwrap()
}

fn case_in(place: &str, owner: &str) -> Belongs {
    Belongs {
        case_place: Some(place.parse().unwrap()),
        owner: Some(owner.parse().unwrap()),
        ..Belongs::default()
    }
}

#[test]
fn a_method_without_a_row_is_refused_to_everybody() {
    for role in Role::ALL {
        let refused = Permit::new("serasi.v1.CaseService/DeleteEverything", caller(&[role], "ID"));
        assert!(matches!(refused, Err(HubError::Forbidden(_))), "{role}");
    }
}

#[test]
fn an_answer_is_settled_only_when_somebody_asked_about_the_record() {
    let unasked = permit(GET_CASE, &[Role::Coordinator], "ID");
    assert!(unasked.must_have_been_asked().is_err());
    assert!(!unasked.clone().may(&Belongs::default()));
    assert!(unasked.must_have_been_asked().is_ok(), "clones are one permit");
    let regions = permit("serasi.v1.ReferenceService/ListRegions", &[Role::Auditor], "32");
    assert!(regions.must_have_been_asked().is_ok());
}

#[test]
fn of_a_case_its_own_coordinators_and_local_social_workers_see_who_it_is() {
    let owned = case_in("32.73.01", "32.73");
    let escalated = case_in("32.73.01", "32");
    for (role, scope, sees, sees_escalated) in [
        (Role::Coordinator, "32.73", true, true),
        (Role::Coordinator, "32.73.01", true, true),
        (Role::Coordinator, "32", false, true),
        (Role::Coordinator, "ID", false, false),
        (Role::Coordinator, "32.74", false, false),
        (Role::SocialWorker, "32.73", true, true),
        (Role::SocialWorker, "32", false, false),
        (Role::Supervisor, "32.73", false, false),
        (Role::HotlineOperator, "32.73", false, false),
    ] {
        let permit = permit(GET_CASE, &[role], scope);
        assert_eq!(permit.may_use(Field::Identity, &owned), sees, "{role} {scope}");
        assert_eq!(
            permit.may_use(Field::Identity, &escalated),
            sees_escalated,
            "{role} {scope}"
        );
    }
}

#[test]
fn a_list_reaches_what_the_roles_are_granted_and_no_further() {
    let list = "serasi.v1.CaseService/ListCases";
    let reach = permit(list, &[Role::Referrer], "32").reach();
    assert_eq!((reach.cases, reach.own_facility), (None, None));
    assert_eq!(reach.reported_by.as_deref(), Some("job:test"));
    let reach = permit(list, &[Role::DinasOfficer], "32").reach();
    assert_eq!(reach.cases, Some("32".parse().unwrap()));
    assert_eq!(reach.reported_by, None);
}

#[test]
fn a_stream_ends_with_its_token() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let expiring = Caller {
        expires_at: Some(now),
        ..caller(&[Role::Coordinator], "32")
    };
    let permit = Permit::new(GET_CASE, expiring).unwrap();
    assert!(permit.still_valid(now - Duration::NANOSECOND).is_ok());
    assert!(matches!(permit.still_valid(now), Err(HubError::Token(_))));
    assert!(Permit::job("test").still_valid(now).is_ok());
}
