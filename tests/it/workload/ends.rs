//! How repetitions and tasks end: after the last step, by a timeout, by a panic, or at the end of
//! the run.

use super::harness::*;
use tasklab::record::{Outcome, Record};
use tasklab::scenario::steps::{Block, Offload, Panic, Timeout};
use tasklab::scenario::{Repeat, Step, TaskSpec};

#[test]
fn a_repetition_is_cancelled_at_its_timeout_and_the_next_repetition_follows() {
    let mut slow = task("slow", 3, vec![Step::Yield, sleep(FOREVER)]);
    slow.timeout = Some(fixed(5 * MS));
    let once = TaskSpec {
        name: "once".into(),
        repeat: Repeat::Times(1),
        ..slow.clone()
    };
    let observed = Harness::new(&scenario(vec![slow, once])).on_tokio();
    assert_eq!(observed.repetitions("slow"), [Outcome::TimedOut; 3]);
    assert_eq!(observed.outcome("slow"), Outcome::Completed);
    assert_eq!(observed.outcome("once"), Outcome::TimedOut);
    assert!(observed.steps("slow").is_empty());
}

#[test]
fn on_a_thread_a_repetition_runs_to_its_end_after_its_timeout() {
    let mut slow = task("slow", 2, vec![Step::Block(Block(fixed(3 * MS))), cpu(MS / 10)]);
    slow.timeout = Some(fixed(MS));
    let observed = Harness::new(&scenario(vec![slow])).on_threads();
    assert_eq!(observed.repetitions("slow"), [Outcome::TimedOut; 2]);
    assert_eq!(
        observed.steps("slow"),
        ["block 3ms", "cpu 100µs", "block 3ms", "cpu 100µs"]
    );
}

#[test]
fn a_step_that_no_timeout_can_cancel_times_out_when_it_ends() {
    let mut busy = task("busy", 1, vec![Step::Block(Block(fixed(5 * MS)))]);
    busy.timeout = Some(fixed(MS));
    for (executor, observed) in on_every_executor(&scenario(vec![busy])) {
        assert_eq!(observed.outcome("busy"), Outcome::TimedOut, "{executor}");
        assert_eq!(observed.steps("busy"), ["block 5ms"], "{executor}");
    }
}

#[test]
fn a_timeout_step_that_elapses_ends_its_repetition() {
    let limited = |inner| {
        Step::Timeout(Timeout {
            after: fixed(3 * MS),
            steps: vec![inner],
        })
    };
    let steps = vec![cpu(MS / 10), limited(Step::Block(Block(fixed(9 * MS)))), sleep(FOREVER)];
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 2, steps)])) {
        assert_eq!(observed.repetitions("api"), [Outcome::TimedOut; 2], "{executor}");
        assert_eq!(
            observed.steps("api"),
            ["cpu 100µs", "block 9ms", "cpu 100µs", "block 9ms"],
            "{executor}"
        );
    }
    // Two timeouts limit one wait, and the inner timeout is earlier.
    let nested = Step::Timeout(Timeout {
        after: fixed(FOREVER),
        steps: vec![limited(sleep(FOREVER))],
    });
    let observed = Harness::new(&scenario(vec![task("api", 1, vec![nested])])).on_tokio();
    assert_eq!(observed.outcome("api"), Outcome::TimedOut);
}

#[test]
fn a_panic_ends_the_task_on_every_executor() {
    let panic = || {
        Step::Panic(Panic {
            message: "on purpose".into(),
            chance: 1.0,
        })
    };
    let tasks = vec![
        task("here", 5, vec![cpu(MS / 10), panic()]),
        task("there", 5, vec![Step::Offload(Offload(vec![panic()]))]),
        task("other", 5, vec![sleep(MS)]),
    ];
    for (executor, observed) in on_every_executor(&scenario(tasks)) {
        for group in ["here", "there"] {
            assert_eq!(observed.outcome(group), Outcome::Panicked, "{executor} {group}");
            assert_eq!(observed.repetitions(group), [Outcome::Panicked], "{executor} {group}");
        }
        assert_eq!(observed.outcome("other"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn a_task_that_never_awaits_ends_when_the_run_stops() {
    for (name, step) in [("short", cpu(MS / 10)), ("long", cpu(FOREVER))] {
        let endless = TaskSpec {
            repeat: Repeat::Forever,
            ..task(name, 1, vec![step])
        };
        let harness = Harness::new(&scenario(vec![endless]));
        let mut running = harness.start(two_workers());
        running.until("a task on a lane", |batch| !batch.live.lanes.is_empty());
        harness.services.stop().request(tasklab::probe::now());
        let observed = running.join();
        assert_eq!(observed.outcome(name), Outcome::Cancelled);
        assert_eq!(observed.slices(name).len(), 1, "{name} yielded");
        let is_complete = observed.repetitions(name).contains(&Outcome::Completed);
        assert!(!is_complete || name == "short", "an hour's work was done");
    }
}

#[test]
fn a_dropped_task_records_its_unfinished_repetition() {
    let harness = Harness::new(&scenario(vec![task("api", 1, vec![sleep(FOREVER)])]));
    let mut running = harness.start(two_workers());
    running.until("a first slice", |batch| {
        batch
            .records
            .iter()
            .any(|(_, record)| matches!(record, Record::Slice(_)))
    });
    running.tasks[0].abort();
    let observed = running.join();
    assert_eq!(observed.repetitions("api"), [Outcome::Cancelled]);
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
}
