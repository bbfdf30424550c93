//! Read-write locks, notifications and barriers.

use super::harness::*;
use tasklab::record::{Batch, Outcome, Reason, Record};
use tasklab::scenario::steps::{Access, Barrier, Notified, Notify, Rwlock};
use tasklab::scenario::{BarrierSpec, Scenario, Step, TaskSpec};
use tokio::runtime::Builder;

fn rwlock(access: Access, steps: Vec<Step>) -> Step {
    Step::Rwlock(Rwlock {
        name: "config".into(),
        access,
        steps,
    })
}

fn notify(all: bool) -> Step {
    let name = "ready".into();
    Step::Notify(Notify { name, all })
}

fn notified() -> Step {
    let name = "ready".into();
    Step::Notified(Notified { name })
}

fn barrier() -> Step {
    let name = "phase".into();
    Step::Barrier(Barrier { name })
}

/// A scenario with a read-write lock, a notification, a barrier of two tasks, and two channels.
fn shared(tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.rwlocks = vec!["config".into()];
    scenario.notifies = vec!["ready".into()];
    scenario.barriers = vec![BarrierSpec {
        name: "phase".into(),
        tasks: 2,
    }];
    scenario.channels = vec![channel("gate", 4), channel("jobs", 4)];
    scenario
}

/// True once a task is suspended for this reason.
fn suspended(on: Reason) -> impl FnMut(&Batch) -> bool {
    move |batch| {
        let matches = |record: &Record| matches!(record, Record::Slice(slice) if slice.suspended_on == on);
        batch.records.iter().any(|(_, record)| matches(record))
    }
}

fn one_blocks(batch: &Batch) -> bool {
    batch.live.lanes.iter().any(|lane| lane.blocking_since.is_some())
}

#[test]
fn readers_hold_a_lock_together() {
    // Each reader continues only when the other reader also holds the lock.
    let reader = |name, sends, receives| task(name, 3, vec![rwlock(Access::Read, vec![send(sends), recv(receives)])]);
    let tasks = vec![reader("one", "gate", "jobs"), reader("two", "jobs", "gate")];
    for (executor, observed) in on_every_executor(&shared(tasks)) {
        for name in ["one", "two"] {
            assert_eq!(observed.outcome(name), Outcome::Completed, "{executor} {name}");
        }
    }
}

#[test]
fn a_writer_holds_a_lock_alone() {
    let tasks = vec![
        task("writer", 5, vec![rwlock(Access::Write, vec![cpu(MS)])]),
        task("other", 5, vec![rwlock(Access::Write, vec![cpu(MS)])]),
        task("reader", 5, vec![rwlock(Access::Read, vec![cpu(MS)])]),
    ];
    for (executor, observed) in on_every_executor(&shared(tasks)) {
        let mut held = ["writer", "other", "reader"]
            .map(|name| observed.spans(name, "cpu 1ms"))
            .concat();
        held.sort();
        assert_eq!(held.len(), 15, "{executor}");
        assert!(held.windows(2).all(|two| two[0].1 <= two[1].0), "{executor}: {held:?}");
    }
}

#[test]
fn a_reader_waits_for_a_writer_that_asked_earlier() {
    // `first` holds the lock until the run stops. The only worker runs `late` when `writer` waits
    // for the lock. `late` could read together with `first`, but it asks after `writer`.
    let tasks = vec![
        task("first", 1, vec![rwlock(Access::Read, vec![send("gate"), recv("jobs")])]),
        task(
            "writer",
            1,
            vec![recv("gate"), notify(false), rwlock(Access::Write, vec![cpu(MS)])],
        ),
        task("late", 1, vec![notified(), rwlock(Access::Read, vec![cpu(MS)])]),
    ];
    let harness = Harness::new(&shared(tasks));
    let mut one_worker = Builder::new_multi_thread();
    one_worker.worker_threads(1);
    let mut running = harness.start(one_worker);
    let mut waits = 0;
    running.until("two tasks that wait for the lock", |batch| {
        let waits_for_lock =
            |record: &Record| matches!(record, Record::Slice(slice) if slice.suspended_on == Reason::Lock);
        waits += batch
            .records
            .iter()
            .filter(|(_, record)| waits_for_lock(record))
            .count();
        waits == 2
    });
    harness.services.stop().request(tasklab::probe::now());
    let observed = running.join();
    assert!(observed.spans("writer", "cpu 1ms").is_empty());
    assert!(observed.spans("late", "cpu 1ms").is_empty());
}

#[test]
fn a_notification_is_kept_for_a_task_that_begins_to_wait_later() {
    let tasks = vec![
        task("notifier", 1, vec![notify(false), send("gate")]),
        task("waiter", 1, vec![recv("gate"), notified()]),
    ];
    for (executor, observed) in on_every_executor(&shared(tasks)) {
        assert_eq!(observed.outcome("waiter"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn a_notification_to_all_does_not_wake_a_task_that_begins_to_wait_later() {
    let tasks = || {
        vec![
            task("notifier", 1, vec![notify(true), send("gate")]),
            task("waiter", 1, vec![recv("gate"), notified()]),
        ]
    };
    let observed = Harness::new(&shared(tasks())).on_tokio_until("a task suspended", suspended(Reason::Notify));
    assert_eq!(observed.outcome("waiter"), Outcome::Cancelled);
    let mut notifier_ended = false;
    let observed = Harness::new(&shared(tasks())).on_threads_until("the waiter to block alone", |batch| {
        let ended = |record: &Record| matches!(record, Record::Ended(_));
        notifier_ended |= batch.records.iter().any(|(_, record)| ended(record));
        notifier_ended && one_blocks(batch)
    });
    assert_eq!(observed.outcome("waiter"), Outcome::Cancelled);
}

#[test]
fn tasks_wait_at_a_barrier_until_all_tasks_have_arrived() {
    let tasks = vec![
        task("quick", 3, vec![barrier()]),
        task("slow", 3, vec![sleep(5 * MS), barrier()]),
    ];
    for (executor, observed) in on_every_executor(&shared(tasks)) {
        let quick = observed.spans("quick", "barrier phase");
        let slow = observed.spans("slow", "sleep 5ms");
        assert_eq!((quick.len(), slow.len()), (3, 3), "{executor}");
        for (passed, came) in quick.iter().zip(&slow) {
            assert!(passed.1 >= came.1, "{executor}: {passed:?} {came:?}");
        }
    }
}

#[test]
fn a_task_that_waits_alone_at_a_barrier_ends_with_the_run() {
    let tasks = || vec![task("alone", 1, vec![barrier()])];
    let observed = Harness::new(&shared(tasks())).on_tokio_until("a task suspended", suspended(Reason::Barrier));
    assert_eq!(observed.outcome("alone"), Outcome::Cancelled);
    let observed = Harness::new(&shared(tasks())).on_threads_until("1 blocking thread", one_blocks);
    assert_eq!(observed.outcome("alone"), Outcome::Cancelled);
}
