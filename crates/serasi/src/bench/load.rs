//! One client of the load: it asks, waits for the answer, and asks again, until time is up.

use std::time::{Duration, Instant};

use serasi_proto::v1::intake_service_client::IntakeServiceClient;

use super::reports::Reporter;
use super::result::Measured;
use crate::client::Authorized;
use crate::refusal::code_name;

/// A hub that fails at once must not be asked a hundred thousand times a second.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// One caller with its own people.
pub(super) struct Client {
    pub(super) hub: IntakeServiceClient<Authorized>,
    pub(super) reporter: Reporter,
}

/// Calls that start in it are measured.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) starts: Instant,
    pub(super) ends: Instant,
}

/// Asks until the window ends; a call that is on its way then is waited for, or the slowest would be left out.
pub(super) async fn drive(mut client: Client, window: Window) -> Measured {
    let mut measured = Measured::default();
    loop {
        let request = client.reporter.next_request();
        let asked = Instant::now();
        if asked >= window.ends {
            return measured;
        }
        let answer = client.hub.submit_intake(request).await;
        let answered = Instant::now();
        let is_measured = asked >= window.starts;
        let has_failed = answer.is_err();
        match answer {
            Ok(_) | Err(_) if !is_measured => {}
            Ok(response) => {
                let outcome = response.into_inner().outcome.unwrap_or_default();
                measured.answered(outcome.result, answered - asked, answered - window.starts);
            }
            Err(status) => measured.failed(code_name(status.code()), answered - window.starts),
        }
        if has_failed {
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }
}
