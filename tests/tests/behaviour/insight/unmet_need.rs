//! Where need is not met: months, distinct cases, and small numbers.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::status::violated_fields;
use serasi_tests::{Client, TestHub};

use super::records::{ACCEPTED, CHILD, Records};
use super::{september, unmet};
use crate::scene::hub_with;

async fn unmet_rows(client: &mut Client, request: v1::GetUnmetNeedRequest) -> Vec<v1::UnmetNeed> {
    client
        .insight
        .get_unmet_need(request)
        .await
        .unwrap()
        .into_inner()
        .rows
}

/// `2025-08 anak 32.73: 12 reported, 8 no candidate, <5 waiting, 9 never placed` and what follows.
fn told(row: &v1::UnmetNeed) -> String {
    let count = |count: &Option<v1::CaseCount>| match count.unwrap() {
        v1::CaseCount {
            value: Some(cases),
            suppressed: false,
        } => cases.to_string(),
        v1::CaseCount {
            value: None,
            suppressed: true,
        } => "<5".to_owned(),
        both => panic!("{both:?}"),
    };
    let misses = row.near_misses.iter();
    let misses = misses.map(|miss| format!(" {}={}", miss.rule, count(&miss.cases)));
    let median = row.median_wait_hours.map(|hours| format!(" after {hours} h"));
    format!(
        "{} {} {}: {} {} {} {}{}{}",
        row.month,
        row.cluster().as_str_name(),
        row.region_code,
        count(&row.reported),
        count(&row.no_candidate),
        count(&row.waiting),
        count(&row.never_placed),
        misses.collect::<String>(),
        median.unwrap_or_default()
    )
}

async fn unmet_told(client: &mut Client, region: &str, level: v1::RegionLevel) -> Vec<String> {
    let rows = unmet_rows(client, unmet(region, level)).await;
    rows.iter().map(told).collect()
}

/// Twelve children of Kota Bandung in August: eight met NO_CANDIDATE and six WAITING, two of them both; five were
/// offered something after 10, 20 ... 50 hours, and three of these were accepted. Others stand around them.
async fn two_months(hub: &TestHub) {
    let mut records = Records::of(hub).await;
    let august = records.cases(12, CHILD).await;
    for case in &august[..8] {
        records.searched(*case, "no_candidate", Some("within_tier")).await;
    }
    let offers = [
        "10 22:00+07",
        "11 08:00+07",
        "11 18:00+07",
        "12 04:00+07",
        "12 14:00+07",
    ];
    let ends = ["accepted", "accepted", "accepted", "declined", "expired"];
    for ((case, at), end) in august.iter().zip(offers).zip(ends) {
        // The same cases again: they are no more for it, but another rule stood in the way.
        records.searched(*case, "no_candidate", Some("within_tier")).await;
        records.searched(*case, "no_candidate", Some("gives_forms")).await;
        let at = format!("2025-08-{at}");
        records.offer(*case, ACCEPTED.at(&at).ended(end, 5)).await;
        records
            .offer(*case, ACCEPTED.at("2025-08-20 00:00+07").ended("withdrawn", 5))
            .await;
    }
    for case in &august[6..] {
        records.searched(*case, "waiting", Some("has_places")).await;
    }
    // A search that found somebody is no unmet need, whatever was the nearest miss.
    for case in records.cases(7, CHILD.region("32.04")).await {
        records.searched(case, "offered", Some("has_places")).await;
    }
    // The last second of August in Jakarta, and the first of September.
    let lansia = CHILD.region("33.74").cluster(Some("lansia"));
    records.cases(6, lansia.at("2025-08-31 16:59:59+00")).await;
    records.cases(5, lansia.at("2025-08-31 17:00:00+00")).await;
    records.cases(5, CHILD.cluster(None)).await;
    // Outside the months that are asked for.
    records.cases(9, CHILD.at("2025-10-01 00:00:00+07")).await;
    records.cases(9, CHILD.at("2025-07-31 23:59:59+07")).await;
}

#[tokio::test]
async fn unmet_need_counts_each_case_once_by_cluster_region_and_month() {
    let hub = hub_with(vec![]).await;
    two_months(&hub).await;
    let mut client = hub.client(Role::Supervisor, "ID");
    assert_eq!(
        unmet_told(&mut client, "", v1::RegionLevel::Unspecified).await,
        [
            "2025-08 CLUSTER_UNSPECIFIED 32.73: 5 0 0 0",
            "2025-08 CLUSTER_ANAK 32.04: 7 0 0 0",
            "2025-08 CLUSTER_ANAK 32.73: 12 8 6 9 gives_forms=5 has_places=6 within_tier=8 after 30 h",
            "2025-08 CLUSTER_LANSIA 33.74: 6 0 0 0",
            "2025-09 CLUSTER_LANSIA 33.74: 5 0 0 0",
        ]
    );
    assert_eq!(
        unmet_told(&mut client, "32", v1::RegionLevel::Province).await,
        [
            "2025-08 CLUSTER_UNSPECIFIED 32: 5 0 0 0",
            "2025-08 CLUSTER_ANAK 32: 19 8 6 9 gives_forms=5 has_places=6 within_tier=8 after 30 h",
        ]
    );
    let only = v1::GetUnmetNeedRequest {
        cluster: v1::Cluster::Lansia as i32,
        from_month: "2025-09".to_owned(),
        ..unmet("ID", v1::RegionLevel::Nation)
    };
    let rows = unmet_rows(&mut client, only).await;
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        ["2025-09 CLUSTER_LANSIA ID: 5 0 0 0"]
    );
    hub.finish().await;
}

