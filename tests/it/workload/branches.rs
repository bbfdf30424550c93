//! Children of tasks, async and on threads: how long the parent waits, which children are
//! cancelled, and which failures are lost.
//!
//! No test here depends on time. If a branch must wait, it receives from a channel to which no task
//! sends.

use super::captured_log::log_messages_with;
use super::harness::*;
use tasklab::record::{Outcome, Record};
use tasklab::scenario::steps::{Block, Gather, Group, Offload, Panic, Race, Spawn, Timeout};
use tasklab::scenario::{Branch, Repeat, Step};
use tracing::Level;

#[test]
fn gather_waits_for_all_and_logs_results_in_the_order_of_its_branches() {
    let steps = vec![Step::Gather(Gather(vec![
        group_branch("late"),
        group_branch("early"),
        steps_branch(vec![Step::Yield]),
    ]))];
    // The first branch ends after the second branch, because the second branch opens the gate.
    let tasks = vec![
        task("g1", 1, steps),
        called_group("late", vec![recv("gate"), Step::Yield]),
        called_group("early", vec![Step::Yield, send("gate")]),
    ];
    for (executor, observed) in on_every_executor(&with_gate(tasks)) {
        assert_eq!(observed.outcome("g1"), Outcome::Completed, "{executor}");
        for child in ["late", "early", "g1 gather"] {
            assert_eq!(observed.outcome(child), Outcome::Completed, "{executor} {child}");
            assert!(
                observed.ended_at(child) <= observed.ended_at("g1"),
                "{executor} {child}"
            );
            assert_eq!(observed.parent(child), Some(observed.tasks["g1"]), "{executor} {child}");
        }
        assert!(
            observed.orphans("late").is_empty() && observed.orphans("early").is_empty(),
            "{executor}"
        );
    }
    let messages = log_messages_with("g1 gather#0 completed");
    assert_eq!(messages.len(), 3, "one for each executor");
    for (level, message) in messages {
        assert_eq!(level, Level::INFO);
        let at = |name| message.find(name).unwrap_or_else(|| panic!("{name} in {message:?}"));
        let order = [
            at("gather: late#0 completed"),
            at("early#0 completed"),
            at("g1 gather#0 completed"),
        ];
        assert!(order.is_sorted(), "{message}");
    }
}

#[test]
fn gather_fails_at_the_first_failure_and_its_other_children_continue_to_run() {
    let steps = vec![Step::Gather(Gather(vec![
        group_branch("patient"),
        group_branch("broken"),
        steps_branch(vec![fail(1.0)]),
    ]))];
    let tasks = vec![
        task("g2", 1, steps),
        called_group("patient", vec![recv("gate")]),
        called_group("broken", vec![fail(1.0)]),
    ];
    for (executor, observed) in on_both_until(&with_gate(tasks), "3 failed repetitions", || {
        repetitions(3, Outcome::Failed)
    }) {
        assert_eq!(observed.outcome("g2"), Outcome::Failed, "{executor}");
        assert_eq!(observed.orphans("patient"), [0], "{executor}");
        // The task `patient` waited at the gate until the run stopped.
        assert_eq!(observed.outcome("patient"), Outcome::Cancelled, "{executor}");
        assert!(observed.ended_at("patient") > observed.ended_at("g2"), "{executor}");
    }
}

