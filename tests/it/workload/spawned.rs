//! Tasks that a step spawns: with and without a parent that waits for them.
//!
//! No test here depends on time. If a task must wait, it receives from a channel to which no task
//! sends.

use super::captured_log::log_messages_with;
use super::harness::*;
use crate::support::wait::join;
use std::sync::{Arc, Mutex};
use std::thread;
use tasklab::probe;
use tasklab::record::Outcome;
use tasklab::scenario::Step;
use tasklab::scenario::steps::{Gather, Spawn, Unawaited};
use tasklab::workload::{DetachedSpawner, TaskCtx};
use tokio::runtime::Builder;
use tracing::Level;

#[test]
fn a_task_that_is_aborted_before_it_runs_has_an_end() {
    let steps = vec![Step::Gather(Gather(vec![steps_branch(vec![Step::Yield])]))];
    let harness = Harness::new(&scenario(vec![task("api", 1, steps)]));
    let running = harness.start(Builder::new_current_thread());
    running.tasks[0].abort();
    let observed = running.join();
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
    assert!(observed.repetitions("api").is_empty());
}

#[test]
fn spawn_with_wait_waits_for_all_children() {
    let spawn = |branch| {
        Step::Spawn(Spawn {
            branch,
            count: 3,
            wait: true,
            keep: false,
        })
    };
    let tasks = vec![
        task("api", 1, vec![spawn(steps_branch(vec![cpu(MS / 10)]))]),
        task("bad", 1, vec![spawn(steps_branch(vec![fail(1.0)]))]),
    ];
    for (executor, observed) in on_every_executor(&scenario(tasks)) {
        assert_eq!(observed.outcomes("api spawn"), [Outcome::Completed; 3], "{executor}");
        assert!(
            observed.ended_at("api spawn") <= observed.repetition_end("api"),
            "{executor}"
        );
        assert_eq!(observed.outcome("api"), Outcome::Completed, "{executor}");
        assert_eq!(observed.outcomes("bad spawn"), [Outcome::Failed; 3], "{executor}");
        assert_eq!(observed.outcome("bad"), Outcome::Failed, "{executor}");
    }
}

/// A step that spawns a detached task of this group.
fn spawn(group: &str) -> Step {
    Step::Spawn(Spawn {
        branch: group_branch(group),
        count: 1,
        wait: false,
        keep: false,
    })
}

#[test]
fn a_detached_task_outlives_its_parent_and_its_failure_is_unobserved() {
    let tasks = vec![
        task("api", 1, vec![spawn("patient"), spawn("stray")]),
        called_group("patient", vec![recv("gate")]),
        called_group("stray", vec![fail(1.0)]),
    ];
    // The completed repetition belongs to the parent. The repetition of `patient` does not
    // complete.
    for (executor, observed) in on_both_until(&with_gate(tasks), "a completed repetition", || {
        repetitions(1, Outcome::Completed)
    }) {
        assert_eq!(observed.outcome("api"), Outcome::Completed, "{executor}");
        assert!(observed.ended_at("patient") > observed.ended_at("api"), "{executor}");
        assert!(observed.orphans("patient").is_empty(), "{executor}");
        assert_eq!(observed.parent("patient"), Some(observed.tasks["api"]), "{executor}");
    }
    for (executor, observed) in on_every_executor(&scenario(vec![
        task("api", 1, vec![spawn("stray")]),
        called_group("stray", vec![fail(1.0)]),
    ])) {
        assert_eq!(observed.outcome("stray"), Outcome::UnobservedFailure, "{executor}");
    }
}

#[test]
fn a_thread_executor_runs_detached_tasks() {
    #[derive(Default)]
    struct Queue(Mutex<Vec<TaskCtx>>);
    impl DetachedSpawner for Queue {
        fn spawn_detached(self: Arc<Self>, task: TaskCtx) {
            self.0.lock().unwrap().push(task);
        }
    }
    let harness = Harness::new(&scenario(vec![
        task("api", 1, vec![spawn("stray")]),
        called_group("stray", vec![Step::Yield]),
    ]));
    let queue = Arc::new(Queue::default());
    let spawner: Arc<dyn DetachedSpawner> = queue.clone();
    harness.services.set_detached_spawner(Arc::downgrade(&spawner));
    let observed = harness.on_threads_until("a task for the executor", |_| {
        let Some(task) = queue.0.lock().unwrap().pop() else {
            return false;
        };
        // In this test, the test itself is the executor.
        let thread = thread::spawn(move || task.run_sync(probe::now()));
        join("the end of the detached task", thread);
        true
    });
    assert_eq!(observed.outcome("stray"), Outcome::Completed);
    assert_eq!(observed.slices("stray").len(), 1);
}

#[test]
fn an_unawaited_child_never_starts() {
    let never = Step::Unawaited(Unawaited(steps_branch(vec![fail(1.0)])));
    for (executor, observed) in on_every_executor(&scenario(vec![task("idle1", 1, vec![never])])) {
        assert_eq!(observed.outcome("idle1"), Outcome::Completed, "{executor}");
        let child = "idle1 unawaited";
        assert_eq!(observed.outcome(child), Outcome::NeverStarted, "{executor}");
        assert!(
            observed.slices(child).is_empty() && observed.repetitions(child).is_empty(),
            "{executor}"
        );
        assert_eq!(observed.spawned_at(child), observed.ended_at(child), "{executor}");
        assert_eq!(observed.parent(child), Some(observed.tasks["idle1"]), "{executor}");
    }
    let messages = log_messages_with("idle1 unawaited#0");
    assert_eq!(messages.len(), 3);
    assert!(
        messages
            .iter()
            .all(|(level, message)| *level == Level::WARN && message.contains("never"))
    );
}
