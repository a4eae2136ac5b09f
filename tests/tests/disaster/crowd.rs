//! Callers and houses that go on whatever happens: each report, each answer is sent again until it is acknowledged, and
//! what was acknowledged is in a ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::status::{causes, never_begun};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::ledger::Ledger;
use crate::site::Site;

/// Whoever is told to come again waits so long.
const PAUSE: Duration = Duration::from_millis(20);
/// An answer that takes longer is a hub that hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// How callers behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    pub(crate) reporters: usize,
    pub(crate) houses: usize,
    /// Share of the reports that are sent to all replicas at once.
    pub(crate) doubled: f64,
    /// Share of the calls that the caller gives up at a random moment, before calling again.
    pub(crate) given_up: f64,
    /// Whether only UNAVAILABLE is worth another try (AIP-194): anything else is a failure.
    pub(crate) strict: bool,
}

/// What the crowd has seen.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) reports: Ledger,
    pub(crate) answers: Ledger,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) given_up: AtomicU64,
    /// Refusals that nobody should have had.
    pub(crate) failures: Ledger,
    /// When each report was acknowledged, and how long it took from the first try.
    pub(crate) pace: std::sync::Mutex<Vec<(Instant, Duration)>>,
}

#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) told: Arc<Told>,
    stop: Arc<AtomicBool>,
    members: JoinSet<()>,
}

struct Caller {
    clients: Vec<Client>,
    habits: Habits,
    rng: StdRng,
    told: Arc<Told>,
    stop: Arc<AtomicBool>,
}

