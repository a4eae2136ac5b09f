//! The tiered report: regency, province, nation.

use std::fmt::Write;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::status::violated_fields;
use serasi_tests::{Client, TestHub};

use super::records::{ACCEPTED, CHILD, Records};
use crate::scene::hub_with;

fn request(region: &str) -> v1::GetTieredReportRequest {
    v1::GetTieredReportRequest {
        region_code: region.to_owned(),
        from_month: "2025-08".to_owned(),
        until_month: "2025-09".to_owned(),
        ..v1::GetTieredReportRequest::default()
    }
}

async fn report(client: &mut Client, region: &str) -> Vec<String> {
    let answer = client.insight.get_tiered_report(request(region)).await.unwrap();
    answer.into_inner().rows.iter().map(told).collect()
}

/// `32.73: 12; cluster anak=12; channel complaint=12; ...`
fn told(row: &v1::TieredRow) -> String {
    let reported = row.reported.unwrap();
    let reported = reported
        .value
        .map_or_else(|| "<5".to_owned(), |cases| cases.to_string());
    let mut text = format!("{}: {reported}", row.region_code);
    for division in &row.divisions {
        let parts = division
            .parts
            .iter()
            .map(|part| format!("{}={}", part.code, part.cases));
        let parts = if division.suppressed {
            "<5".to_owned()
        } else {
            parts.collect::<Vec<_>>().join(" ")
        };
        write!(text, "; {parts}").unwrap();
    }
    for answers in &row.answers {
        write!(text, "; {} min", answers.median_minutes).unwrap();
    }
    text
}

/// Children and elders in four regencies; two elders of Kota Bandung are too few to be told.
async fn a_summer(hub: &TestHub) {
    let mut records = Records::of(hub).await;
    let lansia = CHILD.cluster(Some("lansia")).urgency("urgent");
    let children = records.cases(12, CHILD).await;
    for case in &children[..5] {
        records
            .offer(*case, ACCEPTED.at("2025-08-11 08:00+07").ended("accepted", 30))
            .await;
    }
    records.cases(2, lansia).await;
    records.cases(8, CHILD.region("32.04")).await;
    records.cases(9, lansia.region("32.04")).await;
    records.cases(20, CHILD.region("32.01")).await;
    records.cases(21, lansia.region("32.01")).await;
    records.cases(6, CHILD.region("33.74")).await;
    records
        .cases(7, CHILD.region("33.74").at("2025-09-30 23:59:59+07"))
        .await;
    // Outside the months.
    records.cases(9, CHILD.at("2025-10-01 00:00:00+07")).await;
}

#[tokio::test]
async fn every_tier_adds_up_and_small_numbers_do_not_come_out_of_it() {
    let hub = hub_with(vec![]).await;
    a_summer(&hub).await;
    let mut client = hub.client(Role::Supervisor, "ID");
    let all = report(&mut client, "").await;
    let expected = [
        "ID: 85; anak=53 lansia=32; complaint=85; regular=53 urgent=32; triaged=85; none=85; 30 min",
        "32: 72; anak=40 lansia=32; complaint=72; regular=40 urgent=32; triaged=72; none=72; 30 min",
        "32.01: 41; anak=20 lansia=21; complaint=41; regular=20 urgent=21; triaged=41; none=41",
        // Its elders would tell those of Kota Bandung.
        "32.04: <5; <5; <5; <5; <5; <5",
        "32.73: <5; <5; <5; <5; <5; <5; 30 min",
        "33: 13; anak=13; complaint=13; regular=13; triaged=13; none=13",
        "33.74: 13; anak=13; complaint=13; regular=13; triaged=13; none=13",
    ];
    assert_eq!(all, expected);
    // The same for who sees a part only.
    let mut province = hub.client(Role::Coordinator, "32");
    assert_eq!(report(&mut province, "").await, expected[1..5]);
    assert_eq!(report(&mut province, "32.04").await, expected[3..4]);
    hub.finish().await;
}

#[tokio::test]
async fn the_tiered_report_comes_in_pages_and_says_what_is_wrong_with_a_request() {
    let hub = hub_with(vec![]).await;
    a_summer(&hub).await;
    let mut client = hub.client(Role::Auditor, "ID");
    let mut page = v1::GetTieredReportRequest {
        page_size: 3,
        ..request("")
    };
    let mut regions = vec![];
    loop {
        let answer = client
            .insight
            .get_tiered_report(page.clone())
            .await
            .unwrap()
            .into_inner();
        regions.extend(answer.rows.into_iter().map(|row| row.region_code));
        page.page_token = answer.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(regions, ["ID", "32", "32.01", "32.04", "32.73", "33", "33.74"]);
    let wrong = v1::GetTieredReportRequest {
        region_code: "32.73.01".to_owned(),
        from_month: "2025".to_owned(),
        until_month: "2025-13".to_owned(),
        ..v1::GetTieredReportRequest::default()
    };
    let refused = client.insight.get_tiered_report(wrong).await.unwrap_err();
    assert_eq!(
        violated_fields(&refused),
        ["region_code", "from_month", "until_month"]
    );
    hub.finish().await;
}
