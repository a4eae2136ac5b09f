//! How facilities report and answer: days in their own time zone, the worst first, and a mirror for officers.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::facility;
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use super::records::{ACCEPTED, CHILD, Held, Records};
use super::truth;
use crate::scene::{facility_id, hub_with};

async fn truths(client: &mut Client, request: v1::GetTruthfulnessRequest) -> Vec<v1::Truthfulness> {
    let answer = client.insight.get_truthfulness(request).await;
    answer.unwrap().into_inner().facilities
}

/// Three facilities in September: A in Bandung reports on four of its eight active days and answers unevenly; B in
/// Jayapura opens on the fifth and never reports after that; C in Kabupaten Bandung lets every second offer run out.
async fn three_facilities() -> (TestHub, [String; 3]) {
    let rows = [
        ("A", "32.73.01"),
        ("B", "91.71.01"),
        ("C", "32.04.05"),
        ("D", "33.74.01"),
    ];
    let rows = rows.map(|(reference, region)| facility(reference, region, 5));
    let hub = hub_with(rows.to_vec()).await;
    let mut client = hub.coordinator();
    let mut ids = vec![];
    for reference in ["A", "B", "C"] {
        ids.push(facility_id(&mut client, reference).await);
    }
    let ids: [String; 3] = ids.try_into().unwrap();
    let mut records = Records::of(&hub).await;
    september_days(&mut records, &ids).await;
    september_offers(&mut records, &ids).await;
    (hub, ids)
}

async fn september_days(records: &mut Records, [a, b, c]: &[String; 3]) {
    records.active_since(a, "2025-08-01 00:00+07").await;
    let (from, until) = ("2025-09-06 00:00+07", "2025-09-08 00:00+07");
    records.suspended(a, from, until).await;
    // The last second of 1 September in Bandung, and the first of the second.
    let turn = ["2025-09-01 16:59:59+00", "2025-09-01 17:00:00+00"];
    records.stated(a, "facility", &turn).await;
    let own = [
        "2025-09-03 12:00+07",
        "2025-09-03 18:00+07",
        "2025-09-05 12:00+07",
    ];
    records.stated(a, "facility", &own).await;
    // Before the period, and while it was suspended: neither makes a silent day less.
    let idle = ["2025-08-31 12:00+07", "2025-09-06 12:00+07"];
    records.stated(a, "facility", &idle).await;
    records.stated(a, "import", &["2025-09-04 12:00+07"]).await;
    records.stated(a, "decline", &["2025-09-09 12:00+07"]).await;
    records.active_since(b, "2025-09-05 00:00+09").await;
    // Both moments are of 2 September in Jayapura, when B was not open yet.
    records.stated(b, "facility", &turn).await;
    records.active_since(c, "2025-09-10 23:59:59+07").await;
    records.stated(c, "facility", &["2025-09-10 12:00+07"]).await;
}

async fn september_offers(records: &mut Records, [a, _, c]: &[String; 3]) {
    let case = records.case(CHILD).await;
    let to_a = ACCEPTED.facility(a);
    for offer in [
        to_a,
        to_a.full(Held::Yes, 20),
        to_a.full(Held::No, 30),
        to_a.ended("expired", 120),
        to_a.ended("withdrawn", 1),
        // Before the first day in Bandung, and after the last.
        to_a.at("2025-08-31 23:59+07").ended("expired", 5),
        to_a.at("2025-09-11 00:00+07").ended("expired", 5),
        ACCEPTED.facility(c),
        ACCEPTED.facility(c).ended("expired", 60),
    ] {
        records.offer(case, offer).await;
    }
}

fn names(found: &[v1::Truthfulness]) -> Vec<&str> {
    found.iter().map(|facility| facility.name.as_str()).collect()
}

