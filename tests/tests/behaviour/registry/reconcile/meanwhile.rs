//! Who changes while a run goes on is not judged by what the rows were compared with.

use super::*;

/// Begins a run of the next edition and has all rows kept, does something, and ends the run.
async fn run_around(hub: &TestHub, change: impl Future<Output = ()>) -> v1::Reconciliation {
    let (start, rows) = (start("2026-Q4"), numbered(&snapshot()));
    let mut officer = officer(hub);
    let broken = answers(&mut officer, messages(&start, vec![chunk(&rows)], None)).await;
    assert!(broken.is_err(), "no end was said");
    change.await;
    let done = answers(&mut officer, messages(&start, vec![], Some(rows.len())))
        .await
        .unwrap();
    done.last().unwrap().reconciliation.clone().unwrap()
}

async fn case_of(hub: &TestHub, person: &str) -> String {
    registration(hub, person).await.case_id
}

async fn unbind(hub: &TestHub, person: &str) {
    let request = v1::UnbindIdentityRequest {
        request_id: request_id(),
        case_id: case_of(hub, person).await,
        person_id: person.to_owned(),
        reason: v1::UnbindReason::OtherPerson as i32,
    };
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    worker.cases.unbind_identity(request).await.unwrap();
}

async fn bind(hub: &TestHub, person: &str, nik: &str) {
    let request = v1::BindIdentityRequest {
        request_id: request_id(),
        case_id: case_of(hub, person).await,
        person_id: person.to_owned(),
        nik: nik.to_owned(),
        evidence: v1::IdentityEvidence::Kk as i32,
    };
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    worker.cases.bind_identity(request).await.unwrap();
}

fn held(run: &v1::Reconciliation) -> u64 {
    run.persons.unwrap().held
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_suspended_when_it_began_has_not_left_because_they_are_back() {
    let (hub, ids) = Box::pin(with_people()).await;
    reconcile(&mut officer(&hub), &start("2026-Q3"), &snapshot()).await;
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    crate::subjects::freeze(&mut supervisor, &ids[EXACT]).await;
    let run = run_around(&hub, async {
        crate::subjects::unfreeze(&mut supervisor, &ids[EXACT]).await;
    })
    .await;
    assert_eq!(held(&run), 1);
    assert_eq!(seen(&hub, &ids[EXACT]).await.edition, "2026-Q3");
    let (next, _) = reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    assert_eq!(held(&next), 0);
    assert_eq!(seen(&hub, &ids[EXACT]).await.edition, "2026-Q4");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nik_that_was_taken_away_meanwhile_links_nobody() {
    let (hub, ids) = Box::pin(with_people()).await;
    let run = run_around(&hub, unbind(&hub, &ids[EXACT])).await;
    assert_eq!(held(&run), 1);
    assert_eq!(state(&hub, &ids[EXACT]).await, NotFound);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_nik_came_meanwhile_is_not_called_missing() {
    let (hub, ids) = Box::pin(with_people()).await;
    let run = run_around(&hub, bind(&hub, &ids[ABSENT], "3374014512880001")).await;
    let absent = registration(&hub, &ids[ABSENT]).await;
    assert_eq!((held(&run), absent.edition.as_str()), (1, ""));
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_a_moment_before_is_found_but_not_called_missing() {
    let (hub, _) = Box::pin(with_people()).await;
    let just_now = placed(&hub, "2", people()).await;
    let (run, _) = reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    let persons = run.persons.unwrap();
    assert_eq!((persons.held, persons.not_found), (1, 1));
    assert_eq!(state(&hub, &just_now[EXACT]).await, Matched);
    assert_eq!(registration(&hub, &just_now[ABSENT]).await.edition, "");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_meanwhile_is_left_alone() {
    let (hub, _) = Box::pin(with_people()).await;
    let run = run_around(&hub, async {
        let mut connection = hub.database.connect().await;
        // As the erasing job leaves them.
        for query in [
            "UPDATE registrations SET erased_at = now(), answer_before = NULL",
            "UPDATE cases SET erased = ARRAY['identity']",
        ] {
            sqlx::query(query).execute(&mut connection).await.unwrap();
        }
    })
    .await;
    let persons = run.persons.unwrap();
    assert_eq!((persons.decided, persons.matched), (0, 0));
    let states: Vec<(String,)> = sqlx::query_as("SELECT DISTINCT state FROM registrations")
        .fetch_all(&mut hub.database.connect().await)
        .await
        .unwrap();
    assert_eq!(states, [("not_found".to_owned(),)]);
    hub.finish().await;
}
