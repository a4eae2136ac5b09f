//! A hub process on a database of the test, one facility, and parties that make offers happen there.

use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::{Client, HubProcess, binary, free_port};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::{Response, Status};

const PARTIES: usize = 6;
/// Offered, seen, declined.
pub(super) const EVENTS_PER_CASE: u32 = 3;

/// A number from the environment, for the long form of a test.
pub(super) fn wanted(name: &str, short: u32) -> u32 {
    std::env::var(name).map_or(short, |text| text.parse().unwrap())
}

/// A database and a facility, the tokens of two parties, and where the hub is to be reached.
pub(super) struct Scene {
    pub(super) database: TestDatabase,
    pub(super) data_dir: TempDir,
    pub(super) port: u16,
    pub(super) facility: String,
    pub(super) officer: String,
    coordinator: String,
    arguments: Vec<String>,
}

impl Scene {
    /// With a hub, whose `arguments` are added to its own.
    pub(super) async fn start(arguments: &[&str]) -> (Self, HubProcess) {
        let mut scene = Self {
            database: TestDatabase::create().await,
            data_dir: tempfile::tempdir().unwrap(),
            port: free_port(),
            facility: String::new(),
            officer: String::new(),
            coordinator: String::new(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        let hub = scene.hub().await;
        scene.coordinator = scene.token(&["coordinator", "administrator", "hotline_operator"], &[]);
        scene.facility = one_facility(&hub, &scene.coordinator).await;
        scene.officer = scene.token(&["facility_officer"], &["--facility", &scene.facility]);
        (scene, hub)
    }

    /// A hub process on the database.
    pub(super) async fn hub(&self) -> HubProcess {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let url = Some(self.database.url());
        HubProcess::start_with(url, self.data_dir.path(), self.port, &arguments).await
    }

    /// A token of the hub's development issuer.
    fn token(&self, roles: &[&str], arguments: &[&str]) -> String {
        let mut mint = Command::new(binary());
        mint.arg("token").args(arguments);
        mint.args(roles.iter().flat_map(|role| ["--role", role]));
        let output = mint.arg("--data-dir").arg(self.data_dir.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes these cases, each offered to the facility, seen and declined, by several parties at once; every call is sent
    /// until there is an answer.
    pub(super) fn offers(&self, cases: Range<u32>) -> JoinSet<()> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut parties = JoinSet::new();
        for party in 0..PARTIES {
            let reporter = Client::new(&url, Some(&self.coordinator));
            let officer = Client::new(&url, Some(&self.officer));
            let own = cases.clone().skip(party).step_by(PARTIES);
            parties.spawn(async move {
                for case in own {
                    one_case(&reporter, &officer, case).await;
                }
            });
        }
        parties
    }
}

/// Imports the one facility there is; gives back its id.
async fn one_facility(hub: &HubProcess, token: &str) -> String {
    let mut client = Client::new(hub.url(), Some(token));
    let rows = tokio_stream::iter(vec![facility("A", "32.73.01", 5_000)]);
    client.facilities.import_facilities(rows).await.unwrap();
    let all = v1::ListFacilitiesRequest::default();
    let found = client.facilities.list_facilities(all).await.unwrap();
    found.into_inner().facilities.remove(0).facility_id
}

/// What a report may hold of people, and no event does.
pub(super) const PERSONAL: [&str; 6] = [
    "Melati Contoh",
    "emperan toko",
    "3273015006",
    "081299988877",
    "Gang Kenanga 17",
    "Dahlia Contoh",
];

/// A report with everything that must not get out.
fn full_report(case: u32) -> v1::Intake {
    let plain = intake(&case.to_string());
    let [_, _, nik, phone, address, mother] = PERSONAL;
    let persons = plain.persons.iter().map(|child| v1::Person {
        nik: format!("{nik}16{:04}", case + 1),
        birth_date: "2016-06-10".to_owned(),
        estimated_age_years: None,
        phone: phone.to_owned(),
        address: address.to_owned(),
        mother_name: mother.to_owned(),
        ..child.clone()
    });
    v1::Intake {
        persons: persons.collect(),
        ..plain
    }
}

async fn one_case(reporter: &Client, officer: &Client, case: u32) {
    let report = submit(full_report(case));
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
