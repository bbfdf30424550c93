//! Locks, semaphores and channels: what they guarantee, how a wait is recorded, and how a wait ends
//! with the run.

use super::harness::*;
use tasklab::record::{Batch, Outcome, Reason, Record};
use tasklab::scenario::steps::{Block, Gather, Lock, Offload, Panic, Semaphore};
use tasklab::scenario::{How, LockSpec, Scenario, SemaphoreSpec, Step, TaskSpec};
use tokio::runtime::Builder;

fn lock(steps: Vec<Step>) -> Step {
    lock_named("cache", steps)
}

fn lock_named(name: &str, steps: Vec<Step>) -> Step {
    Step::Lock(Lock {
        name: name.into(),
        steps,
    })
}

fn semaphore(steps: Vec<Step>) -> Step {
    Step::Semaphore(Semaphore {
        name: "slots".into(),
        steps,
    })
}

/// A scenario with two locks, a semaphore of two permits, and two channels.
fn shared(how: How, tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.locks = ["cache", "index"]
        .map(|name| LockSpec { name: name.into(), how })
        .to_vec();
    scenario.semaphores = vec![SemaphoreSpec {
        name: "slots".into(),
        permits: 2,
    }];
    scenario.channels = vec![channel("gate", 1), channel("jobs", 2)];
    scenario
}

/// True as soon as a task is suspended for this reason.
fn suspended(on: Reason) -> impl FnMut(&Batch) -> bool {
    move |batch| {
        let matches = |record: &Record| matches!(record, Record::Slice(slice) if slice.suspended_on == on);
        batch.records.iter().any(|(_, record)| matches(record))
    }
}

/// True while at least `count` threads block.
fn blocking(count: usize) -> impl FnMut(&Batch) -> bool {
    move |batch| {
        batch
            .live
            .lanes
            .iter()
            .filter(|lane| lane.blocking_since.is_some())
            .count()
            >= count
    }
}

/// The number of items that these tasks have sent to `jobs`.
fn sent(observed: &Observed, tasks: &[&str]) -> usize {
    tasks.iter().map(|task| observed.spans(task, "send jobs").len()).sum()
}

#[test]
fn one_task_at_a_time_holds_a_lock() {
    for how in [How::Async, How::Sync] {
        let steps = || vec![lock(vec![Step::Block(Block(fixed(MS))), cpu(MS / 10)])];
        let tasks = vec![task("one", 5, steps()), task("two", 5, steps())];
        for (executor, observed) in on_every_executor(&shared(how, tasks)) {
            let mut held = [observed.spans("one", "block 1ms"), observed.spans("two", "block 1ms")].concat();
            held.sort();
            assert_eq!(held.len(), 10, "{executor}");
            let apart = held.windows(2).all(|two| two[0].1 <= two[1].0);
            assert!(apart, "{executor} {how:?}: {held:?}");
        }
    }
}

#[test]
fn a_task_that_waits_for_an_async_lock_is_suspended() {
    // The holder waits at a channel to which no task sends, so the other task can only wait.
    let holder = task("holder", 1, vec![lock(vec![send("jobs"), recv("gate")])]);
    let other = task("other", 1, vec![recv("jobs"), lock(vec![cpu(MS)])]);
    let scenario = shared(How::Async, vec![holder, other]);
    let observed = Harness::new(&scenario).on_tokio_until("a task suspended on a lock", suspended(Reason::Lock));
    assert_eq!(observed.outcome("holder"), Outcome::Cancelled);
    assert_eq!(observed.outcome("other"), Outcome::Cancelled);
    let waits = observed.slices("other");
    let wait = waits.iter().find(|slice| slice.suspended_on == Reason::Lock);
    assert_eq!(wait.map(|slice| observed.label(slice.label)), Some("lock cache"));
}

