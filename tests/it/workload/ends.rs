//! How repetitions and tasks end: by themselves, by a timeout, by a panic, by the end of the run.

use super::lab::*;
use tasklab::record::{Outcome, Record};
use tasklab::scenario::{Repeat, Step, TaskSpec};

#[test]
fn a_repetition_beyond_its_timeout_is_cancelled_and_the_next_one_follows() {
    let mut slow = task("slow", 3, vec![Step::Yield, sleep(FOR_EVER)]);
    slow.timeout = Some(fixed(5 * MS));
    let once = TaskSpec {
        name: "once".into(),
        repeat: Repeat::Times(1),
        ..slow.clone()
    };
    let seen = Lab::new(&scenario(vec![slow, once])).on_tokio();
    assert_eq!(seen.repetitions("slow"), [Outcome::TimedOut; 3]);
    assert_eq!(seen.outcome("slow"), Outcome::Completed);
    assert_eq!(seen.outcome("once"), Outcome::TimedOut);
    assert!(seen.steps("slow").is_empty());
}

#[test]
fn on_a_thread_a_repetition_beyond_its_timeout_runs_to_its_end() {
    let mut slow = task("slow", 2, vec![Step::Block(fixed(3 * MS)), cpu(MS / 10)]);
    slow.timeout = Some(fixed(MS));
    let seen = Lab::new(&scenario(vec![slow])).on_threads();
    assert_eq!(seen.repetitions("slow"), [Outcome::TimedOut; 2]);
    assert_eq!(seen.steps("slow"), ["block 3ms", "cpu 100µs", "block 3ms", "cpu 100µs"]);
}

#[test]
fn a_computation_that_no_timeout_can_reach_is_overdue_when_it_ends() {
    let mut busy = task("busy", 1, vec![Step::Block(fixed(5 * MS))]);
    busy.timeout = Some(fixed(MS));
    for (executor, seen) in everywhere(&scenario(vec![busy])) {
        assert_eq!(seen.outcome("busy"), Outcome::TimedOut, "{executor}");
        assert_eq!(seen.steps("busy"), ["block 5ms"], "{executor}");
    }
}

#[test]
fn an_elapsed_timeout_step_ends_its_repetition() {
    let limited = |inner| Step::Timeout {
        after: fixed(3 * MS),
        steps: vec![inner],
    };
    let steps = vec![cpu(MS / 10), limited(Step::Block(fixed(9 * MS))), sleep(FOR_EVER)];
    for (executor, seen) in everywhere(&scenario(vec![task("api", 2, steps)])) {
        assert_eq!(seen.repetitions("api"), [Outcome::TimedOut; 2], "{executor}");
        assert_eq!(
            seen.steps("api"),
            ["cpu 100µs", "block 9ms", "cpu 100µs", "block 9ms"],
            "{executor}"
        );
    }
    // The inner of two deadlines that bind one wait.
    let nested = Step::Timeout {
        after: fixed(FOR_EVER),
        steps: vec![limited(sleep(FOR_EVER))],
    };
    let seen = Lab::new(&scenario(vec![task("api", 1, vec![nested])])).on_tokio();
    assert_eq!(seen.outcome("api"), Outcome::TimedOut);
}

#[test]
fn a_panic_ends_the_task_wherever_it_happens() {
    let panic = || Step::Panic {
        message: "on purpose".into(),
        chance: 1.0,
    };
    let tasks = vec![
        task("here", 5, vec![cpu(MS / 10), panic()]),
        task("there", 5, vec![Step::Offload(vec![panic()])]),
        task("other", 5, vec![sleep(MS)]),
    ];
    for (executor, seen) in everywhere(&scenario(tasks)) {
        for group in ["here", "there"] {
            assert_eq!(seen.outcome(group), Outcome::Panicked, "{executor} {group}");
            assert_eq!(seen.repetitions(group), [Outcome::Panicked], "{executor} {group}");
        }
        assert_eq!(seen.outcome("other"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn what_never_awaits_ends_when_the_run_stops() {
    for (name, step) in [("short", cpu(MS / 10)), ("long", cpu(FOR_EVER))] {
        let endless = TaskSpec {
            repeat: Repeat::Forever,
            ..task(name, 1, vec![step])
        };
        let lab = Lab::new(&scenario(vec![endless]));
        let mut running = lab.start(two_workers());
        running.until(|batch| !batch.live.lanes.is_empty());
        lab.services.stop().request();
        let seen = running.join();
        assert_eq!(seen.outcome(name), Outcome::Cancelled);
        assert_eq!(seen.slices(name).len(), 1, "{name} gave way");
        let whole = seen.repetitions(name).contains(&Outcome::Completed);
        assert!(!whole || name == "short", "an hour's work was done");
    }
}

#[test]
fn a_task_that_is_dropped_records_the_repetition_that_it_cut() {
    let lab = Lab::new(&scenario(vec![task("api", 1, vec![sleep(FOR_EVER)])]));
    let mut running = lab.start(two_workers());
    running.until(|batch| {
        batch
            .records
            .iter()
            .any(|(_, record)| matches!(record, Record::Slice(_)))
    });
    running.tasks[0].abort();
    let seen = running.join();
    assert_eq!(seen.repetitions("api"), [Outcome::Cancelled]);
    assert_eq!(seen.outcome("api"), Outcome::Cancelled);
}
