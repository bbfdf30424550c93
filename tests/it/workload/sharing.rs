//! Locks, semaphores and channels: what they are for, what waiting at them looks like, and that nobody waits for ever.

use super::lab::*;
use tasklab::record::{Batch, Outcome, Reason, Record};
use tasklab::scenario::{How, LockSpec, Scenario, SemaphoreSpec, Step, TaskSpec};

fn lock(steps: Vec<Step>) -> Step {
    lock_named("cache", steps)
}

fn lock_named(name: &str, steps: Vec<Step>) -> Step {
    Step::Lock {
        name: name.into(),
        steps,
    }
}

fn semaphore(steps: Vec<Step>) -> Step {
    Step::Semaphore {
        name: "slots".into(),
        steps,
    }
}

/// With two locks, a semaphore of two permits, and two channels.
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

/// Somebody is suspended on this.
fn suspended(on: Reason) -> impl FnMut(&Batch) -> bool {
    move |batch| {
        let is = |record: &Record| matches!(record, Record::Slice(slice) if slice.suspended_on == on);
        batch.records.iter().any(|(_, record)| is(record))
    }
}

/// So many threads block.
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

/// What these tasks have sent.
fn sent(seen: &Seen, tasks: &[&str]) -> usize {
    tasks.iter().map(|task| seen.spans(task, "send jobs").len()).sum()
}

#[test]
fn under_a_lock_there_is_one_at_a_time() {
    for how in [How::Async, How::Sync] {
        let steps = || vec![lock(vec![Step::Block(fixed(MS)), cpu(MS / 10)])];
        let tasks = vec![task("one", 5, steps()), task("two", 5, steps())];
        for (executor, seen) in everywhere(&shared(how, tasks)) {
            let mut held = [seen.spans("one", "block 1ms"), seen.spans("two", "block 1ms")].concat();
            held.sort();
            assert_eq!(held.len(), 10, "{executor}");
            let apart = held.windows(2).all(|two| two[0].1 <= two[1].0);
            assert!(apart, "{executor} {how:?}: {held:?}");
        }
    }
}

#[test]
fn who_waits_for_an_async_lock_is_suspended() {
    // The holder waits for a gate that nobody opens; the other can only wait.
    let holder = task("holder", 1, vec![lock(vec![send("jobs"), recv("gate")])]);
    let other = task("other", 1, vec![recv("jobs"), lock(vec![cpu(MS)])]);
    let scenario = shared(How::Async, vec![holder, other]);
    let seen = Lab::new(&scenario).on_tokio_until(suspended(Reason::Lock));
    assert_eq!(seen.outcome("holder"), Outcome::Cancelled);
    assert_eq!(seen.outcome("other"), Outcome::Cancelled);
    let waits = seen.slices("other");
    let wait = waits.iter().find(|slice| slice.suspended_on == Reason::Lock);
    assert_eq!(wait.map(|slice| seen.label(slice.label)), Some("lock cache"));
}

#[test]
fn who_waits_for_a_sync_lock_keeps_its_thread() {
    // Whoever has the lock waits at a gate that nobody opens, and keeps its thread; so does the other, at the lock.
    let steps = || vec![lock(vec![recv("gate")])];
    let tasks = || vec![task("one", 1, steps()), task("two", 1, steps())];
    let check = |seen: Seen| {
        for task in ["one", "two"] {
            assert_eq!(seen.outcome(task), Outcome::Cancelled);
        }
        let waits = [seen.spans("one", "lock cache"), seen.spans("two", "lock cache")].concat();
        assert_eq!(waits.len(), 1, "one of them waited");
    };
    for how in [How::Sync, How::Async] {
        check(Lab::new(&shared(how, tasks())).on_threads_until(blocking(2)));
    }
    check(Lab::new(&shared(How::Sync, tasks())).on_tokio_until(blocking(2)));
}

#[test]
fn two_tasks_that_wait_for_each_others_lock_end_with_the_run() {
    // Each has its first lock before the other goes on to its second.
    let crosswise = |first, tells, hears, second| {
        vec![lock_named(
            first,
            vec![send(tells), recv(hears), lock_named(second, vec![cpu(MS)])],
        )]
    };
    let tasks = || {
        vec![
            task("one", 1, crosswise("cache", "jobs", "gate", "index")),
            task("two", 1, crosswise("index", "gate", "jobs", "cache")),
        ]
    };
    let check = |seen: Seen| {
        for task in ["one", "two"] {
            assert_eq!(seen.outcome(task), Outcome::Cancelled);
        }
    };
    for how in [How::Sync, How::Async] {
        check(Lab::new(&shared(how, tasks())).on_threads_until(blocking(2)));
    }
    check(Lab::new(&shared(How::Sync, tasks())).on_tokio_until(blocking(2)));
}

