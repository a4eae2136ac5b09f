//! Once more, where another transaction got in the way.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng;
use serasi_store::StoreError;

use crate::error::HubError;
use crate::hub::Hub;

/// Tries of one command before the client is told to come back (guarantees, rule 5).
const MAX_TRIES: u32 = 5;
/// Longest random pause before the second try, in milliseconds; it doubles with every try.
const FIRST_PAUSE_MS: u64 = 10;
/// Repeats what another transaction got in the way of, or what needed a data key that was not in memory: it is fetched
/// between two transactions, for the key-encryption key may be far away.
pub(crate) async fn repeated<T, F>(hub: &Hub, mut attempt: impl FnMut() -> F) -> Result<T, HubError>
where
    F: Future<Output = Result<T, HubError>>,
{
    let mut tries = 1;
    let mut loaded = BTreeSet::new();
    loop {
        match attempt().await {
            Err(HubError::Store(StoreError::KeyNeeded(home))) if loaded.insert(home) => {
                hub.store.load_keys(home).await?;
                // Regencies are few, and each was to be loaded once.
                continue;
            }
            Err(HubError::Store(StoreError::Conflict(_)) | HubError::Raced) if tries < MAX_TRIES => {
                pause(tries).await;
            }
            Err(HubError::Store(StoreError::KeyNeeded(home))) if tries < MAX_TRIES => {
                hub.store.load_keys(home).await?;
            }
            result => return result,
        }
        tries += 1;
    }
}

async fn pause(tries: u32) {
    let longest = FIRST_PAUSE_MS << tries;
    let pause = rand::rng().random_range(1..=longest);
    tokio::time::sleep(Duration::from_millis(pause)).await;
}
