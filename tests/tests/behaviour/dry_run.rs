//! A policy is tried on the decisions of a period before it is switched on.

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::RouteResult::{NotRouted, Offered, Waiting};
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, report_time};
use serasi_tests::status::violated_fields;
use tonic::{Code, Status};

use crate::policy::{create, report, variant};
use crate::scene::{facility_id, hub_with};

async fn dry_run(hub: &TestHub, version: &str) -> v1::DryRunPolicyResponse {
    try_dry_run(hub, request(version)).await.unwrap()
}

async fn try_dry_run(
    hub: &TestHub,
    request: v1::DryRunPolicyRequest,
) -> Result<v1::DryRunPolicyResponse, Status> {
    let mut client = hub.client(Role::Coordinator, "ID");
    Ok(client.policies.dry_run_policy(request).await?.into_inner())
}

fn request(version: &str) -> v1::DryRunPolicyRequest {
    v1::DryRunPolicyRequest {
        version: version.to_owned(),
        from_time: Some(report_time()),
        until_time: Some(Timestamp {
            seconds: report_time().seconds + 3600 * 24 * 366,
            nanos: 0,
        }),
        examples: 50,
        ..v1::DryRunPolicyRequest::default()
    }
}

fn results(run: &v1::DryRunPolicyResponse) -> Vec<(v1::RouteResult, v1::RouteResult, i32)> {
    let results = run.results.iter();
    results
        .map(|change| (change.before(), change.after(), change.decisions))
        .collect()
}

/// Three places in Bandung, many in Surabaya; four reports from Bandung through two replicas.
async fn scene() -> TestHub {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 3),
        facility("FAR", "35.78.01", 9),
    ])
    .await;
    let replica = hub.replica().await;
    for number in 0..4 {
        let mut client = if number % 2 == 0 { &hub } else { &replica }.coordinator();
        report(&mut client, intake(&format!("period-{number}"))).await;
    }
    replica.finish().await;
    hub
}

#[tokio::test]
async fn the_same_rules_change_nothing() {
    let hub = scene().await;
    let run = dry_run(&hub, "P7-2021.2").await;
    assert_eq!((run.decisions, run.changed), (4, 0), "{run:#?}");
    assert_eq!(run.travel_before, run.travel_after);
    assert_eq!((run.waiting_before, run.waiting_after), (1, 1));
    assert!(run.examples.is_empty() && run.not_replayed.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn who_would_be_asked_how_far_and_who_would_wait_is_told() {
    let hub = scene().await;
    let mut client = hub.coordinator();
    let everywhere = variant(&mut client, "everywhere", |policy| {
        let regular = policy.regular.as_mut().unwrap();
        regular.ladder.iter_mut().for_each(|step| step.after_seconds = 0);
    })
    .await;
    create(&mut client, everywhere).await.unwrap();
    let run = dry_run(&hub, "everywhere").await;
    assert_eq!((run.decisions, run.changed), (4, 1), "{run:#?}");
    assert_eq!((run.waiting_before, run.waiting_after), (1, 0));
    assert_eq!(results(&run), [(Offered, Offered, 3), (Waiting, Offered, 1)]);
    let far = facility_id(&mut client, "FAR").await;
    let changed = &run.examples[0];
    assert_eq!(
        (changed.facility_before_id.as_str(), &changed.facility_after_id),
        ("", &far)
    );
    assert_eq!(changed.facility_after_name, "LKSA FAR");
    let (before, after) = (run.travel_before.unwrap(), run.travel_after.unwrap());
    assert_eq!((before.decisions, after.decisions), (3, 4));
    assert_eq!(
        after.total_minutes - before.total_minutes,
        i64::from(changed.travel_after_minutes)
    );

    // Under the older law these LKS may not act alone: everybody would be left without anybody.
    let older = variant(&mut client, "older", |policy| {
        policy.regulation = v1::Regulation::P16 as i32;
    })
    .await;
    create(&mut client, older).await.unwrap();
    let run = dry_run(&hub, "older").await;
    assert_eq!((run.changed, run.waiting_after), (4, 4), "{run:#?}");

    // And a field that nobody has filled in stops every search.
    let strict = variant(&mut client, "strict", |policy| {
        policy.required = vec![v1::ClusterRequirement {
            cluster: v1::Cluster::Anak as i32,
            fields: vec![v1::RequiredField::PpksCategory as i32],
        }];
    })
    .await;
    create(&mut client, strict).await.unwrap();
    let run = dry_run(&hub, "strict").await;
    assert_eq!(results(&run), [(Offered, NotRouted, 3), (Waiting, NotRouted, 1)]);
    hub.finish().await;
}

#[tokio::test]
async fn a_dry_run_has_no_effect_and_sees_only_the_callers_scope() {
    let hub = scene().await;
    let mut connection = hub.database.connect().await;
    let count = "SELECT ((SELECT count(*) FROM events) + (SELECT count(*) FROM decisions) + (SELECT sum(version) FROM cases))::bigint";
    let before: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let mut elsewhere = hub.client(Role::Supervisor, "35");
    let run = elsewhere
        .policies
        .dry_run_policy(request("P7-2021.2"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(run.decisions, 0);
    dry_run(&hub, "P7-2021.2").await;
    let after: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(before, after);
    hub.finish().await;
}

#[tokio::test]
async fn a_dry_run_that_makes_no_sense_is_refused() {
    let hub = scene().await;
    let wrong = v1::DryRunPolicyRequest {
        region_code: "99".to_owned(),
        from_time: None,
        examples: 201,
        ..request("P7-2021.2")
    };
    let status = try_dry_run(&hub, wrong).await.unwrap_err();
    assert_eq!(violated_fields(&status), ["region_code", "from_time", "examples"]);
    let backwards = v1::DryRunPolicyRequest {
        until_time: Some(Timestamp::default()),
        ..request("P7-2021.2")
    };
    let status = try_dry_run(&hub, backwards).await.unwrap_err();
    assert_eq!(violated_fields(&status), ["until_time"]);
    let status = try_dry_run(&hub, request("nobody-wrote-it")).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let mut hotline = hub.client(Role::HotlineOperator, "ID");
    let status = hotline
        .policies
        .dry_run_policy(request("P7-2021.2"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    hub.finish().await;
}
