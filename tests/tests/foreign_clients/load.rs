//! A hub process on a database of the test, one facility, and parties that make offers happen there.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::{Client, HubProcess, binary};
use tokio::task::JoinSet;
use tonic::{Response, Status};

const PARTIES: u32 = 6;
/// Offered, seen, declined.
pub(super) const EVENTS_PER_CASE: u32 = 3;

pub(super) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A number from the environment, for the long form of a test.
pub(super) fn wanted(name: &str, short: u32) -> u32 {
    std::env::var(name).map_or(short, |text| text.parse().unwrap())
}

/// A token of the development issuer in `data_dir`.
pub(super) fn token(data_dir: &Path, arguments: &[&str]) -> String {
    let mut mint = Command::new(binary());
    mint.arg("token").args(arguments).arg("--data-dir").arg(data_dir);
    let output = mint.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Imports the one facility there is; gives back its id.
pub(super) async fn one_facility(hub: &HubProcess, token: &str) -> String {
    let mut client = Client::new(hub.url(), Some(token));
    let rows = vec![facility("A", "32.73.01", 5_000)];
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
    let all = v1::ListFacilitiesRequest::default();
    client
        .facilities
        .list_facilities(all)
        .await
        .unwrap()
        .into_inner()
        .facilities
        .remove(0)
        .facility_id
}

/// Makes `cases` cases, each offered to the facility, seen and declined, by several parties at once; every call is sent
/// until there is an answer.
pub(super) fn offers(url: &str, (coordinator, officer): (&str, &str), cases: u32) -> JoinSet<()> {
    let mut parties = JoinSet::new();
    for party in 0..PARTIES {
        let (reporter, officer) = (
            Client::new(url, Some(coordinator)),
            Client::new(url, Some(officer)),
        );
        let own = (party..cases).step_by(usize::try_from(PARTIES).unwrap());
        parties.spawn(async move {
            for case in own {
                one_case(&reporter, &officer, case).await;
            }
        });
    }
    parties
}

async fn one_case(reporter: &Client, officer: &Client, case: u32) {
    let report = submit(intake(&case.to_string()));
    let taken = insist(|| {
        let (mut reporter, report) = (reporter.clone(), report.clone());
        async move { reporter.intake.submit_intake(report).await }
    });
    let offer_id = taken.await.outcome.unwrap().offer.unwrap().offer_id;
    let see = v1::MarkOfferSeenRequest {
        request_id: request_id(),
        offer_id: offer_id.clone(),
    };
    let seen = insist(|| {
        let (mut officer, see) = (officer.clone(), see.clone());
        async move { officer.referral.mark_offer_seen(see).await }
    });
    seen.await;
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id,
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    let declined = insist(|| {
        let (mut officer, decline) = (officer.clone(), decline.clone());
        async move { officer.referral.decline_offer(decline).await }
    });
    declined.await;
}

/// The same call until there is an answer.
async fn insist<T, F>(mut call: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    for _ in 0..600 {
        match call().await {
            Ok(answer) => return answer.into_inner(),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("no answer within 30 s")
}

/// A hub process on the database; `arguments` are added to its own.
pub(super) async fn hub(
    database: &TestDatabase,
    data_dir: &Path,
    port: u16,
    arguments: &[&str],
) -> HubProcess {
    HubProcess::start_with(Some(database.url()), data_dir, port, arguments).await
}
