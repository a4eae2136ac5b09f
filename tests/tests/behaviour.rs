//! What the hub does, told as sentences, against a real PostgreSQL through real gRPC.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

#[path = "behaviour/access.rs"]
mod access;
#[path = "behaviour/audit.rs"]
mod audit;
#[path = "behaviour/backstop.rs"]
mod backstop;
#[path = "behaviour/break_glass.rs"]
mod break_glass;
#[path = "behaviour/cancelled_begin.rs"]
mod cancelled_begin;
#[path = "behaviour/care.rs"]
mod care;
#[path = "behaviour/clocks.rs"]
mod clocks;
#[path = "behaviour/concurrency.rs"]
mod concurrency;
#[path = "behaviour/dangerous_house.rs"]
mod dangerous_house;
#[path = "behaviour/directory.rs"]
mod directory;
#[path = "behaviour/doctor.rs"]
mod doctor;
#[path = "behaviour/documents.rs"]
mod documents;
#[path = "behaviour/dry_run.rs"]
mod dry_run;
#[path = "behaviour/endings.rs"]
mod endings;
#[path = "behaviour/guidance.rs"]
mod guidance;
#[path = "behaviour/identity.rs"]
mod identity;
#[path = "behaviour/insight.rs"]
mod insight;
#[path = "behaviour/intake.rs"]
mod intake;
#[path = "behaviour/interleaving.rs"]
mod interleaving;
#[path = "behaviour/invalid_input.rs"]
mod invalid_input;
#[path = "behaviour/issuer_keys.rs"]
mod issuer_keys;
#[path = "behaviour/leaving.rs"]
mod leaving;
#[path = "behaviour/limits.rs"]
mod limits;
#[path = "behaviour/links.rs"]
mod links;
#[path = "behaviour/matrix.rs"]
mod matrix;
#[path = "behaviour/need_to_know.rs"]
mod need_to_know;
#[path = "behaviour/people.rs"]
mod people;
#[path = "behaviour/placements.rs"]
mod placements;
#[path = "behaviour/policy.rs"]
mod policy;
#[path = "behaviour/policy_of_case.rs"]
mod policy_of_case;
#[path = "behaviour/policy_replicas.rs"]
mod policy_replicas;
#[path = "behaviour/public_status.rs"]
mod public_status;
#[path = "behaviour/queues.rs"]
mod queues;
#[path = "behaviour/reference.rs"]
mod reference;
#[path = "behaviour/referral.rs"]
mod referral;
#[path = "behaviour/registry.rs"]
mod registry;
#[path = "behaviour/replay.rs"]
mod replay;
#[path = "behaviour/required_fields.rs"]
mod required_fields;
#[path = "behaviour/safe_houses.rs"]
mod safe_houses;
#[path = "behaviour/scene.rs"]
mod scene;
#[path = "behaviour/schema.rs"]
mod schema;
#[path = "behaviour/server_limit.rs"]
mod server_limit;
#[path = "behaviour/service_commands.rs"]
mod service_commands;
#[path = "behaviour/stages.rs"]
mod stages;
#[path = "behaviour/start.rs"]
mod start;
#[path = "behaviour/stream_intakes.rs"]
mod stream_intakes;
#[path = "behaviour/subjects.rs"]
mod subjects;
#[path = "behaviour/telemetry.rs"]
mod telemetry;
#[path = "behaviour/tls.rs"]
mod tls;
#[path = "behaviour/together.rs"]
mod together;
#[path = "behaviour/tokens.rs"]
mod tokens;
#[path = "behaviour/traces.rs"]
mod traces;
#[path = "behaviour/transfer.rs"]
mod transfer;
#[path = "behaviour/uncovering.rs"]
mod uncovering;
#[path = "behaviour/waiting.rs"]
mod waiting;
#[path = "behaviour/watch.rs"]
mod watch;
#[path = "behaviour/withdraw.rs"]
mod withdraw;
