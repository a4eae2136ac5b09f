//! A human says whether a row is a person; a link is undone; and no run brings back what was said.

use tonic::Code;

use super::*;
use crate::audit::entries_about;

pub(super) async fn review(
    client: &mut Client,
    person: &str,
    decision: v1::ReviewDecision,
    row: u64,
) -> Result<v1::Registration, Status> {
    let request = v1::ReviewMatchRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
        decision: decision as i32,
        row,
    };
    let answer = client.registry.review_match(request).await?;
    Ok(answer.into_inner().registration.unwrap())
}

pub(super) async fn undo(client: &mut Client, person: &str) -> Result<v1::Registration, Status> {
    let request = v1::UndoMatchRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
        reason: v1::UndoReason::OtherPerson as i32,
    };
    let answer = client.registry.undo_match(request).await?;
    Ok(answer.into_inner().registration.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_confirmed_for_one_row_and_the_other_is_never_linked() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let person = &ids[DOUBTFUL];
    let unsure = review(&mut officer, person, v1::ReviewDecision::Confirm, 0)
        .await
        .unwrap_err();
    assert_eq!(
        unsure.code(),
        Code::FailedPrecondition,
        "two rows: which one? {unsure:?}"
    );
    let confirmed = review(&mut officer, person, v1::ReviewDecision::Confirm, 47)
        .await
        .unwrap();
    assert_eq!(confirmed.r#match.unwrap().match_class(), v1::MatchClass::Reviewed);
    let shown = seen(&hub, person).await;
    assert_eq!(shown.registry_id, "R-4");
    let codes: Vec<_> = shown
        .candidates
        .iter()
        .map(|known| (known.row, known.code()))
        .collect();
    assert!(codes.contains(&(32, v1::RowCode::Rejected)), "{codes:?}");
    // With the other row rejected the next edition is in no doubt.
    reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    let next = seen(&hub, person).await;
    assert_eq!(
        (next.edition.as_str(), next.registry_id.as_str()),
        ("2026-Q4", "R-4")
    );
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_doubt_is_owed_and_no_later_run_takes_it_up() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let rejected = review(&mut officer, &ids[DOUBTFUL], v1::ReviewDecision::Reject, 0)
        .await
        .unwrap();
    assert_eq!(rejected.state(), NotFound);
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(run.rows.unwrap().ambiguous, 0);
    assert_eq!(state(&hub, &ids[DOUBTFUL]).await, NotFound);
    let again = review(&mut officer, &ids[DOUBTFUL], v1::ReviewDecision::Reject, 0)
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition);
    assert!(again.message().contains("ReviewMatch"), "{again:?}");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_match_is_owed_again_with_its_history_and_is_not_made_again() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let person = &ids[EXACT];
    let undone = undo(&mut officer, person).await.unwrap();
    assert_eq!(undone.state(), NotFound);
    assert!(undone.obligation.is_some());
    let shown = registration(&hub, person).await;
    let steps: Vec<_> = shown
        .steps
        .iter()
        .map(|step| (step.state(), step.undo_reason()))
        .collect();
    let last = (NotFound, v1::UndoReason::OtherPerson);
    assert_eq!(steps.last(), Some(&last));
    assert!(steps.contains(&(Matched, v1::UndoReason::Unspecified)));
    assert_eq!(
        undo(&mut officer, person).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(state(&hub, person).await, NotFound);
    let verbs: Vec<String> = entries_about(&hub, person)
        .await
        .into_iter()
        .map(|entry| entry.verb)
        .collect();
    assert!(verbs.contains(&"UndoMatch".to_owned()), "{verbs:?}");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probable_link_is_confirmed_or_rejected_by_a_supervisor() {
    let (hub, ids) = Box::pin(with_people()).await;
    reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    let confirmed = review(&mut supervisor, &ids[PROBABLE], v1::ReviewDecision::Confirm, 0)
        .await
        .unwrap();
    assert_eq!(confirmed.r#match.unwrap().match_class(), v1::MatchClass::Reviewed);
    let rejected = review(&mut supervisor, &ids[PROBABLE], v1::ReviewDecision::Reject, 0)
        .await
        .unwrap();
    assert_eq!(rejected.state(), NotFound);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_somebody_whose_data_are_not_to_be_processed_for_now() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    crate::subjects::freeze(&mut supervisor, &ids[EXACT]).await;
    let undone = undo(&mut officer, &ids[EXACT]).await.unwrap_err();
    let reviewed = review(&mut officer, &ids[DOUBTFUL], v1::ReviewDecision::Reject, 0)
        .await
        .unwrap_err();
    for refused in [undone, reviewed] {
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
        assert_eq!(serasi_tests::status::refusal(&refused).1, "SUSPENDED");
    }
    crate::subjects::unfreeze(&mut supervisor, &ids[EXACT]).await;
    undo(&mut officer, &ids[EXACT]).await.unwrap();
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_that_is_being_written_while_a_run_decides_holds() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut first = officer(&hub);
    reconcile(&mut first, &start("2026-Q3"), &snapshot()).await;
    let mut human = hub.database.connect().await;
    let mut rejecting = sqlx::Connection::begin(&mut human).await.unwrap();
    for step in [
        "SELECT 1 FROM registrations FOR NO KEY UPDATE",
        "UPDATE reconciliation_candidates SET result = 'rejected' WHERE result = 'exact'",
    ] {
        sqlx::query(step).execute(&mut *rejecting).await.unwrap();
    }
    let run = tokio::spawn(async move { reconcile(&mut first, &start("2026-Q4"), &snapshot()).await });
    let mut watcher = hub.database.connect().await;
    loop {
        let waiting: (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .fetch_one(&mut watcher)
        .await
        .unwrap();
        if waiting.0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    rejecting.commit().await.unwrap();
    let (run, _) = run.await.unwrap();
    assert_eq!(run.persons.unwrap().left, 1);
    assert_eq!(state(&hub, &ids[EXACT]).await, NotFound);
    hub.finish().await;
}
