//! One report on its way: sent again, under the same request id, until the hub has answered.

use std::time::Duration;

use rand::Rng;
use serasi_proto::v1::intake_service_client::IntakeServiceClient;
use serasi_proto::v1::{SubmitIntakeRequest, SubmitIntakeResponse};
use tonic::{Response, Status};
use tonic_types::StatusExt;

use super::queue::Queue;
use crate::client::Authorized;
use crate::refusal::is_unanswered;

/// A hub that asks for a longer pause is asked again after this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How reports travel.
#[derive(Clone)]
pub(super) enum Way {
    /// A call for each.
    Calls(IntakeServiceClient<Authorized>),
    /// All in one stream.
    Stream(Queue),
}

/// How often and how fast a report is sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub(super) times: u32,
    /// Doubles with every try.
    pub(super) first_pause: Duration,
}

impl Retry {
    /// Six seconds in all: a hub that restarts is back by then.
    pub(super) const USUAL: Self = Self {
        times: 5,
        first_pause: Duration::from_millis(200),
    };
}

/// The hub's answer; the last failure when there was none in all tries.
pub(super) async fn deliver(
    way: Way,
    request: SubmitIntakeRequest,
    retry: Retry,
) -> Result<SubmitIntakeResponse, Status> {
    let mut pause = retry.first_pause;
    for _ in 0..retry.times {
        match way.send(request.clone()).await {
            Err(status) if may_come_back(&status) => {
                tokio::time::sleep(spread(asked_pause(&status).max(pause).min(LONGEST_PAUSE))).await;
            }
            answer => return answer,
        }
        pause *= 2;
    }
    way.send(request).await
}

impl Way {
    async fn send(&self, request: SubmitIntakeRequest) -> Result<SubmitIntakeResponse, Status> {
        match self {
            Self::Calls(client) => {
                let answer = client.clone().submit_intake(request).await;
                answer.map(Response::into_inner)
            }
            Self::Stream(queue) => queue.send(request).await,
        }
    }
}

/// No answer, or one that says when to ask again.
fn may_come_back(status: &Status) -> bool {
    is_unanswered(status) || status.get_details_retry_info().is_some()
}

fn asked_pause(status: &Status) -> Duration {
    let info = status.get_details_retry_info();
    info.and_then(|info| info.retry_delay).unwrap_or_default()
}

/// Between half the pause and the whole: senders that failed together do not come back together.
fn spread(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..=1.0))
}
