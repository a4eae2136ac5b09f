//! How a watch ends, and that it can go on.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_when_its_token_does_and_a_new_one_goes_on() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let id = facility_id(&mut hub.coordinator(), "A").await;
    let brief = hub.token_for(
        time::Duration::seconds(2),
        &[Role::FacilityOfficer],
        "ID",
        Some(&id),
    );
    let mut watch = Offers::open(&mut hub.with_token(Some(&brief)), "").await;
    assert_eq!(watch.told().await.step(), WatchStep::Live);
    let ended = watch.end().await;
    assert_eq!(
        refusal(&ended),
        (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned())
    );
    let offer = submit_as(&mut hub.coordinator(), "after").await;
    let mut again = Offers::open(&mut hub.officer(&id), &metadata(&ended, "cursor")).await;
    assert_eq!(again.told().await.step(), WatchStep::Live);
    assert_eq!(again.told().await.offer.unwrap().offer_id, offer.offer_id);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stops_ends_its_watches_and_another_one_goes_on() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let id = facility_id(&mut hub.coordinator(), "A").await;
    let replica = hub.replica().await;
    let mut watch = Offers::open(&mut replica.officer(&id), "").await;
    assert_eq!(watch.told().await.step(), WatchStep::Live);
    let offer = submit_as(&mut hub.coordinator(), "first").await;
    assert_eq!(watch.told().await.offer.unwrap().offer_id, offer.offer_id);
    let ((), ended) = tokio::join!(replica.finish(), watch.end());
    assert_eq!(refusal(&ended), (Code::Unavailable, "HUB_STOPPING".to_owned()));
    let second = submit_as(&mut hub.coordinator(), "second").await;
    let mut again = Offers::open(&mut hub.officer(&id), &metadata(&ended, "cursor")).await;
    assert_eq!(again.told().await.step(), WatchStep::Live);
    assert_eq!(again.told().await.offer.unwrap().offer_id, second.offer_id);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_watch_sends_heartbeats_whose_cursor_moves_on() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9), facility("B", "32.73.02", 9)]).await;
    let id = facility_id(&mut hub.coordinator(), "B").await;
    let lively = WatchLimits {
        heartbeat: Duration::from_millis(100),
        ..WatchLimits::default()
    };
    let replica = hub.replica_with(lively).await;
    let mut watch = Offers::open(&mut replica.officer(&id), "").await;
    let start = watch.told().await;
    assert_eq!(start.step(), WatchStep::Live);
    // An event of somebody else.
    submit_as(&mut hub.coordinator(), "at-A").await;
    let moved = loop {
        let message = watch.next().await.unwrap();
        assert_eq!(message.step(), WatchStep::Heartbeat);
        if message.cursor != start.cursor {
            break message.cursor;
        }
    };
    let mut again = Offers::open(&mut replica.officer(&id), &moved).await;
    assert_eq!(again.told().await.step(), WatchStep::Live);
    replica.finish().await;
    hub.finish().await;
}