impl Crowd {
    /// Lets everybody loose. Facilities answer through their own officers, whose ids are in `houses`.
    pub(crate) fn gather(site: &Site, houses: &[String], habits: Habits, seed: u64) -> Self {
        let told = Arc::new(Told {
            reports: Ledger::create(&site.path("reports")),
            answers: Ledger::create(&site.path("answers")),
            failures: Ledger::create(&site.path("failures")),
            acknowledged: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            pace: std::sync::Mutex::new(vec![]),
        });
        let stop = Arc::new(AtomicBool::new(false));
        let mut members = JoinSet::new();
        let caller = |number: usize, token: String| Caller {
            clients: site
                .urls()
                .iter()
                .map(|url| Client::new(url, Some(&token)))
                .collect(),
            habits,
            rng: StdRng::seed_from_u64(seed.wrapping_add(number as u64)),
            told: Arc::clone(&told),
            stop: Arc::clone(&stop),
        };
        for number in 0..habits.reporters {
            let reporter = caller(number, site.token(&[Role::HotlineOperator], None));
            members.spawn(reporter.report(number));
        }
        for (number, house) in houses.iter().take(habits.houses).enumerate() {
            let officer = caller(1000 + number, site.token(&[Role::FacilityOfficer], Some(house)));
            members.spawn(officer.answer(house.clone()));
        }
        Self { told, stop, members }
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.told.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until so many more reports are acknowledged; the hub that never answers again fails the test.
    pub(crate) async fn until(&self, more: u64) {
        let (wanted, begun) = (self.acknowledged() + more, Instant::now());
        while self.acknowledged() < wanted {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "only {} of {wanted} reports were acknowledged",
                self.acknowledged()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Everybody ends what they have begun.
    pub(crate) async fn disperse(mut self) -> Arc<Told> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.members.join_next().await {
            ended.unwrap();
        }
        self.told
    }
}

impl Caller {
    fn any(&mut self) -> Client {
        let at = self.rng.random_range(0..self.clients.len());
        self.clients[at].clone()
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn report(mut self, number: usize) {
        for count in 0_u64.. {
            if self.is_over() {
                return;
            }
            let key = format!("{number}-{count}");
            let request = submit(intake(&key));
            let begun = Instant::now();
            if self.rng.random_bool(self.habits.doubled) {
                let beside = self.clients.iter().map(|client| {
                    let (mut client, request) = (client.clone(), request.clone());
                    async move { client.intake.submit_intake(request).await }
                });
                for answer in futures_of(beside.collect()).await.into_iter().flatten() {
                    self.told
                        .reports
                        .write(&key, &answer.into_inner().case.unwrap().case_id);
                }
            }
            let answer = self.until_answered(&key, |mut client: Client| {
                let request = request.clone();
                async move { client.intake.submit_intake(request).await }
            });
            let Some(answer) = answer.await else { return };
            self.told.reports.write(&key, &answer.case.unwrap().case_id);
            self.told.acknowledged.fetch_add(1, Ordering::Relaxed);
            let mut pace = self.told.pace.lock().unwrap();
            pace.push((Instant::now(), begun.elapsed()));
        }
    }

    /// Accepts two offers of three, declines most of the others, and is silent on the rest.
    async fn answer(mut self, house: String) {
        while !self.is_over() {
            let list = v1::ListOffersRequest {
                facility_id: house.clone(),
                states: vec![v1::OfferState::Offered.into(), v1::OfferState::Seen.into()],
                ..v1::ListOffersRequest::default()
            };
            let offers = self.any().referral.list_offers(list).await;
            let offers = offers.map_or_else(|_| vec![], |listed| listed.into_inner().offers);
            for offer in offers {
                if self.is_over() {
                    return;
                }
                match self.rng.random_range(0..10) {
                    0..7 => self.accept(&offer.offer_id).await,
                    7..9 => self.decline(&offer.offer_id).await,
                    _ => {}
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn accept(&mut self, offer: &str) {
        let request = v1::AcceptOfferRequest {
            request_id: request_id(),
            offer_id: offer.to_owned(),
            capacity: None,
        };
        let accepted = self.until_answered(offer, |mut client: Client| {
            let request = request.clone();
            async move { client.referral.accept_offer(request).await }
        });
        if let Some(placement) = accepted.await.and_then(|accepted| accepted.placement) {
            self.told.answers.write(offer, &placement.placement_id);
        }
    }

    async fn decline(&mut self, offer: &str) {
        let request = v1::DeclineOfferRequest {
            request_id: request_id(),
            offer_id: offer.to_owned(),
            reason: v1::DeclineReason::NotEligible.into(),
            ..v1::DeclineOfferRequest::default()
        };
        let declined = self.until_answered(offer, |mut client: Client| {
            let request = request.clone();
            async move { client.referral.decline_offer(request).await }
        });
        if declined.await.is_some() {
            self.told.answers.write(offer, "declined");
        }
    }

    /// The same request until it is answered; `None` = it was refused, as an offer is that has passed meanwhile.
    async fn until_answered<T, C: Future<Output = Result<tonic::Response<T>, Status>> + Send>(
        &mut self,
        key: &str,
        call: impl Fn(Client) -> C + Send,
    ) -> Option<T> {
        loop {
            let client = self.any();
            if self.rng.random_bool(self.habits.given_up) {
                let soon = Duration::from_micros(self.rng.random_range(0..30_000));
                let answer = tokio::time::timeout(soon, call(client)).await;
                self.told.given_up.fetch_add(1, Ordering::Relaxed);
                drop(answer);
                continue;
            }
            match tokio::time::timeout(PATIENCE, call(client)).await {
                Ok(Ok(answer)) => return Some(answer.into_inner()),
                Ok(Err(status)) if is_passing(&status, self.habits.strict) => tokio::time::sleep(PAUSE).await,
                // Somebody else, or the clock, was first.
                Ok(Err(status)) if status.code() == Code::FailedPrecondition => return None,
                Ok(Err(status)) => {
                    self.told.failures.write(key, &in_full(&status));
                    return None;
                }
                // Who stands still answers nobody; another replica does.
                Err(_) if !self.habits.strict => {}
                Err(_) => {
                    self.told.failures.write(key, "no answer within 15 s");
                    return None;
                }
            }
        }
    }
}

/// Whether it is worth asking again.
fn is_passing(status: &Status, strict: bool) -> bool {
    match status.code() {
        Code::Unavailable => true,
        _ if never_begun(status) => true,
        // A hub that was killed tells nothing: what the caller's side makes of a connection that breaks.
        Code::Unknown | Code::Cancelled | Code::Internal => !strict && !is_the_hubs_own(status),
        Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted => !strict,
        _ => false,
    }
}

/// The status with everything that led to it.
fn in_full(status: &Status) -> String {
    let causes: String = causes(status).map(|error| format!(" < {error:?}")).collect();
    format!("{:?} {}{causes}", status.code(), status.message())
}

/// Whether the hub has said it, and not the library about its connection.
fn is_the_hubs_own(status: &Status) -> bool {
    status.metadata().contains_key("x-request-id")
}

async fn futures_of<T: Send + 'static>(calls: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let mut set = JoinSet::new();
    for call in calls {
        set.spawn(call);
    }
    set.join_all().await
}