/// The ways in which a task can fail: a name, a step that fails in this way, and the outcome of the
/// task.
fn faults() -> [(&'static str, Step, Outcome); 3] {
    let panic = Step::Panic(Panic {
        message: "on purpose".into(),
        chance: 1.0,
    });
    // No executor can cancel this step. Each executor notices the timeout when the step has ended.
    let timeout = Step::Timeout(Timeout {
        after: fixed(MS / 1000),
        steps: vec![Step::Block(Block(fixed(MS)))],
    });
    [
        ("failed", fail(1.0), Outcome::Failed),
        ("timed out", timeout, Outcome::TimedOut),
        ("panicked", panic, Outcome::Panicked),
    ]
}

#[test]
fn a_child_that_fails_after_the_end_of_its_gather_step_is_an_unobserved_failure() {
    for (how, fault, outcome) in faults() {
        let straggler = format!("straggler {how}");
        let outcome = match outcome {
            Outcome::Failed => Outcome::UnobservedFailure,
            outcome => outcome,
        };
        let steps = vec![
            send("left"),
            Step::Gather(Gather(vec![group_branch(&straggler), steps_branch(vec![fail(1.0)])])),
        ];
        // The gate opens when the second repetition has begun: by then the parent no longer waits
        // for the first straggler. The gate opens for two stragglers, so that the second straggler
        // does not take the item of the first straggler.
        let opener = vec![recv("left"), recv("left"), send("gate"), send("gate")];
        let tasks = vec![
            task("g3", 2, steps),
            task("opener", 1, opener),
            called_group(&straggler, vec![recv("gate"), fault]),
        ];
        let mut scenario = with_gate(tasks);
        scenario.channels.push(channel("left", 100));
        for (executor, observed) in on_every_executor(&scenario) {
            let first = observed.ends(&straggler)[0];
            assert_eq!((first.outcome, first.unobserved), (outcome, true), "{executor}");
            assert!(observed.orphans(&straggler).contains(&0), "{executor} {how}");
        }
        let mut messages = log_messages_with(&format!("{how}, and no task waits for it"));
        messages.retain(|(_, message)| message.starts_with(&format!("{straggler}#")));
        assert!(messages.len() >= 3, "one message for each executor: {messages:?}");
        assert!(messages.iter().all(|(level, _)| *level == Level::WARN));
    }
}

fn gather(branches: Vec<Branch>) -> Step {
    Step::Gather(Gather(branches))
}

fn group(branches: Vec<Branch>) -> Step {
    Step::Group(Group(branches))
}

#[test]
fn a_step_fails_for_each_kind_of_failure_of_its_child() {
    for (how, fault, outcome) in faults() {
        for (call, children) in [(gather as fn(_) -> _, "api gather"), (group as fn(_) -> _, "api group")] {
            let branches = vec![steps_branch(vec![fault.clone()]), group_branch("patient")];
            let tasks = vec![
                task("api", 1, vec![call(branches)]),
                called_group("patient", vec![recv("gate")]),
            ];
            // The parent has one failed repetition. The child also has a failed repetition if its
            // outcome is `Failed`.
            let failed = 1 + usize::from(outcome == Outcome::Failed);
            let observed = Harness::new(&with_gate(tasks))
                .on_tokio_until("the failed repetitions", repetitions(failed, Outcome::Failed));
            assert_eq!(observed.outcome("api"), Outcome::Failed, "{how} {children}");
            assert_eq!(observed.outcome(children), outcome, "{children}");
            assert_eq!(observed.outcome("patient"), Outcome::Cancelled, "{how} {children}");
            let orphans = if children == "api gather" { vec![0] } else { vec![] };
            assert_eq!(observed.orphans("patient"), orphans, "{how} {children}");
        }
    }
}

#[test]
fn on_threads_a_step_fails_for_each_kind_of_failure_of_its_child() {
    for (how, fault, outcome) in faults() {
        for call in [gather as fn(_) -> _, group as fn(_) -> _] {
            let branches = vec![group_branch("faulty"), steps_branch(vec![Step::Yield])];
            let tasks = vec![
                task("api", 1, vec![call(branches)]),
                called_group("faulty", vec![fault.clone()]),
            ];
            let observed = Harness::new(&scenario(tasks)).on_threads();
            assert_eq!(observed.outcome("api"), Outcome::Failed, "{how}");
            assert_eq!(observed.outcome("faulty"), outcome);
        }
    }
}

#[test]
fn group_cancels_its_other_children_and_waits_for_their_ends() {
    let steps = vec![Step::Group(Group(vec![
        group_branch("patient"),
        group_branch("gone"),
        steps_branch(vec![fail(1.0)]),
    ]))];
    let tasks = vec![
        task("g4", 1, steps),
        called_group("patient", vec![recv("gate")]),
        called_group("gone", vec![Step::Yield]),
    ];
    let harness = Harness::new(&with_gate(tasks));
    let observed = harness.on_tokio();
    assert_eq!(observed.outcome("g4"), Outcome::Failed);
    assert_eq!(observed.outcome("patient"), Outcome::Cancelled);
    assert_eq!(observed.outcome("g4 group"), Outcome::Failed);
    for child in ["patient", "gone", "g4 group"] {
        assert!(observed.ended_at(child) <= observed.repetition_end("g4"), "{child}");
    }
    assert!(observed.orphans("patient").is_empty());
    let messages = log_messages_with("g4 group#0");
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].1.contains("patient#0 was cancelled"), "{messages:?}");
}

#[test]
fn on_threads_group_waits_for_all_and_logs_all_failures_together() {
    let tasks = vec![task(
        "g5",
        1,
        vec![Step::Group(Group(vec![
            steps_branch(vec![fail(1.0)]),
            steps_branch(vec![Step::Block(Block(fixed(5 * MS))), fail(1.0)]),
            steps_branch(vec![Step::Block(Block(fixed(5 * MS)))]),
        ]))],
    )];
    let observed = Harness::new(&scenario(tasks)).on_threads();
    use Outcome::{Completed, Failed};
    assert_eq!(observed.outcomes("g5 group"), [Failed, Failed, Completed]);
    assert_eq!(observed.outcome("g5"), Failed);
    assert!(observed.ended_at("g5 group") <= observed.repetition_end("g5"));
    let messages = log_messages_with("g5 group#0 failed");
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].1.contains("g5 group#1 failed"), "{messages:?}");
}

#[test]
fn a_group_without_failures_completes_on_every_executor() {
    let branches = vec![steps_branch(vec![cpu(MS / 10)]), steps_branch(vec![Step::Yield])];
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 2, vec![Step::Group(Group(branches))])])) {
        assert_eq!(observed.repetitions("api"), [Outcome::Completed; 2], "{executor}");
        assert_eq!(observed.outcomes("api group"), [Outcome::Completed; 4], "{executor}");
        assert_eq!(observed.steps("api"), ["group 2", "group 2"], "{executor}");
    }
}

