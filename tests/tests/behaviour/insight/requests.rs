//! Who may ask for reports, and what is wrong with a request.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::status::violated_fields;
use tonic::Code;

use super::records::NOBODY;
use super::{september, truth, unmet};
use crate::scene::hub_with;

#[tokio::test]
async fn only_those_who_oversee_get_reports() {
    let hub = hub_with(vec![]).await;
    for role in Role::ALL {
        let mut client = if role == Role::FacilityOfficer {
            // Without a facility it would be no officer.
            hub.officer(NOBODY)
        } else {
            hub.client(role, "ID")
        };
        let unmet = client
            .insight
            .get_unmet_need(unmet("", v1::RegionLevel::Nation))
            .await;
        let timeliness = client.insight.get_timeliness(september()).await;
        let truthfulness = client.insight.get_truthfulness(truth("")).await;
        let oversees = matches!(
            role,
            Role::Coordinator | Role::Supervisor | Role::DinasOfficer | Role::Auditor | Role::Administrator
        );
        assert_eq!(
            (unmet.is_ok(), timeliness.is_ok(), truthfulness.is_ok()),
            (oversees, oversees, oversees),
            "{role}"
        );
        if !oversees {
            assert_eq!(unmet.unwrap_err().code(), Code::PermissionDenied, "{role}");
        }
    }
    hub.finish().await;
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.client(Role::Coordinator, "ID");
    for (from, until, fields) in [
        ("2025-09", "2025-08", vec!["until_month"]),
        ("2023-01", "2025-01", vec!["until_month"]),
        ("2025", "", vec!["from_month", "until_month"]),
        ("2025-13", "2025-12", vec!["from_month"]),
        ("9999-12", "9999-12", vec!["until_month"]),
    ] {
        let request = v1::GetUnmetNeedRequest {
            from_month: from.to_owned(),
            until_month: until.to_owned(),
            ..unmet("", v1::RegionLevel::Nation)
        };
        let refused = client.insight.get_unmet_need(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), fields, "{from} {until}");
    }
    let request = v1::GetUnmetNeedRequest {
        region_code: "99".to_owned(),
        cluster: 77,
        level: 9,
        page_size: 5_001,
        page_token: "ab".to_owned(),
        ..v1::GetUnmetNeedRequest::default()
    };
    let refused = client.insight.get_unmet_need(request).await.unwrap_err();
    assert_eq!(
        violated_fields(&refused),
        [
            "region_code",
            "level",
            "from_month",
            "until_month",
            "cluster",
            "page_token",
            "page_size"
        ]
    );
    for (from, until, fields) in [
        ("2025-09-02", "2025-09-01", vec!["until_date"]),
        ("2024-01-01", "2025-01-01", vec!["until_date"]),
        ("", "2025-02-29", vec!["from_date", "until_date"]),
    ] {
        let request = v1::GetTimelinessRequest {
            from_date: from.to_owned(),
            until_date: until.to_owned(),
            ..v1::GetTimelinessRequest::default()
        };
        let refused = client.insight.get_timeliness(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), fields, "{from} {until}");
        let request = v1::GetTruthfulnessRequest {
            from_date: from.to_owned(),
            until_date: until.to_owned(),
            ..v1::GetTruthfulnessRequest::default()
        };
        let refused = client.insight.get_truthfulness(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), fields, "{from} {until}");
    }
    hub.finish().await;
}
