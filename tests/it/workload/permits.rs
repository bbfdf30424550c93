//! Permits that a task keeps across steps.

use super::harness::*;
use tasklab::record::Outcome;
use tasklab::scenario::steps::{Acquire, Offload, Release};
use tasklab::scenario::{Scenario, SemaphoreSpec, Step, TaskSpec};

fn acquire() -> Step {
    Step::Acquire(Acquire {
        semaphore: "slots".into(),
    })
}

fn release() -> Step {
    Step::Release(Release {
        semaphore: "slots".into(),
    })
}

/// A scenario with a semaphore of one permit, and a channel.
fn one_permit(tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.semaphores = vec![SemaphoreSpec {
        name: "slots".into(),
        permits: 1,
    }];
    scenario.channels = vec![channel("gate", 1)];
    scenario
}

#[test]
fn a_permit_is_held_from_acquire_to_release() {
    let steps = || vec![acquire(), cpu(MS), release(), cpu(MS / 10)];
    let tasks = vec![task("one", 5, steps()), task("two", 5, steps())];
    for (executor, observed) in on_every_executor(&one_permit(tasks)) {
        let mut held = [observed.spans("one", "cpu 1ms"), observed.spans("two", "cpu 1ms")].concat();
        held.sort();
        assert_eq!(held.len(), 10, "{executor}");
        assert!(held.windows(2).all(|two| two[0].1 <= two[1].0), "{executor}: {held:?}");
    }
}

#[test]
fn the_end_of_a_repetition_releases_its_permits() {
    // If a repetition kept its permit, the next repetition would wait forever.
    for (last, outcome) in [(cpu(MS / 10), Outcome::Completed), (fail(1.0), Outcome::Failed)] {
        let scenario = one_permit(vec![task("api", 3, vec![acquire(), last])]);
        for (executor, observed) in on_every_executor(&scenario) {
            assert_eq!(observed.repetitions("api"), [outcome; 3], "{executor}");
        }
    }
    let mut cancelled = task("api", 3, vec![acquire(), recv("gate")]);
    cancelled.timeout = Some(fixed(5 * MS));
    let observed = Harness::new(&one_permit(vec![cancelled])).on_tokio();
    assert_eq!(observed.repetitions("api"), [Outcome::TimedOut; 3]);
}

#[test]
fn a_release_without_a_permit_fails() {
    let other = || Step::Offload(Offload(vec![acquire()]));
    for steps in [
        vec![release()],
        vec![acquire(), release(), release()],
        // The permit of a child is not a permit of its parent.
        vec![other(), release()],
    ] {
        let scenario = one_permit(vec![task("api", 2, steps.clone())]);
        for (executor, observed) in on_every_executor(&scenario) {
            assert_eq!(
                observed.repetitions("api"),
                [Outcome::Failed; 2],
                "{executor}: {steps:?}"
            );
        }
    }
}

#[test]
fn a_task_that_waits_for_a_permit_ends_with_the_run() {
    let scenario = one_permit(vec![task("api", 1, vec![acquire(), acquire()])]);
    let waits = |batch: &tasklab::record::Batch| batch.live.lanes.iter().any(|lane| lane.blocking_since.is_some());
    let observed = Harness::new(&scenario).on_threads_until("1 blocking thread", waits);
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
}
