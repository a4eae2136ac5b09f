//! What service achieves, and how long its stages take.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake};
use serasi_tests::{Client, TestHub};

use crate::care::Care;
use crate::scene::hub_with;

/// Cases of 32.73 whose outputs were measured: each with these measurements, the last one counts.
async fn measured(hub: &TestHub, cases: &[&[i32]]) {
    for (number, percents) in cases.iter().enumerate() {
        let mut care = Care::emergency(hub, &format!("{number}")).await;
        care.advance(true).await.unwrap();
        for percent in *percents {
            care.measure(&[(v1::IndicatorKind::Output, *percent)])
                .await
                .unwrap();
        }
    }
}

/// Everything that was measured in this month, whenever that is: the months around today.
async fn achievements(client: &mut Client, hub: &TestHub, level: v1::RegionLevel) -> Vec<v1::Achievement> {
    let mut connection = hub.database.connect().await;
    let month = "SELECT to_char(now() AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM')";
    let month: String = sqlx::query_scalar(month)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let request = v1::GetIndicatorsRequest {
        from_month: month.clone(),
        until_month: month,
        level: level as i32,
        ..v1::GetIndicatorsRequest::default()
    };
    client
        .insight
        .get_indicators(request)
        .await
        .unwrap()
        .into_inner()
        .rows
}

#[tokio::test]
async fn the_latest_measurement_of_each_case_counts() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    Box::pin(measured(&hub, &[&[10, 60], &[70], &[70], &[70], &[80]])).await;
    let mut client = hub.client(Role::Auditor, "32");
    let rows = achievements(&mut client, &hub, v1::RegionLevel::Regency).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        (
            row.region_code.as_str(),
            row.cluster(),
            row.kind(),
            row.mean_percent
        ),
        ("32.73", v1::Cluster::Anak, v1::IndicatorKind::Output, Some(70))
    );
    assert_eq!(row.cases.unwrap().value, Some(5));
    let elsewhere = achievements(
        &mut hub.client(Role::Auditor, "33"),
        &hub,
        v1::RegionLevel::Regency,
    )
    .await;
    assert!(elsewhere.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn of_few_cases_neither_number_nor_mean_is_told() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    Box::pin(measured(&hub, &[&[10], &[70], &[70], &[70]])).await;
    let mut client = hub.client(Role::Auditor, "ID");
    for level in [v1::RegionLevel::Regency, v1::RegionLevel::Nation] {
        let rows = achievements(&mut client, &hub, level).await;
        let told = rows[0].cases.unwrap();
        assert!(
            told.suppressed && told.value.is_none() && rows[0].mean_percent.is_none(),
            "{level:?}"
        );
    }
    hub.finish().await;
}

#[tokio::test]
async fn stages_that_are_signed_tell_how_long_they_took() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut care = Care::placed(&hub, intake("1")).await;
    care.until(v1::Stage::Assessment).await;
    let mut connection = hub.database.connect().await;
    let longer = "UPDATE case_stages SET begun_at = signed_at - interval '90 minutes' WHERE stage = 'access'";
    sqlx::query(longer).execute(&mut connection).await.unwrap();
    let today = "SELECT to_char(now() AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD')";
    let today: String = sqlx::query_scalar(today)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let request = v1::GetTimelinessRequest {
        from_date: today.clone(),
        until_date: today,
        ..v1::GetTimelinessRequest::default()
    };
    let mut client = hub.client(Role::Auditor, "32");
    let rows = client
        .insight
        .get_timeliness(request)
        .await
        .unwrap()
        .into_inner()
        .rows;
    let stages: Vec<_> = rows[0].stages.iter().map(v1::StageTime::stage).collect();
    assert_eq!(
        stages,
        [v1::Stage::Access, v1::Stage::InitialApproach],
        "the others are not signed"
    );
    let access = rows[0].stages[0].duration.unwrap();
    assert_eq!(
        (access.count, access.median_minutes, access.p90_minutes),
        (1, Some(90), Some(90))
    );
    hub.finish().await;
}
