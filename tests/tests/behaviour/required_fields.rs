//! What a policy requires before a case of a cluster is routed.

use serasi_domain::cluster::Cluster;
use serasi_domain::policy::{Policy, RequiredField};
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal, violated_fields};
use tonic::Code;

use crate::policy::report;
use crate::policy_of_case::route;
use crate::scene::{hub_with, import};

/// A hub whose policy requires everything of a child's case, with one facility.
async fn demanding_hub() -> TestHub {
    let mut policy = Policy::p7();
    policy.required.insert(Cluster::Anak, RequiredField::ALL.to_vec());
    let hub = TestHub::with_policy(policy).await;
    let mut wheelchairs = facility("A", "32.73.01", 4);
    wheelchairs.facility.as_mut().unwrap().admission = Some(v1::AdmissionRule {
        access: vec![v1::AccessNeed::Wheelchair as i32],
        ..v1::AdmissionRule::default()
    });
    import(&mut hub.coordinator(), vec![wheelchairs]).await;
    hub
}

/// A report of which nothing is known that the policy of the demanding hub requires.
fn bare(reference: &str) -> v1::Intake {
    v1::Intake {
        persons: vec![],
        ..intake(reference)
    }
}

#[tokio::test]
async fn a_case_that_lacks_what_its_cluster_requires_is_taken_down_and_not_routed() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let answer = report(&mut client, bare("1")).await;
    let (taken, outcome) = (answer.case.unwrap(), answer.outcome.unwrap());
    assert_eq!(
        (taken.state(), outcome.result()),
        (v1::CaseState::Triaged, v1::RouteResult::NotRouted)
    );
    for message in [&outcome.message_id, &outcome.message_en] {
        let wanted = "ppks_category, criteria, forms, sex, age (P16 Ps.27)";
        assert!(message.contains(wanted) && message.contains("anak"), "{message}");
    }
    let again = report(&mut client, bare("1")).await;
    assert_eq!(
        again.outcome.unwrap(),
        outcome,
        "the same report gets the same answer"
    );

    let preview = v1::PreviewRouteRequest {
        case_id: taken.case_id.clone(),
    };
    for refused in [
        client.referral.preview_route(preview).await.unwrap_err(),
        client
            .referral
            .route_case(route(&taken.case_id, false))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(
            refusal(&refused),
            (Code::FailedPrecondition, "FIELDS_MISSING".to_owned())
        );
        assert_eq!(
            metadata(&refused, "fields"),
            "ppks_category,criteria,forms,sex,age"
        );
        assert_eq!(
            (metadata(&refused, "cluster"), metadata(&refused, "article")),
            ("anak".to_owned(), "P16 Ps.27".to_owned())
        );
    }
    hub.finish().await;
}

#[tokio::test]
async fn triage_supplies_what_is_missing_and_routes_the_case() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let taken = report(&mut client, bare("1")).await.case.unwrap();
    let girl = v1::PartyMember {
        sex: v1::Sex::Female as i32,
        age_years: Some(9),
        access_needs: vec![v1::AccessNeed::Wheelchair as i32],
        ..v1::PartyMember::default()
    };
    let boy = v1::PartyMember {
        sex: v1::Sex::Male as i32,
        ..v1::PartyMember::default()
    };
    let triage = |party: Vec<v1::PartyMember>| v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: taken.case_id.clone(),
        ppks_category: "anak_telantar".to_owned(),
        criteria: vec![v1::Criterion::Neglect as i32],
        need: Some(v1::Need {
            forms: vec![v1::ServiceForm::SocialCare as i32],
            ..v1::Need::default()
        }),
        party,
        ..v1::TriageCaseRequest::default()
    };
    let half = triage(vec![girl.clone(), boy.clone()]);
    let half = client.cases.triage_case(half).await.unwrap().into_inner();
    let message = half.outcome.unwrap().message_en;
    assert_eq!(half.case.unwrap().state(), v1::CaseState::Triaged);
    assert!(message.contains("still needs: age (P16 Ps.27)"), "{message}");

    let boy = v1::PartyMember {
        age_years: Some(5),
        ..boy
    };
    let party = vec![girl, boy];
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let whole = worker
        .cases
        .triage_case(triage(party.clone()))
        .await
        .unwrap()
        .into_inner();
    let offer = whole.outcome.unwrap().offer.unwrap();
    let ages = |party: &[v1::PartyMember]| party.iter().map(|one| one.age_years).collect::<Vec<_>>();
    assert_eq!((ages(&offer.party), offer.places), (ages(&party), 2));
    assert_eq!(whole.case.unwrap().criteria, [v1::Criterion::Neglect as i32]);
    hub.finish().await;
}

#[tokio::test]
async fn an_emergency_is_served_before_anything_is_asked() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let emergency = v1::Intake {
        urgency: v1::Urgency::Emergency as i32,
        ..bare("1")
    };
    let answer = report(&mut client, emergency).await;
    assert_eq!(answer.outcome.unwrap().result(), v1::RouteResult::Offered);
    hub.finish().await;
}

#[tokio::test]
async fn triage_keeps_what_it_does_not_change_and_tells_what_is_wrong_with_the_party() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4)]).await;
    let mut client = hub.coordinator();
    let later = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(v1::Intake {
            criteria: vec![v1::Criterion::Violence as i32],
            ..intake("1")
        })
    };
    let taken = client
        .intake
        .submit_intake(later)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    let triage = |party| v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: taken.case_id.clone(),
        party,
        ..v1::TriageCaseRequest::default()
    };
    let wrong = v1::PartyMember {
        age_years: Some(130),
        access_needs: vec![77],
        ..v1::PartyMember::default()
    };
    let refused = client.cases.triage_case(triage(vec![wrong])).await.unwrap_err();
    assert_eq!(
        violated_fields(&refused),
        ["party[0].age_years", "party[0].access_needs[0]"]
    );
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let triaged = worker
        .cases
        .triage_case(triage(vec![]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(triaged.case.unwrap().criteria, [v1::Criterion::Violence as i32]);
    assert_eq!(
        triaged.outcome.unwrap().offer.unwrap().party[0].age_years,
        Some(10)
    );
    hub.finish().await;
}