#[test]
fn a_task_that_waits_for_a_sync_lock_blocks_its_thread() {
    // The task that holds the lock waits at a channel to which no task sends. On a thread, this
    // blocks the thread too.
    let steps = || vec![lock(vec![recv("gate")])];
    let tasks = || vec![task("one", 1, steps()), task("two", 1, steps())];
    let check = |observed: Observed| {
        for task in ["one", "two"] {
            assert_eq!(observed.outcome(task), Outcome::Cancelled);
        }
        let waits = [observed.spans("one", "lock cache"), observed.spans("two", "lock cache")].concat();
        assert_eq!(waits.len(), 1, "exactly one of the two tasks waited");
    };
    for how in [How::Sync, How::Async] {
        check(Harness::new(&shared(how, tasks())).on_threads_until("2 blocking threads", blocking(2)));
    }
    check(Harness::new(&shared(How::Sync, tasks())).on_tokio_until("1 blocking thread", blocking(1)));
}

#[test]
fn an_async_task_holds_a_sync_lock_while_its_steps_await() {
    let holder = task("holder", 1, vec![lock(vec![send("jobs"), recv("gate")])]);
    let other = task("other", 1, vec![recv("jobs"), lock(vec![send("gate")])]);
    // The other task blocks the only worker, so the holder never continues.
    let scenario = shared(How::Sync, vec![holder, other]);
    let mut one_worker = Builder::new_multi_thread();
    one_worker.worker_threads(1);
    let harness = Harness::new(&scenario);
    let mut running = harness.start(one_worker);
    running.until("a blocking worker", blocking(1));
    harness.services.stop().request(tasklab::probe::now());
    let observed = running.join();
    assert_eq!(observed.spans("other", "lock cache").len(), 1);
    for task in ["holder", "other"] {
        assert_eq!(observed.outcome(task), Outcome::Cancelled, "{task}");
    }
    let waits = observed.slices("holder");
    assert!(waits.iter().any(|slice| slice.suspended_on == Reason::Channel));
}

#[test]
fn a_cancelled_task_releases_the_sync_lock_that_it_holds() {
    // If the first repetition did not release the lock, the second repetition would wait for the
    // lock forever.
    let mut holder = task("holder", 2, vec![lock(vec![recv("gate")])]);
    holder.timeout = Some(fixed(5 * MS));
    let observed = Harness::new(&shared(How::Sync, vec![holder])).on_tokio();
    assert_eq!(observed.repetitions("holder"), [Outcome::TimedOut; 2]);
    assert!(observed.spans("holder", "lock cache").is_empty());
}

#[test]
fn two_deadlocked_tasks_end_with_the_run() {
    // Each task takes its first lock before the other task tries to take its second lock.
    let steps = |first, sends_to, receives_from, second| {
        vec![lock_named(
            first,
            vec![send(sends_to), recv(receives_from), lock_named(second, vec![cpu(MS)])],
        )]
    };
    let tasks = || {
        vec![
            task("one", 1, steps("cache", "jobs", "gate", "index")),
            task("two", 1, steps("index", "gate", "jobs", "cache")),
        ]
    };
    let check = |observed: Observed| {
        for task in ["one", "two"] {
            assert_eq!(observed.outcome(task), Outcome::Cancelled);
        }
    };
    for how in [How::Sync, How::Async] {
        check(Harness::new(&shared(how, tasks())).on_threads_until("2 blocking threads", blocking(2)));
    }
    // The other task may stay in the LIFO slot of the worker that the first task blocks.
    check(Harness::new(&shared(How::Sync, tasks())).on_tokio_until("1 blocking thread", blocking(1)));
}

#[test]
fn a_child_that_waits_for_a_lock_of_its_parent_ends_with_the_run() {
    // The reader rejects such a scenario, so this test does not use the reader.
    let steps = vec![lock(vec![Step::Gather(Gather(vec![steps_branch(vec![lock(vec![
        cpu(MS),
    ])])]))])];
    let scenario = shared(How::Async, vec![task("api", 1, steps)]);
    let observed = Harness::new(&scenario).on_threads_until("2 blocking threads", blocking(2));
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
    assert_eq!(observed.outcome("api gather"), Outcome::Cancelled);
}