#[tokio::test]
async fn truthfulness_counts_days_in_the_zone_of_each_facility_and_names_the_worst_first() {
    let (hub, [a, b, c]) = three_facilities().await;
    let mut client = hub.client(Role::Supervisor, "ID");
    let found = truths(&mut client, truth("")).await;
    let row = |id: &str, name: &str, region: &str| v1::Truthfulness {
        facility_id: id.to_owned(),
        name: name.to_owned(),
        region_code: region.to_owned(),
        ..v1::Truthfulness::default()
    };
    let wanted = [
        v1::Truthfulness {
            active_days: 1,
            offers_asked: 2,
            offers_accepted: 1,
            offers_expired: 1,
            median_answer_minutes: Some(10),
            p90_answer_minutes: Some(60),
            expired_share: Some(0.5),
            ..row(&c, "LKSA C", "32.04")
        },
        v1::Truthfulness {
            active_days: 8,
            // The fourth, and the eighth to the tenth.
            days_without_report: 4,
            longest_silence_days: 3,
            consistent_noncompliance: true,
            offers_asked: 5,
            offers_accepted: 1,
            offers_declined: 2,
            offers_expired: 1,
            false_full: 1,
            median_answer_minutes: Some(20),
            p90_answer_minutes: Some(120),
            expired_share: Some(0.25),
            ..row(&a, "LKSA A", "32.73")
        },
        v1::Truthfulness {
            active_days: 6,
            days_without_report: 6,
            longest_silence_days: 6,
            consistent_noncompliance: true,
            ..row(&b, "LKSA B", "91.71")
        },
    ];
    assert_eq!(found, wanted);
    hub.finish().await;
}

#[tokio::test]
async fn the_list_of_the_worst_comes_in_pages() {
    let (hub, _) = three_facilities().await;
    let mut client = hub.client(Role::Administrator, "ID");
    let mut page_token = String::new();
    for page in [&["LKSA C", "LKSA A"][..], &["LKSA B"]] {
        let request = v1::GetTruthfulnessRequest {
            page_size: 2,
            page_token,
            ..truth("")
        };
        let answer = client.insight.get_truthfulness(request).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(names(&answer.facilities), page);
        page_token = answer.next_page_token;
    }
    assert!(page_token.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn a_day_that_is_not_over_counts_for_nobody() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let id = facility_id(&mut hub.coordinator(), "A").await;
    let mut records = Records::of(&hub).await;
    records.active_since(&id, "2025-09-09 12:00+07").await;
    let mut client = hub.officer(&id);
    let until = |until: &str| v1::GetTruthfulnessRequest {
        until_date: until.to_owned(),
        ..truth("")
    };
    assert_eq!(truths(&mut client, until("2025-09-10")).await[0].active_days, 2);
    // Imported today: there was no whole day yet.
    records.active_since(&id, "now").await;
    let today = v1::GetTruthfulnessRequest {
        from_date: today(),
        until_date: "9000-01-01".to_owned(),
        ..truth("")
    };
    let refused = client.insight.get_truthfulness(today.clone()).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["until_date"]);
    let today = v1::GetTruthfulnessRequest {
        until_date: today.from_date.clone(),
        ..today
    };
    assert_eq!(truths(&mut client, today).await[0].active_days, 0);
    hub.finish().await;
}

/// The day in Bandung.
fn today() -> String {
    let zone = time::UtcOffset::from_hms(7, 0, 0).unwrap();
    let now = serasi_hub::clock::Clock::system().now().to_offset(zone);
    now.date().to_string()
}

#[tokio::test]
async fn an_officer_looks_into_the_own_mirror_and_no_other() {
    let (hub, [a, b, c]) = three_facilities().await;
    let mut officer = hub.officer(&a);
    for asked in ["", a.as_str()] {
        let seen = truths(&mut officer, truth(asked)).await;
        assert_eq!(
            seen.iter().map(|truth| &truth.facility_id).collect::<Vec<_>>(),
            [&a]
        );
    }
    // Another role of theirs that oversees nobody opens no other facility.
    let token = hub.token(&[Role::FacilityOfficer, Role::HotlineOperator], "ID", Some(&a));
    let mut operator = hub.with_token(Some(&token));
    assert_eq!(truths(&mut operator, truth("")).await.len(), 1);
    let mut coordinator = hub.client(Role::Coordinator, "32.73");
    assert_eq!(truths(&mut coordinator, truth("")).await.len(), 1);
    for client in [&mut officer, &mut operator, &mut coordinator] {
        for other in [b.as_str(), c.as_str(), "nonsense"] {
            let refused = client.insight.get_truthfulness(truth(other)).await.unwrap_err();
            assert_eq!(
                refusal(&refused),
                (Code::NotFound, "NOT_FOUND".to_owned()),
                "{other}"
            );
        }
    }
    let elsewhere = v1::GetTruthfulnessRequest {
        region_code: "33".to_owned(),
        ..truth("")
    };
    let refused = coordinator.insight.get_truthfulness(elsewhere).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["region_code"]);
    hub.finish().await;
}
