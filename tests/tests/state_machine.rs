//! Random sequences of operations on cases, offers, placements and places, against a model that says what each must do.
//!
//! Every run has a province, three facilities and cases of its own, so that many run side by side on one hub.
//! `SERASI_STATE_MACHINE_RUNS` says how many runs (default 1,000); a failing one prints its seed, and
//! `SERASI_STATE_MACHINE_SEED` repeats it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use serasi_tests::TestHub;
use serasi_tests::build::request_id;
use tokio::runtime::{Handle, Runtime};
use uuid::Uuid;

#[path = "state_machine/calls.rs"]
mod calls;
#[path = "state_machine/model.rs"]
mod model;
#[path = "state_machine/operation.rs"]
mod operation;
#[path = "state_machine/seen.rs"]
mod seen;
#[path = "state_machine/service_calls.rs"]
mod service_calls;
#[path = "state_machine/world.rs"]
mod world;

use model::Model;
use operation::{Operation, Script, Start};
use world::World;

const DEFAULT_RUNS: u64 = 1_000;
const STEPS: usize = 50;
/// A failure is made smaller by at most so many further runs.
const MAX_SHRINKS: u32 = 200;

/// What a worker has at hand.
struct Workplace {
    runtime: Handle,
    world: World,
}

thread_local! {
    static WORKPLACE: RefCell<Option<Workplace>> = const { RefCell::new(None) };
}

fn at_work<T>(work: impl AsyncFnOnce(&mut World) -> T) -> T {
    WORKPLACE.with_borrow_mut(|workplace| {
        let Workplace { runtime, world } = workplace.as_mut().unwrap();
        runtime.block_on(work(world))
    })
}

/// The hub, followed by the model.
struct Followed;

impl StateMachineTest for Followed {
    type SystemUnderTest = Model;
    type Reference = Script;

    fn init_test(start: &Start) -> Model {
        at_work(async |world| world.start(start).await)
    }

    fn apply(mut model: Model, _: &Start, operation: Operation) -> Model {
        at_work(async |world| world.step(&mut model, &operation).await);
        model
    }
}

#[test]
fn whatever_is_done_in_whatever_order_the_hub_does_what_the_model_says() {
    let runtime = Runtime::new().unwrap();
    let hub = Arc::new(runtime.block_on(TestHub::start()));
    let worlds = runtime.block_on(World::all(&hub));
    let (first_seed, runs) = seeds();
    let next = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = worlds
        .into_iter()
        .map(|world| {
            let (runtime, next) = (runtime.handle().clone(), Arc::clone(&next));
            std::thread::spawn(move || {
                WORKPLACE.set(Some(Workplace { runtime, world }));
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= runs {
                        return WORKPLACE.take().unwrap().world.tally;
                    }
                    if let Err(failure) = follow(first_seed.wrapping_add(run)) {
                        // The others need not go on.
                        next.store(runs, Ordering::Relaxed);
                        panic!("{failure}");
                    }
                }
            })
        })
        .collect();
    let tallies: Vec<_> = workers.into_iter().map(std::thread::JoinHandle::join).collect();
    assert!(
        tallies.iter().all(Result::is_ok),
        "a run failed: its seed stands above"
    );
    let sum = |part: usize| -> u64 { tallies.iter().flatten().map(|tally| tally[part]).sum() };
    let (done, refused, idle) = (sum(0), sum(1), sum(2));
    assert_eq!(done + refused + idle, runs * STEPS as u64);
    assert!(
        idle < done,
        "most steps do nothing: {done} done, {refused} refused, {idle} idle"
    );
    let hub = Arc::into_inner(hub).unwrap();
    runtime.block_on(hub.finish());
}

/// One run; the error names its seed.
fn follow(seed: u64) -> Result<(), String> {
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: MAX_SHRINKS,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    runner
        .run(
            &Script::sequential_strategy(STEPS),
            |(start, operations, seen)| {
                Followed::test_sequential(config.clone(), start, operations, seen);
                Ok(())
            },
        )
        .map_err(|failure| format!("SERASI_STATE_MACHINE_SEED={seed} failed: {failure}"))
}

/// The first seed and the number of runs.
fn seeds() -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(seed) = number("SERASI_STATE_MACHINE_SEED") {
        return (seed, 1);
    }
    let (_, anything) = Uuid::parse_str(&request_id()).unwrap().as_u64_pair();
    let runs = number("SERASI_STATE_MACHINE_RUNS").unwrap_or(DEFAULT_RUNS);
    (anything, runs)
}