#[test]
fn a_panic_frees_the_lock_of_its_task() {
    let panic = Step::Panic(Panic {
        message: "on purpose".into(),
        chance: 1.0,
    });
    for how in [How::Async, How::Sync] {
        let first = task("first", 1, vec![lock(vec![send("gate"), panic.clone()])]);
        let then = task("then", 1, vec![recv("gate"), lock(vec![cpu(MS / 10)])]);
        for (executor, observed) in on_every_executor(&shared(how, vec![first, then])) {
            assert_eq!(observed.outcome("first"), Outcome::Panicked, "{executor}");
            assert_eq!(observed.outcome("then"), Outcome::Completed, "{executor}");
        }
    }
}

#[test]
fn a_semaphore_admits_as_many_tasks_as_it_has_permits() {
    let inside = || vec![semaphore(vec![send("jobs"), recv("gate")])];
    let tasks = ["one", "two", "three"].map(|name| task(name, 1, inside()));
    let scenario = shared(How::Async, tasks.to_vec());
    let names = ["one", "two", "three"];
    let harness = Harness::new(&scenario);
    let observed = harness.on_tokio_until("a task suspended on a semaphore", suspended(Reason::Semaphore));
    assert_eq!(sent(&observed, &names), 2);
    let harness = Harness::new(&scenario);
    let observed = harness.on_threads_until("3 blocking threads", blocking(3));
    assert_eq!(sent(&observed, &names), 2);
    assert!(names.iter().all(|name| observed.outcome(name) == Outcome::Cancelled));

    let tasks = names.map(|name| task(name, 4, vec![semaphore(vec![Step::Yield])]));
    for (executor, observed) in on_every_executor(&shared(How::Async, tasks.to_vec())) {
        for name in names {
            assert_eq!(observed.repetitions(name), [Outcome::Completed; 4], "{executor}");
        }
    }
}

#[test]
fn a_full_channel_makes_its_senders_wait() {
    let sender = task("sender", 3, vec![send("jobs")]);
    let scenario = shared(How::Async, vec![sender]);
    let harness = Harness::new(&scenario);
    let observed = harness.on_tokio_until("a task suspended on a channel", suspended(Reason::Channel));
    let fill: Vec<_> = harness
        .services
        .channels()
        .map(|fill| (fill.len, fill.capacity))
        .collect();
    assert_eq!(fill, [(0, Some(1)), (2, Some(2))]);
    assert_eq!(observed.steps("sender"), ["send jobs"; 2]);
    let harness = Harness::new(&scenario);
    let observed = harness.on_threads_until("1 blocking thread", blocking(1));
    assert_eq!(harness.services.channels().map(|fill| fill.len).max(), Some(2));
    assert_eq!(observed.outcome("sender"), Outcome::Cancelled);
}

#[test]
fn an_empty_channel_makes_its_receivers_wait() {
    let scenario = shared(How::Async, vec![task("receiver", 1, vec![recv("jobs")])]);
    let observed = Harness::new(&scenario).on_tokio_until("a task suspended on a channel", suspended(Reason::Channel));
    assert_eq!(observed.outcome("receiver"), Outcome::Cancelled);
    let observed = Harness::new(&scenario).on_threads_until("1 blocking thread", blocking(1));
    assert_eq!(observed.outcome("receiver"), Outcome::Cancelled);
}

#[test]
fn every_item_that_is_sent_is_received() {
    let tasks = vec![
        task("sender", 50, vec![send("jobs")]),
        task("other", 50, vec![send("jobs")]),
        task(
            "receiver",
            100,
            vec![recv("jobs"), Step::Offload(Offload(vec![recv("gate")]))],
        ),
        task("keeper", 100, vec![send("gate")]),
    ];
    let scenario = shared(How::Async, tasks);
    for (executor, harness) in [("tokio", Harness::new(&scenario)), ("threads", Harness::new(&scenario))] {
        let observed = if executor == "tokio" {
            harness.on_tokio()
        } else {
            harness.on_threads()
        };
        for task in ["sender", "other", "receiver", "keeper"] {
            assert_eq!(observed.outcome(task), Outcome::Completed, "{executor} {task}");
        }
        assert!(harness.services.channels().all(|fill| fill.len == 0), "{executor}");
    }
}