#[test]
fn the_first_child_that_ends_decides_a_race_and_the_other_async_children_are_cancelled() {
    let steps = vec![Step::Race(Race(vec![
        group_branch("patient"),
        steps_branch(vec![Step::Yield]),
    ]))];
    let tasks = vec![task("api", 1, steps), called_group("patient", vec![recv("gate")])];
    let scenario = with_gate(tasks);
    let observed = Harness::new(&scenario).on_tokio();
    assert_eq!(observed.outcome("api"), Outcome::Completed);
    assert_eq!(observed.outcome("patient"), Outcome::Cancelled);
    assert!(observed.orphans("patient").is_empty());

    // There are two repetitions: one repetition of the winner, and one repetition of the parent.
    let observed =
        Harness::new(&scenario).on_threads_until("2 completed repetitions", repetitions(2, Outcome::Completed));
    assert_eq!(observed.outcome("api"), Outcome::Completed);
    assert_eq!(observed.orphans("patient"), [0]);
    assert_eq!(observed.outcome("patient"), Outcome::Cancelled);
    assert!(observed.ended_at("patient") > observed.ended_at("api"));
}

#[test]
fn a_race_fails_if_its_first_child_fails() {
    let steps = vec![Step::Race(Race(vec![
        steps_branch(vec![fail(1.0)]),
        group_branch("patient"),
    ]))];
    let tasks = vec![task("api", 1, steps), called_group("patient", vec![recv("gate")])];
    for (executor, observed) in on_both_until(&with_gate(tasks), "2 failed repetitions", || {
        repetitions(2, Outcome::Failed)
    }) {
        assert_eq!(observed.outcome("api"), Outcome::Failed, "{executor}");
    }
}

#[test]
fn a_timeout_around_a_step_cancels_its_async_children() {
    for around in [
        Step::Gather(Gather(vec![group_branch("patient"), group_branch("patient")])),
        Step::Group(Group(vec![group_branch("patient"), group_branch("patient")])),
        Step::Race(Race(vec![group_branch("patient"), group_branch("patient")])),
        Step::Spawn(Spawn {
            branch: group_branch("patient"),
            count: 2,
            wait: true,
            keep: false,
        }),
    ] {
        let limited = Step::Timeout(Timeout {
            after: fixed(5 * MS),
            steps: vec![around],
        });
        let tasks = vec![
            task("api", 1, vec![limited]),
            called_group("patient", vec![recv("gate")]),
        ];
        let observed = Harness::new(&with_gate(tasks)).on_tokio();
        assert_eq!(observed.outcome("api"), Outcome::TimedOut);
        assert_eq!(observed.outcomes("patient"), [Outcome::Cancelled; 2]);
        assert!(observed.orphans("patient").is_empty());
    }
}

#[test]
fn a_timeout_around_offloaded_work_orphans_this_work() {
    let job = Step::Offload(Offload(vec![recv("gate"), recv("gate")]));
    for around in [Step::Gather(Gather(vec![steps_branch(vec![job.clone()])])), job] {
        let limited = Step::Timeout(Timeout {
            after: fixed(5 * MS),
            steps: vec![around],
        });
        let mut api = task("api", 1, vec![send("gate"), limited]);
        api.repeat = Repeat::Forever;
        // Each repetition begins with a message to the gate, so that the orphaned job of an earlier
        // repetition can end.
        let mut orphans = Vec::new();
        let harness = Harness::new(&with_gate(vec![api]));
        let observed = harness.on_tokio_until("the end of an orphaned job", |batch| {
            let records = || batch.records.iter().map(|(_, record)| *record);
            orphans.extend(records().filter_map(|record| match record {
                Record::Orphaned(orphan) => Some(orphan.task),
                _ => None,
            }));
            records().any(|record| {
                matches!(record, Record::Ended(e) if e.outcome == Outcome::Completed && orphans.contains(&e.task))
            })
        });
        assert_eq!(observed.repetitions("api")[0], Outcome::TimedOut);
    }
}

#[test]
fn on_threads_a_timeout_around_a_step_is_noticed_when_the_step_ends() {
    let branches = || {
        vec![
            steps_branch(vec![Step::Block(Block(fixed(5 * MS)))]),
            steps_branch(vec![Step::Yield]),
        ]
    };
    for around in [Step::Gather(Gather(branches())), Step::Group(Group(branches()))] {
        let limited = Step::Timeout(Timeout {
            after: fixed(MS),
            steps: vec![around],
        });
        let observed = Harness::new(&scenario(vec![task("api", 1, vec![limited])])).on_threads();
        assert_eq!(observed.outcome("api"), Outcome::TimedOut);
        let children = ["api gather", "api group"].map(|name| observed.outcomes(name)).concat();
        assert_eq!(children, [Outcome::Completed; 2]);
    }
}
