//! Bad input: every violation in one answer, in words a person can act on; nothing half-written.

use serasi_proto::v1;
use serasi_tests::build::{child, facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use tonic::Code;

use crate::scene::hub_with;

/// A report with everything wrong that can be.
fn bad_report() -> v1::Intake {
    v1::Intake {
        source_system: "dengan spasi".to_owned(),
        channel: 77,
        legal_basis: 0,
        report_time: Some(pbjson_types::Timestamp {
            seconds: 4_000_000_000,
            nanos: 0,
        }),
        region_code: "99.99".to_owned(),
        latitude_deg: Some(48.8),
        longitude_deg: Some(2.3),
        story: "  ".to_owned(),
        cluster: 99,
        ppks_category: "tidak_ada".to_owned(),
        location_note: "x".repeat(501),
        need: Some(v1::Need {
            places: 51,
            ..v1::Need::default()
        }),
        persons: vec![
            child(),
            v1::Person {
                nik: "327301410790001".to_owned(),
                birth_date: "2012-02-30".to_owned(),
                sex: 9,
                estimated_age_years: Some(-1),
                phone: "nol delapan".to_owned(),
                domicile_region_code: "32.7".to_owned(),
                ..v1::Person::default()
            },
        ],
        documents: vec![v1::DocumentReference {
            kind: "kk".to_owned(),
            url: "file:///etc/passwd".to_owned(),
            sha256: "abc".to_owned(),
        }],
        ..intake("1")
    }
}

#[tokio::test]
async fn every_violation_of_a_report_comes_in_one_answer() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let request = v1::SubmitIntakeRequest {
        request_id: "not-a-uuid".to_owned(),
        intake: Some(bad_report()),
        route_later: false,
    };
    let refused = client.intake.submit_intake(request).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    let mut fields = violated_fields(&refused);
    fields.sort();
    insta::assert_snapshot!(fields.join("\n"), @r"
    intake.channel
    intake.cluster
    intake.documents[0].sha256
    intake.documents[0].url
    intake.latitude_deg
    intake.legal_basis
    intake.location_note
    intake.need.places
    intake.persons[1].birth_date
    intake.persons[1].domicile_region_code
    intake.persons[1].estimated_age_years
    intake.persons[1].nik
    intake.persons[1].phone
    intake.persons[1].sex
    intake.ppks_category
    intake.region_code
    intake.report_time
    intake.source_system
    intake.story
    request_id
    ");
    let shown = format!("{refused:?}");
    assert!(
        !shown.contains("327301410790001") && !shown.contains("nol delapan"),
        "values stay out of errors"
    );
    nothing_was_written(&hub).await;
    hub.finish().await;
}

async fn nothing_was_written(hub: &serasi_tests::TestHub) {
    let mut connection = hub.database.connect().await;
    for table in [
        "cases",
        "intakes",
        "persons",
        "source_keys",
        "idempotency_keys",
        // The hub's opening has told of its policy.
        "events WHERE kind <> 'policy.activated'",
        "facilities",
    ] {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn an_empty_request_and_an_over_long_story_are_refused() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let empty = client
        .intake
        .submit_intake(v1::SubmitIntakeRequest::default())
        .await
        .unwrap_err();
    assert_eq!(violated_fields(&empty), ["request_id", "intake"]);
    let long = v1::Intake {
        story: "x".repeat(8001),
        ..intake("1")
    };
    let refused = client.intake.submit_intake(submit(long)).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["intake.story"]);
    let province = v1::Intake {
        region_code: "32".to_owned(),
        ..intake("1")
    };
    let refused = client.intake.submit_intake(submit(province)).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["intake.region_code"]);
    let huge = v1::Intake {
        story: "x".repeat(300_000),
        ..intake("1")
    };
    let refused = client.intake.submit_intake(submit(huge)).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "LIMIT_EXCEEDED".to_owned())
    );
    nothing_was_written(&hub).await;
    hub.finish().await;
}

#[tokio::test]
async fn one_bad_row_of_an_import_keeps_all_out_and_every_bad_row_is_named() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let mut nowhere = facility("B", "99.01", 1);
    nowhere.row = 3;
    nowhere.facility.as_mut().unwrap().clusters.clear();
    let mut overfull = facility("C", "32.73.01", 1);
    overfull.row = 4;
    overfull.capacity[0].occupied = 7;
    let mut twice = facility("A", "32.73.01", 1);
    twice.row = 5;
    let mut good = facility("A", "32.73.01", 1);
    good.row = 2;
    let mut elsewhere = facility("D", "32.73.01", 1);
    elsewhere.row = 6;
    elsewhere.capacity[0].key.as_mut().unwrap().base = v1::ServiceBase::Family as i32;
    let mut overlapping = facility("E", "32.73.01", 1);
    overlapping.row = 7;
    overlapping.facility.as_mut().unwrap().working_area = ["32", "35.78", "32.73"].map(str::to_owned).into();
    let rows = vec![good, nowhere, overfull, twice, elsewhere, overlapping];
    let refused = client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    assert_eq!(
        violated_fields(&refused),
        [
            "row 3.region_code",
            "row 3.clusters",
            "row 4.pools[0].total",
            "row 6.pools[0].base",
            "row 7.working_area[2]",
            "row 5.source_ref"
        ]
    );
    nothing_was_written(&hub).await;
    hub.finish().await;
}

#[tokio::test]
async fn ids_that_are_no_ids_are_not_found_and_page_limits_are_kept() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    for id in [
        "",
        "x",
        "3273-",
        "3273-0",
        "'; DROP TABLE cases; --",
        "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002",
    ] {
        let refused = client
            .cases
            .get_case(v1::GetCaseRequest {
                case_id: id.to_owned(),
            })
            .await
            .unwrap_err();
        assert_eq!(
            refusal(&refused),
            (Code::NotFound, "NOT_FOUND".to_owned()),
            "{id}"
        );
    }
    let list = v1::ListCasesRequest {
        page_size: 201,
        page_token: "zz".to_owned(),
        ..Default::default()
    };
    let refused = client.cases.list_cases(list).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["page_token", "page_size"]);
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".to_owned(),
        reason: v1::DeclineReason::Other as i32,
        note: String::new(),
        retry_time: None,
    };
    let refused = client.referral.decline_offer(decline).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["note"]);
    hub.finish().await;
}

#[tokio::test]
async fn odd_moments_blanks_and_repeated_pools_are_violations_not_panics() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let id = crate::scene::facility_id(&mut client, "A").await;
    let far = pbjson_types::Timestamp {
        seconds: 253_402_300_799,
        nanos: 0,
    };
    let report = v1::ReportCapacityRequest {
        request_id: request_id(),
        facility_id: id,
        observe_time: Some(far),
        valid_until_time: None,
        pools: vec![serasi_tests::build::pool(1, 0)],
    };
    let refused = client.facilities.report_capacity(report).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let blank = v1::Intake {
        region_code: " ".to_owned(),
        ..intake("1")
    };
    let refused = client.intake.submit_intake(submit(blank)).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["intake.region_code"]);
    let mut twice = facility("B", "32.73.01", 1);
    twice.capacity.push(twice.capacity[0]);
    let refused = client
        .facilities
        .import_facilities(tokio_stream::iter([twice]))
        .await
        .unwrap_err();
    assert_eq!(violated_fields(&refused), ["row 1.pools"]);
    let filter = v1::ListCasesRequest {
        source_ref: "\u{0}".to_owned(),
        ..Default::default()
    };
    let refused = client.cases.list_cases(filter).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["source_ref"]);
    hub.finish().await;
}
