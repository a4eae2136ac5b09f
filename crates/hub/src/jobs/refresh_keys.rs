//! Reads the issuer's keys again and again, so that a new key is known before its first token comes and a revoked one
//! is forgotten.

use std::sync::Arc;

use tokio::sync::watch;

use super::{goes_on, stopped};
use crate::hub::Hub;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let verifier = hub.gate.verifier();
    let Some(every) = verifier.every() else {
        stopped(&mut stop).await;
        return;
    };
    while goes_on(&mut stop, every).await {
        verifier.refresh().await;
    }
}
