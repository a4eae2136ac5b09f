//! What is known of people cannot be read by who steals the database, can be moved to new keys while the hub works, and
//! is gone when its key is destroyed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

#[path = "keys/canary.rs"]
mod canary;
#[path = "keys/erasure.rs"]
mod erasure;
#[path = "keys/finding.rs"]
mod finding;
#[path = "keys/first_release.rs"]
mod first_release;
#[path = "keys/old_copies.rs"]
mod old_copies;
#[path = "keys/people.rs"]
mod people;
#[path = "keys/rotation.rs"]
mod rotation;
#[path = "behaviour/scene.rs"]
#[expect(dead_code, reason = "set pieces of other groups")]
mod scene;
#[path = "keys/start.rs"]
mod start;
#[path = "keys/told.rs"]
mod told;
#[path = "keys/vault.rs"]
mod vault;
