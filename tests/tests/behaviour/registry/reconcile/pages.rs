//! Who is looked for is read page by page: a page may have nobody who is, long before the end.

use serasi_domain::id::PersonId;
use serasi_domain::registry::Reconciliation;
use serasi_store::{Context, reconciliations};

use super::*;

/// Everybody whom a run looks for, `limit` registrations at a time, and on how many pages.
async fn all_sought(hub: &TestHub, run: &Reconciliation, limit: i64) -> (Vec<String>, usize) {
    let store = hub.database.store().await;
    let (mut sought, mut pages, mut last) = (vec![], 0, None);
    loop {
        let mut reading = store.begin(Context::WorkOnPersons).await.unwrap();
        let page = reconciliations::sought(&mut reading, run, last, limit)
            .await
            .unwrap();
        // A store is closed when all that was borrowed of it is back.
        drop(reading);
        sought.extend(page.persons.iter().map(PersonId::to_string));
        let Some(end) = page.last else {
            store.close().await;
            return (sought, pages);
        };
        (last, pages) = (Some(end), pages + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_nobody_who_is_sought_is_not_the_last() {
    let (hub, mut ids) = Box::pin(with_people()).await;
    let (run, _) = reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    let store = hub.database.store().await;
    let mut reading = store.begin(Context::WorkOnPersons).await.unwrap();
    let run = reconciliations::get(&mut reading, run.reconciliation_id.parse().unwrap()).await;
    let nation = run.unwrap().unwrap();
    drop(reading);
    store.close().await;
    ids.sort();
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    for id in ids.drain(..2) {
        crate::subjects::freeze(&mut supervisor, &id).await;
    }
    let regency = Reconciliation {
        scope: "33.74".parse().unwrap(),
        ..nation.clone()
    };
    let elsewhere = Reconciliation {
        scope: "32.73".parse().unwrap(),
        ..nation.clone()
    };
    for run in [&nation, &regency] {
        assert_eq!(all_sought(&hub, run, 1).await, (ids.clone(), 4));
        assert_eq!(all_sought(&hub, run, 3).await, (ids.clone(), 2));
        assert_eq!(all_sought(&hub, run, 100).await, (ids.clone(), 1));
    }
    assert_eq!(all_sought(&hub, &elsewhere, 1).await, (vec![], 0));
    let late = Reconciliation {
        started_at: nation.started_at - time::Duration::hours(1),
        ..nation
    };
    assert_eq!(
        all_sought(&hub, &late, 1).await,
        (vec![], 4),
        "who came later is not"
    );
    hub.finish().await;
}