#[tokio::test]
async fn pages_of_unmet_need_add_up_to_the_whole() {
    let hub = hub_with(vec![]).await;
    two_months(&hub).await;
    let mut client = hub.client(Role::Auditor, "ID");
    let whole = unmet_rows(&mut client, unmet("", v1::RegionLevel::Regency)).await;
    let mut pages = vec![];
    let mut page_token = String::new();
    loop {
        let request = v1::GetUnmetNeedRequest {
            page_size: 2,
            page_token,
            ..unmet("", v1::RegionLevel::Regency)
        };
        let page = client.insight.get_unmet_need(request).await.unwrap().into_inner();
        assert!(page.rows.len() <= 2);
        pages.extend(page.rows);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!((pages.len(), pages), (5, whole));
    hub.finish().await;
}

#[tokio::test]
async fn small_numbers_are_told_to_nobody_and_cannot_be_computed_from_the_rest() {
    let hub = hub_with(vec![]).await;
    let mut records = Records::of(&hub).await;
    for (region, count) in [("32.73", 3), ("32.04", 8), ("32.77", 20)] {
        records.cases(count, CHILD.region(region)).await;
    }
    let mut nation = hub.client(Role::DinasOfficer, "ID");
    assert_eq!(
        unmet_told(&mut nation, "", v1::RegionLevel::Province).await,
        ["2025-08 CLUSTER_ANAK 32: 31 0 0 0"]
    );
    let regencies = [
        "2025-08 CLUSTER_ANAK 32.04: <5 0 0 0",
        "2025-08 CLUSTER_ANAK 32.73: <5 0 0 0",
        "2025-08 CLUSTER_ANAK 32.77: 20 0 0 0",
    ];
    assert_eq!(
        unmet_told(&mut nation, "", v1::RegionLevel::Regency).await,
        regencies
    );
    // Who asks for one regency learns no more than who sees it beside the others.
    let mut regency = hub.client(Role::Coordinator, "32.04");
    assert_eq!(
        unmet_told(&mut regency, "", v1::RegionLevel::Regency).await,
        regencies[..1]
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_median_of_a_few_waits_is_not_told() {
    let hub = hub_with(vec![]).await;
    let mut records = Records::of(&hub).await;
    for (number, case) in records.cases(6, CHILD).await.into_iter().enumerate() {
        records.searched(case, "waiting", None).await;
        if number < 4 {
            records.offer(case, ACCEPTED).await;
        }
    }
    let mut client = hub.client(Role::Coordinator, "32");
    let told = unmet_told(&mut client, "", v1::RegionLevel::Province).await;
    assert_eq!(told, ["2025-08 CLUSTER_ANAK 32: 6 0 6 <5"]);
    hub.finish().await;
}

#[tokio::test]
async fn a_report_covers_what_lies_in_the_scope_and_says_what_it_covers() {
    let hub = hub_with(vec![]).await;
    two_months(&hub).await;
    let mut client = hub.client(Role::Coordinator, "33");
    for (asked, covered) in [("", "33"), ("ID", "33"), ("33", "33"), ("33.74", "33.74")] {
        let request = unmet(asked, v1::RegionLevel::Regency);
        let report = client.insight.get_unmet_need(request).await.unwrap().into_inner();
        assert_eq!(report.region_code, covered, "{asked}");
        assert!(report.rows.iter().all(|row| row.region_code == "33.74") && report.rows.len() == 2);
    }
    for (asked, level, field) in [
        ("32", v1::RegionLevel::Regency, "region_code"),
        ("99", v1::RegionLevel::Regency, "region_code"),
        ("33.74.01", v1::RegionLevel::Regency, "region_code"),
        ("", v1::RegionLevel::Nation, "level"),
        ("33.74", v1::RegionLevel::Province, "level"),
        ("33", v1::RegionLevel::Village, "level"),
    ] {
        let refused = client
            .insight
            .get_unmet_need(unmet(asked, level))
            .await
            .unwrap_err();
        assert_eq!(violated_fields(&refused), [field], "{asked}");
        let request = v1::GetTimelinessRequest {
            region_code: asked.to_owned(),
            level: level as i32,
            ..september()
        };
        let refused = client.insight.get_timeliness(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), [field], "{asked}");
    }
    hub.finish().await;
}
