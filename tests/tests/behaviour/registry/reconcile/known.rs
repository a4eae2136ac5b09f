//! What is known of a registry goes before what a part of it, or one more edition, seems to say.

use super::review::review;
use super::*;

fn delta(edition: &str) -> v1::ReconcileStart {
    v1::ReconcileStart {
        kind: v1::SourceKind::Delta as i32,
        ..start(edition)
    }
}

/// The key of who is found by weights, in a row that looks like nobody.
const ALTERED: &str = "R-2,,,Zulkifli Lainsama,1999-12-31,P,11.01.01.2001,,";
/// Another key with all that is known of them.
const ANOTHER: &str = "R-22,,,Bagas Contohkusuma,1961-03-09,L,33.74.02.1002,,Melati Contohsari";

fn with(row: &str) -> Vec<String> {
    let mut rows = strangers(60);
    rows.push(row.to_owned());
    rows.push(rows_of_people().swap_remove(EXACT));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_links_by_weights_only_where_the_size_of_the_whole_is_known() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    let (run, _) = reconcile(&mut officer, &delta("2026-Q3"), &snapshot()).await;
    assert_eq!(run.rows.unwrap().probable, 0);
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    assert_eq!(state(&hub, &ids[PROBABLE]).await, Ambiguous);
    reconcile(&mut officer, &start("2026-Q4"), &strangers(60)).await;
    reconcile(&mut officer, &delta("2027-Q1"), &snapshot()).await;
    assert_eq!(state(&hub, &ids[PROBABLE]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_a_doubt_in_a_delta_ends_no_doubt() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let one_of_two = rows_of_people().swap_remove(DOUBTFUL);
    reconcile(&mut officer, &delta("2026-Q4"), &with(&one_of_two)).await;
    assert_eq!(state(&hub, &ids[DOUBTFUL]).await, Ambiguous);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_by_a_key_has_not_left_while_it_stands_there() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &with(ALTERED)).await;
    assert_eq!(run.persons.unwrap().left, 0);
    let stands = seen(&hub, &ids[PROBABLE]).await;
    assert_eq!(
        (stands.edition.as_str(), stands.registry_id.as_str()),
        ("2026-Q4", "R-2")
    );
    assert_eq!(stands.r#match.unwrap().match_class(), v1::MatchClass::Probable);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_human_has_said_is_replaced_by_no_other_row() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    let person = &ids[PROBABLE];
    reconcile(&mut officer, &start("2026-Q2"), &snapshot()).await;
    review(&mut officer, person, v1::ReviewDecision::Confirm, 0)
        .await
        .unwrap();
    let mut both = with(ALTERED);
    both.push(ANOTHER.to_owned());
    reconcile(&mut officer, &start("2026-Q3"), &both).await;
    let stands = seen(&hub, person).await;
    assert_eq!(stands.registry_id, "R-2", "their own row stands there");
    assert_eq!(stands.r#match.unwrap().match_class(), v1::MatchClass::Reviewed);
    reconcile(&mut officer, &delta("2026-Q4"), &with(ANOTHER)).await;
    assert_eq!(state(&hub, person).await, Matched, "a delta has not all rows");
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &with(ANOTHER)).await;
    assert_eq!(state(&hub, person).await, Ambiguous);
    assert_eq!(run.rows.unwrap().ambiguous, 1);
    let confirmed = review(&mut officer, person, v1::ReviewDecision::Confirm, 0)
        .await
        .unwrap();
    assert_eq!(confirmed.state(), Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_dinas_has_said_is_found() {
    let (hub, ids) = Box::pin(with_people()).await;
    // Somebody of whom nothing in the row is known but what the dinas says.
    let mut dinas = dinas(&hub, "33.74");
    acknowledge(&mut dinas, &[&ids[ABSENT]]).await;
    let said = v1::OutcomeEntry {
        registry_id: "R-2".to_owned(),
        ..outcome(&ids[ABSENT], v1::ObligationState::Registered)
    };
    let done = record(&mut dinas, vec![said]).await;
    assert_eq!(done[0].code(), v1::EntryCode::Done, "{done:?}");
    reconcile(&mut officer(&hub), &start("2027-Q1"), &with(ALTERED)).await;
    let stands = seen(&hub, &ids[ABSENT]).await;
    assert_eq!((stands.state(), stands.registry_id.as_str()), (Matched, "R-2"));
    hub.finish().await;
}