#[test]
fn a_task_that_waits_for_a_lock_of_its_parent_ends_with_the_run() {
    // A scenario that says so is refused; this one has not been checked.
    let steps = vec![lock(vec![Step::Gather(vec![inline(vec![lock(vec![cpu(MS)])])])])];
    let scenario = shared(How::Async, vec![task("api", 1, steps)]);
    let seen = Lab::new(&scenario).on_threads_until(blocking(2));
    assert_eq!(seen.outcome("api"), Outcome::Cancelled);
    assert_eq!(seen.outcome("api gather"), Outcome::Cancelled);
}

#[test]
fn a_panic_under_a_lock_gives_it_back() {
    let panic = Step::Panic {
        message: "on purpose".into(),
        chance: 1.0,
    };
    for how in [How::Async, How::Sync] {
        let first = task("first", 1, vec![lock(vec![send("gate"), panic.clone()])]);
        let then = task("then", 1, vec![recv("gate"), lock(vec![cpu(MS / 10)])]);
        for (executor, seen) in everywhere(&shared(how, vec![first, then])) {
            assert_eq!(seen.outcome("first"), Outcome::Panicked, "{executor}");
            assert_eq!(seen.outcome("then"), Outcome::Completed, "{executor}");
        }
    }
}

#[test]
fn a_semaphore_lets_in_as_many_as_it_has_permits() {
    let inside = || vec![semaphore(vec![send("jobs"), recv("gate")])];
    let tasks = ["one", "two", "three"].map(|name| task(name, 1, inside()));
    let scenario = shared(How::Async, tasks.to_vec());
    let names = ["one", "two", "three"];
    let lab = Lab::new(&scenario);
    let seen = lab.on_tokio_until(suspended(Reason::Semaphore));
    assert_eq!(sent(&seen, &names), 2);
    let lab = Lab::new(&scenario);
    let seen = lab.on_threads_until(blocking(3));
    assert_eq!(sent(&seen, &names), 2);
    assert!(names.iter().all(|name| seen.outcome(name) == Outcome::Cancelled));

    let tasks = names.map(|name| task(name, 4, vec![semaphore(vec![Step::Yield])]));
    for (executor, seen) in everywhere(&shared(How::Async, tasks.to_vec())) {
        for name in names {
            assert_eq!(seen.repetitions(name), [Outcome::Completed; 4], "{executor}");
        }
    }
}

#[test]
fn a_full_channel_holds_its_senders_back() {
    let sender = task("sender", 3, vec![send("jobs")]);
    let scenario = shared(How::Async, vec![sender]);
    let lab = Lab::new(&scenario);
    let seen = lab.on_tokio_until(suspended(Reason::Channel));
    let fill: Vec<_> = lab
        .services
        .channels()
        .map(|(_, len, capacity)| (len, capacity))
        .collect();
    assert_eq!(fill, [(0, 1), (2, 2)]);
    assert_eq!(seen.steps("sender"), ["send jobs"; 2]);
    let lab = Lab::new(&scenario);
    let seen = lab.on_threads_until(blocking(1));
    assert_eq!(lab.services.channels().map(|(_, len, _)| len).max(), Some(2));
    assert_eq!(seen.outcome("sender"), Outcome::Cancelled);
}

#[test]
fn an_empty_channel_holds_its_receivers_back() {
    let scenario = shared(How::Async, vec![task("receiver", 1, vec![recv("jobs")])]);
    let seen = Lab::new(&scenario).on_tokio_until(suspended(Reason::Channel));
    assert_eq!(seen.outcome("receiver"), Outcome::Cancelled);
    let seen = Lab::new(&scenario).on_threads_until(blocking(1));
    assert_eq!(seen.outcome("receiver"), Outcome::Cancelled);
}

#[test]
fn what_is_sent_is_received() {
    let tasks = vec![
        task("sender", 50, vec![send("jobs")]),
        task("other", 50, vec![send("jobs")]),
        task("receiver", 100, vec![recv("jobs"), Step::Offload(vec![recv("gate")])]),
        task("keeper", 100, vec![send("gate")]),
    ];
    let scenario = shared(How::Async, tasks);
    for (executor, lab) in [("tokio", Lab::new(&scenario)), ("threads", Lab::new(&scenario))] {
        let seen = if executor == "tokio" {
            lab.on_tokio()
        } else {
            lab.on_threads()
        };
        for task in ["sender", "other", "receiver", "keeper"] {
            assert_eq!(seen.outcome(task), Outcome::Completed, "{executor} {task}");
        }
        assert!(lab.services.channels().all(|(_, len, _)| len == 0), "{executor}");
    }
}
