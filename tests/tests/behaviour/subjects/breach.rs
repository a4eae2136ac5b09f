//! Whom to tell of a breach.

use std::collections::BTreeSet;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, submit};
use serasi_tests::status::violated_fields;

use super::{affected, old_woman, report};
use crate::scene::{case, hub_with};

/// A principal as the audit log has it.
async fn principal(hub: &TestHub, subject: &str) -> String {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT principal FROM audit_entries WHERE principal LIKE '%#' || $1 LIMIT 1")
        .bind(subject)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// Twice at the first case, once at the second, at an offer, and at a list.
async fn thief_looks(hub: &TestHub, cases: [&str; 2], offer: &str) {
    let token = hub.token_of("maling", &[Role::SocialWorker], "ID", None);
    let mut thief = hub.with_token(Some(&token));
    for id in [cases[0], cases[0], cases[1]] {
        case(&mut thief, id).await;
    }
    let request = v1::GetOfferRequest {
        offer_id: offer.to_owned(),
    };
    thief.referral.get_offer(request).await.unwrap();
    let list = v1::ListCasesRequest {
        region_code: "32.73".to_owned(),
        ..v1::ListCasesRequest::default()
    };
    thief.cases.list_cases(list).await.unwrap();
}

#[tokio::test]
async fn everybody_a_stolen_account_was_shown_is_listed_once_with_what_and_when() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let seen = report(&hub, old_woman("1")).await;
    let unseen = report(&hub, old_woman("2")).await;
    let mut elsewhere = old_woman("3");
    "33.74.01".clone_into(&mut elsewhere.region_code);
    let elsewhere = report(&hub, elsewhere).await;
    let child = hub
        .coordinator()
        .intake
        .submit_intake(submit(intake("4")))
        .await
        .unwrap();
    let offer = child.into_inner().outcome.unwrap().offer.unwrap();
    thief_looks(&hub, [&seen.case_id, &elsewhere.case_id], &offer.offer_id).await;
    let thief = principal(&hub, "maling").await;
    let mut auditor = hub.client(Role::Auditor, "32");
    let told = affected(&mut auditor, &thief, "").await;
    assert_eq!(
        told.notice_due_time.unwrap().seconds,
        1_793_500_000 + 72 * 60 * 60
    );
    assert_eq!(told.list_looks, 1);
    let cases: BTreeSet<_> = told
        .affected_subjects
        .iter()
        .map(|one| one.case_id.as_str())
        .collect();
    assert_eq!(
        cases,
        BTreeSet::from([seen.case_id.as_str(), offer.case_id.as_str()])
    );
    assert!(!cases.contains(unseen.case_id.as_str()));
    let of = |id: &str| {
        told.affected_subjects
            .iter()
            .find(|one| one.case_id == id)
            .unwrap()
    };
    let old = of(&seen.case_id);
    assert_eq!(
        (old.acts, old.person_ids.len(), old.verbs.as_slice()),
        (2, 2, &["GetCase".to_owned()][..])
    );
    assert!(old.first_time.unwrap().seconds <= old.last_time.unwrap().seconds);
    assert!(old.specific_classes.is_empty() && old.region_code == "32.73");
    let child = of(&offer.case_id);
    assert_eq!(
        (child.acts, child.verbs.as_slice()),
        (1, &["GetOffer".to_owned()][..])
    );
    assert_eq!(child.specific_classes, [v1::SpecificDataClass::Child as i32]);

    let nation = affected(&mut hub.client(Role::Auditor, "ID"), &thief, "GetCase").await;
    let cases: Vec<_> = nation
        .affected_subjects
        .iter()
        .map(|one| one.case_id.as_str())
        .collect();
    assert_eq!(cases, [seen.case_id.as_str(), elsewhere.case_id.as_str()]);
    hub.finish().await;
}

#[tokio::test]
async fn pages_hold_each_case_once_over_all_regencies() {
    let hub = hub_with(vec![]).await;
    let mut expected = BTreeSet::new();
    for (number, region) in ["32.73.01", "32.73.02", "32.04.05", "33.74.01", "11.71.01"]
        .into_iter()
        .enumerate()
    {
        let mut told = old_woman(&number.to_string());
        region.clone_into(&mut told.region_code);
        expected.insert(report(&hub, told).await.case_id);
    }
    let mut auditor = hub.client(Role::Auditor, "ID");
    let mut request = v1::ListAffectedSubjectsRequest {
        verb: "SubmitIntake".to_owned(),
        from_time: Some(pbjson_types::Timestamp::default()),
        discover_time: Some(serasi_tests::build::report_time()),
        page_size: 1,
        ..v1::ListAffectedSubjectsRequest::default()
    };
    let mut found = vec![];
    loop {
        let page = auditor
            .subjects
            .list_affected_subjects(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.affected_subjects.len() <= 1);
        found.extend(page.affected_subjects.into_iter().map(|one| one.case_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        (found.len(), found.into_iter().collect::<BTreeSet<_>>()),
        (5, expected)
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_breach_has_a_doer_a_beginning_and_a_moment_it_was_found() {
    let hub = hub_with(vec![]).await;
    let mut auditor = hub.client(Role::Auditor, "32.73");
    let request = v1::ListAffectedSubjectsRequest {
        region_code: "33.74".to_owned(),
        page_size: 5_001,
        ..v1::ListAffectedSubjectsRequest::default()
    };
    let refused = auditor
        .subjects
        .list_affected_subjects(request)
        .await
        .unwrap_err();
    assert_eq!(
        violated_fields(&refused),
        [
            "region_code",
            "principal",
            "from_time",
            "discover_time",
            "page_size"
        ]
    );
    hub.finish().await;
}
