//! Branches that a task polls itself: `join`, `try_join` and `select`.
//!
//! No test here depends on time: a branch that must wait receives from a channel to which no task
//! sends.

use super::harness::*;
use tasklab::record::{Outcome, Slice};
use tasklab::scenario::steps::{Join, Panic, Select, TryJoin};
use tasklab::scenario::{Step, TaskSpec};

fn end(slice: &Slice) -> tasklab::record::RunInstant {
    slice.start + slice.len.get()
}

/// Checks that each slice of the branch lies inside a slice of the task.
fn lies_within(observed: &Observed, branch: &str, task: &str) {
    let outer = observed.slices(task);
    assert!(outer.iter().all(|slice| !slice.branch), "{task} is a task");
    for slice in observed.slices(branch) {
        assert!(slice.branch, "{branch} is a branch");
        let contains = |outer: &Slice| outer.start <= slice.start && end(&slice) <= end(outer);
        assert!(outer.iter().any(contains), "{branch}: {slice:?} in {outer:?}");
    }
}

#[test]
fn join_runs_its_branches_inside_the_slices_of_the_task() {
    let steps = vec![Step::Join(Join(vec![
        group_branch("sender"),
        group_branch("receiver"),
        steps_branch(vec![Step::Yield, Step::Yield]),
    ]))];
    let tasks = vec![
        task("j1", 1, steps),
        called_group("sender", vec![Step::Yield, send("gate")]),
        called_group("receiver", vec![recv("gate"), Step::Yield]),
    ];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("j1"), Outcome::Completed, "{executor}");
        for branch in ["sender", "receiver", "j1 join"] {
            assert_eq!(observed.outcome(branch), Outcome::Completed, "{executor} {branch}");
            assert_eq!(
                observed.parent(branch),
                Some(observed.tasks["j1"]),
                "{executor} {branch}"
            );
            assert!(!observed.slices(branch).is_empty(), "{executor} {branch}");
            lies_within(&observed, branch, "j1");
        }
        // On a thread, a branch runs to its end before the next branch begins.
        let sequential = end(observed.slices("sender").last().expect("a slice")) <= observed.slices("j1 join")[0].start;
        assert_eq!(sequential, executor == "threads", "{executor}");
    }
}

#[test]
fn join_fails_after_all_branches_have_ended() {
    let steps = vec![Step::Join(Join(vec![
        steps_branch(vec![fail(1.0)]),
        group_branch("slow"),
    ]))];
    let tasks = vec![
        task("j2", 1, steps),
        called_group("slow", vec![Step::Yield, Step::Yield]),
    ];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("j2"), Outcome::Failed, "{executor}");
        assert_eq!(observed.outcome("j2 join"), Outcome::Failed, "{executor}");
        assert_eq!(observed.outcome("slow"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn try_join_drops_the_other_branches_at_the_first_failure() {
    let steps = vec![Step::TryJoin(TryJoin(vec![
        steps_branch(vec![Step::Yield, fail(1.0)]),
        group_branch("patient"),
    ]))];
    let tasks = vec![task("j3", 1, steps), called_group("patient", vec![recv("gate")])];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("j3"), Outcome::Failed, "{executor}");
        assert_eq!(observed.outcome("j3 try_join"), Outcome::Failed, "{executor}");
        assert_eq!(observed.outcome("patient"), Outcome::Cancelled, "{executor}");
        assert!(observed.ended_at("patient") <= observed.ended_at("j3"), "{executor}");
        let runs = !observed.slices("patient").is_empty();
        assert_eq!(runs, executor != "threads", "{executor}");
    }
}

#[test]
fn select_drops_the_branches_that_lose() {
    for (name, biased) in [("j4", false), ("j5", true)] {
        let branches = vec![group_branch("patient"), steps_branch(vec![Step::Yield])];
        let steps = vec![Step::Select(Select { branches, biased })];
        let tasks = vec![task(name, 1, steps), called_group("patient", vec![recv("gate")])];
        let scenario = with_gate(tasks);
        for (executor, observed) in [
            ("tokio", Harness::new(&scenario).on_tokio()),
            ("current-thread", Harness::new(&scenario).on_current_thread()),
        ] {
            assert_eq!(observed.outcome(name), Outcome::Completed, "{executor}");
            assert_eq!(
                observed.outcome(&format!("{name} select")),
                Outcome::Completed,
                "{executor}"
            );
            assert_eq!(observed.outcome("patient"), Outcome::Cancelled, "{executor}");
            lies_within(&observed, "patient", name);
        }
    }
}

#[test]
fn a_biased_select_takes_the_first_of_two_ready_branches() {
    let branches = vec![group_branch("first"), group_branch("second")];
    let steps = vec![Step::Select(Select { branches, biased: true })];
    let tasks = vec![
        task("j6", 50, steps),
        called_group("first", vec![send("gate"), recv("gate")]),
        called_group("second", vec![send("gate"), recv("gate")]),
    ];
    let observed = Harness::new(&with_gate(tasks)).on_current_thread();
    assert_eq!(observed.outcomes("first"), [Outcome::Completed; 50]);
    assert_eq!(observed.outcomes("second"), [Outcome::Cancelled; 50]);
    assert!(!observed.tasks.is_empty());
}

#[test]
fn a_panic_in_a_branch_ends_the_task_and_cancels_the_other_branches() {
    let panic = Step::Panic(Panic {
        message: "on purpose".into(),
        chance: 1.0,
    });
    let steps = vec![Step::Join(Join(vec![
        steps_branch(vec![Step::Yield, panic]),
        group_branch("patient"),
    ]))];
    let tasks = vec![task("j7", 1, steps), called_group("patient", vec![recv("gate")])];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("j7"), Outcome::Panicked, "{executor}");
        assert_eq!(observed.outcome("j7 join"), Outcome::Panicked, "{executor}");
        assert_eq!(observed.outcome("patient"), Outcome::Cancelled, "{executor}");
    }
}

#[test]
fn branches_may_be_nested_and_repeat() {
    let inner = vec![
        Step::Join(Join(vec![group_branch("leaf"), group_branch("leaf")])),
        Step::Yield,
    ];
    let tasks = vec![
        task("j8", 3, vec![Step::Join(Join(vec![steps_branch(inner)]))]),
        TaskSpec {
            repeat: tasklab::scenario::Repeat::Times(2),
            ..called_group("leaf", vec![Step::Yield])
        },
    ];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("j8"), Outcome::Completed, "{executor}");
        assert_eq!(observed.outcomes("leaf"), [Outcome::Completed; 6], "{executor}");
        assert_eq!(observed.parent("leaf"), Some(observed.tasks["j8 join"]), "{executor}");
        lies_within(&observed, "leaf", "j8");
    }
}
