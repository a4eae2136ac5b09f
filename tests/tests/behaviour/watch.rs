//! Watches: what a balai's system is told, and that nothing is left out whatever happens to it or to the hub.

use std::time::Duration;

use serasi_hub::WatchLimits;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::WatchStep;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal};
use serasi_tests::{Client, TestHub};
use tonic::{Code, Status, Streaming};

use crate::scene::{facility_id, hub_with};

#[path = "watch/cursor.rs"]
mod cursor;
#[path = "watch/end.rs"]
mod end;
#[path = "watch/others.rs"]
mod others;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open watch of offers, read message by message.
struct Offers(Streaming<v1::WatchOffersResponse>);

impl Offers {
    async fn open(client: &mut Client, cursor: &str) -> Self {
        Self::try_open(client, cursor).await.unwrap()
    }

    async fn try_open(client: &mut Client, cursor: &str) -> Result<Self, Status> {
        let request = v1::WatchOffersRequest {
            cursor: cursor.to_owned(),
            ..v1::WatchOffersRequest::default()
        };
        Ok(Self(client.referral.watch_offers(request).await?.into_inner()))
    }

    async fn next(&mut self) -> Result<v1::WatchOffersResponse, Status> {
        let message = tokio::time::timeout(PATIENCE, self.0.message());
        let message = message.await.expect("the watch says something in time")?;
        Ok(message.expect("a watch ends with a status, never silently"))
    }

    /// The next message that is no heartbeat.
    async fn told(&mut self) -> v1::WatchOffersResponse {
        loop {
            let message = self.next().await.unwrap();
            if message.step() != WatchStep::Heartbeat {
                return message;
            }
        }
    }

    /// Reads on until the watch ends.
    async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}

/// What a message says: its step or the kind of its event, and the offer's state.
fn said(message: &v1::WatchOffersResponse) -> (String, v1::OfferState) {
    let step = message.step();
    let kind = message.event.as_ref().map(|event| event.kind.clone());
    let state = message
        .offer
        .as_ref()
        .map_or(v1::OfferState::Unspecified, v1::WatchedOffer::state);
    (
        kind.unwrap_or_else(|| step.as_str_name().replace("WATCH_STEP_", "")),
        state,
    )
}

async fn submit_as(client: &mut Client, reference: &str) -> v1::Offer {
    let answer = client
        .intake
        .submit_intake(submit(intake(reference)))
        .await
        .unwrap();
    answer.into_inner().outcome.unwrap().offer.unwrap()
}

async fn see(client: &mut Client, offer: &str) {
    let request = v1::MarkOfferSeenRequest {
        request_id: request_id(),
        offer_id: offer.to_owned(),
    };
    client.referral.mark_offer_seen(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_facility_is_told_what_stands_and_then_every_change_of_its_own_offers() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 9)]).await;
    let mut coordinator = hub.coordinator();
    let (a, b) = (
        facility_id(&mut coordinator, "A").await,
        facility_id(&mut coordinator, "B").await,
    );
    let first = submit_as(&mut coordinator, "first").await;
    assert_eq!(first.facility_id, a);
    let (mut at_a, mut at_b) = (hub.officer(&a), hub.officer(&b));
    let (mut told_a, mut told_b) = (
        Offers::open(&mut at_a, "").await,
        Offers::open(&mut at_b, "").await,
    );

    let stands = told_a.told().await;
    assert_eq!(said(&stands), ("SNAPSHOT".to_owned(), v1::OfferState::Offered));
    let offer = stands.offer.unwrap();
    assert_eq!(
        (offer.offer_id, offer.case_id),
        (first.offer_id.clone(), first.case_id.clone())
    );
    assert_eq!((offer.version, offer.places, offer.holds_places), (1, 1, true));
    assert_eq!((offer.pool, offer.expire_time), (first.pool, first.expire_time));
    assert!(stands.cursor.is_empty());
    assert_eq!(told_a.told().await.step(), WatchStep::Live);
    assert_eq!(told_b.told().await.step(), WatchStep::Live);

    // A is full now: the second is B's, and A hears nothing of it.
    let second = submit_as(&mut coordinator, "second").await;
    assert_eq!(second.facility_id, b);
    see(&mut at_a, &first.offer_id).await;
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: first.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    at_a.referral.decline_offer(decline).await.unwrap();

    let (seen, declined) = (told_a.told().await, told_a.told().await);
    assert_eq!(said(&seen), ("offer.seen".to_owned(), v1::OfferState::Seen));
    assert_eq!(
        said(&declined),
        ("offer.declined".to_owned(), v1::OfferState::Declined)
    );
    assert_eq!(
        (seen.offer.unwrap().version, declined.offer.unwrap().version),
        (2, 3)
    );
    // B is asked for both.
    let (own, passed_on) = (told_b.told().await, told_b.told().await);
    assert_eq!(said(&own), ("offer.offered".to_owned(), v1::OfferState::Offered));
    assert_eq!(own.offer.unwrap().offer_id, second.offer_id);
    let passed_on = passed_on.offer.unwrap();
    assert_eq!(
        (passed_on.case_id, passed_on.facility_id, passed_on.attempt),
        (first.case_id, b, 2)
    );
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_sees_the_offers_of_its_cases_and_facilities_and_of_no_other_region() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9), facility("J", "35.78.01", 9)]).await;
    let mut everybody = hub.coordinator();
    let mut at_bandung = hub.client(Role::Coordinator, "32.73");
    let mut at_surabaya = hub.client(Role::Coordinator, "35.78");
    let mut bandung = Offers::open(&mut at_bandung, "").await;
    let mut surabaya = Offers::open(&mut at_surabaya, "").await;
    assert_eq!(bandung.told().await.step(), WatchStep::Live);
    assert_eq!(surabaya.told().await.step(), WatchStep::Live);

    submit_as(&mut everybody, "bandung").await;
    let mut there = intake("surabaya");
    there.region_code = "35.78.01".to_owned();
    everybody.intake.submit_intake(submit(there)).await.unwrap();
    for (watch, place) in [(&mut bandung, "3273-"), (&mut surabaya, "3578-")] {
        let offer = watch.told().await.offer.unwrap();
        assert!(offer.facility_id.starts_with(place), "{offer:?}");
    }
    let role = hub
        .client(Role::Auditor, "ID")
        .referral
        .watch_offers(v1::WatchOffersRequest::default())
        .await;
    assert_eq!(
        refusal(&role.unwrap_err()),
        (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
    );
    hub.finish().await;
}
