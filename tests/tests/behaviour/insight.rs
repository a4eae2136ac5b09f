//! Reports: every number is one that can be counted by hand, small ones are not told, and nobody sees beyond their
//! scope.

use serasi_proto::v1;

#[path = "insight/indicators.rs"]
mod indicators;
#[path = "insight/records.rs"]
mod records;
#[path = "insight/requests.rs"]
mod requests;
#[path = "insight/tiered.rs"]
mod tiered;
#[path = "insight/timeliness.rs"]
mod timeliness;
#[path = "insight/truthfulness.rs"]
mod truthfulness;
#[path = "insight/unmet_need.rs"]
mod unmet_need;

fn unmet(region: &str, level: v1::RegionLevel) -> v1::GetUnmetNeedRequest {
    v1::GetUnmetNeedRequest {
        region_code: region.to_owned(),
        from_month: "2025-08".to_owned(),
        until_month: "2025-09".to_owned(),
        level: level as i32,
        ..v1::GetUnmetNeedRequest::default()
    }
}

fn september() -> v1::GetTimelinessRequest {
    v1::GetTimelinessRequest {
        from_date: "2025-09-01".to_owned(),
        until_date: "2025-09-10".to_owned(),
        ..v1::GetTimelinessRequest::default()
    }
}

fn truth(facility: &str) -> v1::GetTruthfulnessRequest {
    v1::GetTruthfulnessRequest {
        facility_id: facility.to_owned(),
        from_date: "2025-09-01".to_owned(),
        until_date: "2025-09-10".to_owned(),
        ..v1::GetTruthfulnessRequest::default()
    }
}
