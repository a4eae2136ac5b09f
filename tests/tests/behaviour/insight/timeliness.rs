//! How long people wait, by urgency and region.

use serasi_hub::auth::Role;
use serasi_proto::v1;

use super::records::{ACCEPTED, CHILD, Records};
use super::september;
use crate::scene::hub_with;

#[tokio::test]
async fn timeliness_counts_from_report_to_offer_answer_and_acceptance() {
    let hub = hub_with(vec![]).await;
    let mut records = Records::of(&hub).await;
    let urgent = CHILD.urgency("urgent").at("2025-09-01 00:00+07");
    let [first, second, _] = records.cases(3, urgent).await.try_into().unwrap();
    let asked = ACCEPTED.at("2025-09-01 00:10+07");
    records.offer(first, asked.ended("declined", 30)).await;
    let again = ACCEPTED.at("2025-09-01 00:40+07");
    records.offer(first, again.ended("accepted", 60)).await;
    let in_vain = ACCEPTED.at("2025-09-01 00:20+07");
    records.offer(second, in_vain.ended("expired", 120)).await;
    let taken_back = records.case(urgent.urgency("emergency").region("32.04")).await;
    let withdrawn = ACCEPTED.at("2025-09-01 00:05+07").ended("withdrawn", 5);
    records.offer(taken_back, withdrawn).await;
    // Before the first day in Jakarta, and after the last.
    records.case(urgent.at("2025-08-31 16:59:59+00")).await;
    records.case(urgent.at("2025-09-11 00:00+07")).await;

    let mut client = hub.client(Role::Auditor, "32");
    let took = |count, median_minutes, p90_minutes| {
        Some(v1::Durations {
            count,
            median_minutes,
            p90_minutes,
        })
    };
    let emergencies = v1::Timeliness {
        region_code: "32.04".to_owned(),
        urgency: v1::Urgency::Emergency as i32,
        first_offer: took(1, Some(5), Some(5)),
        answer: took(0, None, None),
        acceptance: took(0, None, None),
        answered_in_time_share: None,
        stages: vec![],
    };
    let urgents = v1::Timeliness {
        region_code: "32.73".to_owned(),
        urgency: v1::Urgency::Urgent as i32,
        first_offer: took(2, Some(10), Some(20)),
        answer: took(3, Some(60), Some(120)),
        acceptance: took(1, Some(100), Some(100)),
        answered_in_time_share: Some(2.0 / 3.0),
        stages: vec![],
    };
    let report = client.insight.get_timeliness(september()).await;
    let report = report.unwrap().into_inner();
    assert_eq!(report.region_code, "32");
    assert_eq!(report.rows, [emergencies.clone(), urgents.clone()]);

    let by_province = v1::GetTimelinessRequest {
        level: v1::RegionLevel::Province as i32,
        ..september()
    };
    let report = client.insight.get_timeliness(by_province).await;
    let report = report.unwrap().into_inner();
    let of_province = |row: v1::Timeliness| v1::Timeliness {
        region_code: "32".to_owned(),
        ..row
    };
    assert_eq!(report.rows, [of_province(emergencies), of_province(urgents)]);
    hub.finish().await;
}
