//! One client of the load: it asks, waits for the answer, and asks again, until time is up.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_proto::v1::SubmitIntakeRequest;
use serasi_proto::v1::intake_service_client::IntakeServiceClient;

use super::bad::{Bad, case_id};
use super::follow::FollowUp;
use super::measured::Measured;
use super::pace::Pace;
use super::reports::Reporter;
use crate::client::Authorized;
use crate::refusal::code_name;

/// A hub that fails at once must not be asked a hundred thousand times a second.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// One caller with its own people.
pub(super) struct Client {
    pub(super) hub: IntakeServiceClient<Authorized>,
    /// The same hub, with a token that is none.
    pub(super) as_stranger: IntakeServiceClient<Authorized>,
    pub(super) reporter: Reporter,
    pub(super) pace: Pace,
    /// Share of its calls that are bad, drawn from a seed.
    pub(super) bad: (f64, u64),
    /// What it does after each report.
    pub(super) follow_up: Option<FollowUp>,
}

/// Calls that start in it are measured.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) starts: Instant,
    pub(super) ends: Instant,
}

/// Asks until the window ends; a call that is on its way then is waited for, or the slowest would be left out.
pub(super) async fn drive(mut client: Client, window: Window) -> Measured {
    let (share, seed) = client.bad;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut measured = Measured::default();
    // The last report that was taken down, and its case.
    let mut last: Option<(SubmitIntakeRequest, String)> = None;
    loop {
        let good = client.reporter.next_request();
        let bad = last.as_ref().filter(|_| rng.random_bool(share));
        let bad = bad.map(|last| (Bad::any(&mut rng), last));
        let request = bad.map_or_else(|| good.clone(), |(bad, (last, _))| bad.of(good.clone(), last));
        let bad = bad.map(|(bad, _)| bad);
        let hub = if bad == Some(Bad::Unauthorized) {
            &mut client.as_stranger
        } else {
            &mut client.hub
        };
        let asked = client.pace.due().await;
        if asked >= window.ends {
            return measured;
        }
        let answer = hub.submit_intake(request).await;
        let answered = Instant::now();
        let is_measured = asked >= window.starts;
        let at = answered.saturating_duration_since(window.starts);
        let last_case = last.as_ref().map_or("", |(_, case)| case);
        let is_as_expected = bad.map_or_else(|| answer.is_ok(), |bad| bad.is_answered(&answer, last_case));
        if let (None, Ok(answer)) = (bad, &answer) {
            last = Some((good, case_id(answer).to_owned()));
        }
        // In the warm-up, too.
        let follows = bad.is_none() && client.follow_up.is_some();
        let taken = answer.as_ref().ok().filter(|_| follows);
        let taken = taken.map(|answer| answer.get_ref().clone());
        if is_measured {
            match (bad, answer) {
                (Some(_), _) if is_as_expected => measured.refused(at),
                (Some(_) | None, Err(status)) => measured.failed(code_name(status.code()), at),
                (Some(_), Ok(_)) => measured.failed("taken although bad", at),
                (None, Ok(response)) => {
                    let outcome = response.into_inner().outcome.unwrap_or_default();
                    measured.answered(outcome.result, answered - asked, at);
                }
            }
        }
        if let (Some(follow_up), Some(taken)) = (&mut client.follow_up, taken) {
            follow_up.follow(&taken, window, &mut measured).await;
        }
        if !is_as_expected {
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }
}
