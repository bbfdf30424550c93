//! Tests of cancellation: which steps run when a task is cancelled, and which work continues. Also
//! tests of `block_on`: the thread that runs these async steps cannot be cancelled.

use super::harness::*;
use tasklab::record::{Batch, Outcome};
use tasklab::scenario::steps::{BlockOn, Cleanup, Offload, Race, Shield, Timeout};
use tasklab::scenario::{Scenario, Step, TaskSpec};

fn cleanup(steps: Vec<Step>) -> Step {
    Step::Cleanup(Cleanup(steps))
}

fn offload(steps: Vec<Step>) -> Step {
    Step::Offload(Offload(steps))
}

fn block_on(steps: Vec<Step>) -> Step {
    Step::BlockOn(BlockOn(steps))
}

/// A scenario with two channels. In most tests, no task sends to `gate`.
fn with_channels(tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.channels = vec![channel("gate", 1), channel("jobs", 1)];
    scenario
}

/// A task whose repetitions time out after 5 ms.
fn limited(repeat: u64, steps: Vec<Step>) -> TaskSpec {
    TaskSpec {
        timeout: Some(fixed(5 * MS)),
        ..task("api", repeat, steps)
    }
}

#[test]
fn a_cancelled_repetition_runs_its_last_cleanup_first() {
    let steps = vec![
        cleanup(vec![cpu(MS / 10)]),
        cleanup(vec![cpu(MS / 20)]),
        recv("gate"),
        cleanup(vec![cpu(MS / 40)]),
    ];
    let scenario = with_channels(vec![limited(2, steps)]);
    for observed in [
        Harness::new(&scenario).on_tokio(),
        Harness::new(&scenario).on_current_thread(),
    ] {
        assert_eq!(observed.repetitions("api"), [Outcome::TimedOut; 2]);
        let once = ["cpu 50µs", "cleanup", "cpu 100µs", "cleanup"];
        assert_eq!(observed.steps("api"), [once, once].concat());
    }
}

#[test]
fn a_repetition_that_ends_by_itself_runs_no_cleanup() {
    for (last, outcome) in [(cpu(MS / 10), Outcome::Completed), (fail(1.0), Outcome::Failed)] {
        let scenario = scenario(vec![task("api", 2, vec![cleanup(vec![cpu(MS)]), last])]);
        for (executor, observed) in on_every_executor(&scenario) {
            assert_eq!(observed.repetitions("api"), [outcome; 2], "{executor}");
            assert!(!observed.steps("api").contains(&"cleanup"), "{executor}");
        }
    }
}

#[test]
fn a_timeout_step_runs_only_the_cleanups_of_its_own_steps() {
    let inner = Step::Timeout(Timeout {
        after: fixed(5 * MS),
        steps: vec![cleanup(vec![cpu(MS / 20)]), recv("gate")],
    });
    let scenario = with_channels(vec![task("api", 1, vec![cleanup(vec![cpu(MS / 10)]), inner])]);
    let observed = Harness::new(&scenario).on_tokio();
    assert_eq!(observed.outcome("api"), Outcome::TimedOut);
    assert_eq!(observed.steps("api"), ["cpu 50µs", "cleanup"]);
}

#[test]
fn a_task_that_another_task_cancels_runs_its_cleanup() {
    let loser = called_group("loser", vec![cleanup(vec![cpu(MS)]), send("jobs"), recv("gate")]);
    let race = Step::Race(Race(vec![group_branch("loser"), steps_branch(vec![recv("jobs")])]));
    let scenario = with_channels(vec![task("api", 1, vec![race]), loser]);
    for observed in [
        Harness::new(&scenario).on_tokio(),
        Harness::new(&scenario).on_current_thread(),
    ] {
        assert_eq!(observed.outcome("loser"), Outcome::Cancelled);
        assert_eq!(observed.steps("loser"), ["send jobs", "cpu 1ms", "cleanup"]);
    }
}

#[test]
fn a_shielded_branch_survives_the_cancellation_of_its_parent() {
    let shield = Step::Shield(Shield(steps_branch(vec![sleep(30 * MS), cpu(MS)])));
    let scenario = scenario(vec![limited(1, vec![shield])]);
    for observed in [
        Harness::new(&scenario).on_tokio(),
        Harness::new(&scenario).on_current_thread(),
    ] {
        assert_eq!(observed.outcome("api"), Outcome::TimedOut);
        assert_eq!(observed.outcome("api shield"), Outcome::Completed);
        assert_eq!(observed.orphans("api shield"), [0]);
        assert_eq!(observed.spans("api shield", "cpu 1ms").len(), 1);
    }
}

#[test]
fn a_parent_waits_for_its_shielded_branch_and_fails_if_the_branch_fails() {
    for (last, outcome) in [(cpu(MS / 10), Outcome::Completed), (fail(1.0), Outcome::Failed)] {
        let shield = Step::Shield(Shield(steps_branch(vec![sleep(MS), last])));
        for (executor, observed) in on_every_executor(&scenario(vec![task("api", 1, vec![shield])])) {
            assert_eq!(observed.outcome("api shield"), outcome, "{executor}");
            assert_eq!(observed.outcome("api"), outcome, "{executor}");
            assert!(
                observed.ended_at("api") >= observed.ended_at("api shield"),
                "{executor}"
            );
        }
    }
}

#[test]
fn a_thread_that_has_left_the_runtime_can_run_async_steps() {
    let inner = vec![sleep(MS), send("jobs"), recv("gate"), offload(vec![cpu(MS)])];
    let tasks = vec![
        task("api", 1, vec![offload(vec![block_on(inner)])]),
        task("other", 1, vec![recv("jobs"), send("gate")]),
    ];
    for (executor, observed) in on_every_executor(&with_channels(tasks)) {
        assert_eq!(observed.outcome("api"), Outcome::Completed, "{executor}");
        if executor != "threads" {
            let steps = observed.steps("api offload");
            assert!(
                steps.contains(&"sleep 1ms") && steps.contains(&"block_on"),
                "{executor}: {steps:?}"
            );
            assert_eq!(observed.spans("api offload offload", "cpu 1ms").len(), 1, "{executor}");
        }
    }
}

#[test]
fn block_on_an_async_worker_panics() {
    let scenario = scenario(vec![task("api", 1, vec![block_on(vec![sleep(MS)])])]);
    for (executor, observed) in on_every_executor(&scenario) {
        let outcome = match executor {
            "threads" => Outcome::Completed,
            _ => Outcome::Panicked,
        };
        assert_eq!(observed.outcome("api"), outcome, "{executor}");
    }
}

#[test]
fn a_thread_that_blocks_on_async_steps_ends_with_the_run() {
    for wait in [recv("gate"), sleep(FOREVER)] {
        let scenario = with_channels(vec![task("api", 1, vec![offload(vec![block_on(vec![wait])])])]);
        let blocks = |batch: &Batch| batch.live.lanes.iter().any(|lane| lane.blocking_since.is_some());
        let observed = Harness::new(&scenario).on_tokio_until("1 blocking thread", blocks);
        assert_eq!(observed.outcome("api"), Outcome::Cancelled);
    }
}
