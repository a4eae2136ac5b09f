//! What the hub does, told as sentences, against a real PostgreSQL through real gRPC.

#[path = "behaviour/access.rs"]
mod access;
#[path = "behaviour/concurrency.rs"]
mod concurrency;
#[path = "behaviour/directory.rs"]
mod directory;
#[path = "behaviour/intake.rs"]
mod intake;
#[path = "behaviour/invalid_input.rs"]
mod invalid_input;
#[path = "behaviour/referral.rs"]
mod referral;
#[path = "behaviour/scene.rs"]
mod scene;
