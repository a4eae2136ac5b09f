//! The same file and the same id, run by officers of two regencies.

use super::*;

/// Somebody at home where they were reported.
fn at_home_here() -> v1::Person {
    v1::Person {
        nik: "3273014107900017".to_owned(),
        name: "Kamboja Contohlestari".to_owned(),
        birth_date: "1990-07-01".to_owned(),
        sex: v1::Sex::Female as i32,
        domicile_region_code: "32.73.01".to_owned(),
        ..v1::Person::default()
    }
}

fn row_of_who_is_here() -> String {
    "R-17,3273014107900017,,Kamboja Contohlestari,1990-07-01,P,32.73.01,,".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_regencies_that_run_the_same_file_under_the_same_id_keep_out_of_each_others_way() {
    let (hub, ids) = Box::pin(with_people()).await;
    let here = placed(&hub, "here", vec![at_home_here()]).await;
    settle(&hub).await;
    let (begun, mut rows) = (start("2026-Q4"), snapshot());
    rows.push(row_of_who_is_here());
    let numbered = numbered(&rows);
    let mut there = hub.client(Role::RegistryOfficer, "33.74");
    let broken = answers(&mut there, messages(&begun, vec![chunk(&numbered)], None)).await;
    assert!(broken.is_err(), "it is not at its end yet");
    let mut officer = hub.client(Role::RegistryOfficer, "32.73");
    let (run, results) = reconcile(&mut officer, &begun, &rows).await;
    assert_eq!((run.persons.unwrap().decided, run.rows.unwrap().exact), (1, 1));
    let told: Vec<_> = results.iter().map(|result| &result.person_id).collect();
    assert_eq!(told, [&here[0]]);
    let done = answers(&mut there, messages(&begun, vec![], Some(rows.len())))
        .await
        .unwrap();
    let of_there: Vec<_> = done.iter().flat_map(|answer| &answer.results).collect();
    assert_eq!(of_there.len(), 4, "nothing of theirs went with the other's end");
    assert!(of_there.iter().all(|result| ids.contains(&result.person_id)));
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}
