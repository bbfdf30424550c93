//! The probe through its public face: every poll of a runtime is recorded or counted as lost.

use std::collections::HashMap;
use std::sync::Arc;
use tasklab::probe::{self, Collector, Hub, TaskHandle};
use tasklab::record::{Batch, Definition, LaneId, LaneKind, LogLine, Nanos, Outcome, Reason, Record, Slice, TaskId};
use tokio::runtime::{Builder, Runtime};

fn runtime(mut builder: Builder, hub: &Arc<Hub>) -> Runtime {
    probe::install(&mut builder, hub);
    builder.enable_all().build().expect("a runtime")
}

/// tokio does not count the polls that it runs from a worker's LIFO slot, so an exact comparison does without the slot.
fn multi_thread(lifo_slot: bool) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2);
    if !lifo_slot {
        builder.disable_lifo_slot();
    }
    builder
}

fn polls_by_tokio(metrics: &tokio::runtime::RuntimeMetrics) -> u64 {
    (0..metrics.num_workers()).map(|w| metrics.worker_poll_count(w)).sum()
}

fn slices(batches: &[Batch]) -> Vec<(LaneId, Slice)> {
    batches
        .iter()
        .flat_map(|batch| &batch.records)
        .filter_map(|(lane, record)| match record {
            Record::Slice(slice) => Some((*lane, *slice)),
            _ => None,
        })
        .collect()
}

fn ended(batches: &[Batch]) -> HashMap<TaskId, Outcome> {
    let mut all = HashMap::new();
    for (_, record) in batches.iter().flat_map(|batch| &batch.records) {
        if let Record::Ended(e) = record {
            assert_eq!(all.insert(e.task, e.outcome), None, "{:?} ended twice", e.task);
        }
    }
    all
}

/// Runs `tasks` tasks that yield `yields` times, and drains in the middle of things.
fn storm(builder: Builder, tasks: u32, yields: u32) {
    let hub = Hub::new();
    let group = hub.group_named("storm");
    let mut collector = Collector::new(hub.clone(), None);
    let runtime = runtime(builder, &hub);
    let metrics = runtime.metrics();
    let mut batches = Vec::new();
    let joins: Vec<_> = (0..tasks)
        .map(|_| {
            probe::spawn(runtime.handle(), &hub, &group, |_| async move {
                for _ in 0..yields {
                    probe::lane::waiting(Reason::Yield, Default::default());
                    tokio::task::yield_now().await;
                }
                Outcome::Completed
            })
        })
        .collect();
    // Tasks that a library spawns count too.
    let foreign = runtime.spawn(async {
        for _ in 0..10 {
            tokio::spawn(tokio::task::yield_now());
        }
    });
    let driver = std::thread::spawn(move || {
        runtime.block_on(async {
            for join in joins {
                join.await.expect("no task panics");
            }
            foreign.await.expect("no task panics");
        });
        // The tasks that nobody joined.
        while runtime.metrics().num_alive_tasks() > 0 {
            runtime.block_on(tokio::task::yield_now());
        }
        runtime.shutdown_timeout(std::time::Duration::from_secs(60));
    });
    while !driver.is_finished() {
        batches.push(collector.batch());
    }
    driver.join().expect("no panic");
    batches.push(collector.batch());

    let recorded = slices(&batches).len() as u64;
    let lost: u64 = batches.iter().flat_map(|b| &b.lost).map(|l| l.slices).sum();
    assert_eq!(recorded + lost, polls_by_tokio(&metrics));
    assert!(recorded > 0);
    let endings = ended(&batches);
    if lost == 0 {
        assert_eq!(recorded, u64::from(tasks * (yields + 1)) + 1 + 20);
        assert_eq!(endings.len() as u32, tasks + 11);
    }
}

#[test]
fn every_poll_is_recorded_or_counted_on_many_threads() {
    storm(multi_thread(false), 64, 2_000);
}

#[test]
fn polls_from_the_lifo_slot_are_recorded_though_tokio_does_not_count_them() {
    let hub = Hub::new();
    let runtime = runtime(multi_thread(true), &hub);
    let metrics = runtime.metrics();
    runtime.block_on(async {
        // A task that spawns one and ends leaves it in its worker's LIFO slot.
        for _ in 0..1_000 {
            let parent = tokio::spawn(async {
                tokio::spawn(async {});
            });
            parent.await.expect("no panic");
        }
    });
    while metrics.num_alive_tasks() > 0 {
        std::thread::yield_now();
    }
    runtime.shutdown_timeout(std::time::Duration::from_secs(60));
    let recorded = slices(&[Collector::new(hub, None).batch()]).len() as u64;
    assert_eq!(recorded, 2_000);
    assert!(recorded >= polls_by_tokio(&metrics));
}

#[test]
fn every_poll_is_recorded_or_counted_on_one_thread() {
    storm(Builder::new_current_thread(), 16, 500);
}

#[test]
fn a_full_ring_loses_records_and_counts_them() {
    let hub = Hub::new();
    let group = hub.group_named("storm");
    let runtime = runtime(Builder::new_current_thread(), &hub);
    let metrics = runtime.metrics();
    let join = probe::spawn(runtime.handle(), &hub, &group, |_| async {
        for _ in 0..200_000 {
            tokio::task::yield_now().await;
        }
        Outcome::Completed
    });
    runtime.block_on(join).expect("no panic");
    let batch = Collector::new(hub, None).batch();
    let lost: u64 = batch.lost.iter().map(|l| l.slices).sum();
    let recorded = slices(std::slice::from_ref(&batch)).len() as u64;
    assert!(lost > 0);
    assert_eq!(recorded + lost, polls_by_tokio(&metrics));
}

#[test]
fn a_wake_up_is_stamped_with_its_time_and_its_author() {
    let hub = Hub::new();
    let group = hub.group_named("pair");
    let runtime = runtime(Builder::new_current_thread(), &hub);
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let waits = probe::spawn(runtime.handle(), &hub, &group, |_| async {
        receive.await.expect("the sender lives");
        Outcome::Completed
    });
    let wakes = probe::spawn(runtime.handle(), &hub, &group, |_| async {
        send.send(()).expect("the receiver lives");
        Outcome::Completed
    });
    let (sleeper, waker) = (waits.id(), wakes.id());
    runtime.block_on(async {
        waits.await.expect("no panic");
        wakes.await.expect("no panic");
    });
    let slices = slices(&[Collector::new(hub, None).batch()]);
    let of = |id: tokio::task::Id| -> Vec<Slice> {
        slices
            .iter()
            .map(|(_, slice)| *slice)
            .filter(|slice| slice.task.get().to_string() == id.to_string())
            .collect()
    };
    let (sleeper, waker) = (of(sleeper), of(waker));
    assert_eq!((sleeper.len(), waker.len()), (2, 1));
    assert_eq!(sleeper[1].woken_by, Some(waker[0].task));
    let woken = sleeper[1].start - sleeper[1].queued.get();
    assert!(woken >= waker[0].start && woken <= waker[0].start + waker[0].len.get());
}

#[test]
fn a_wake_up_while_the_task_runs_counts_from_the_end_of_its_slice() {
    let hub = Hub::new();
    let group = hub.group_named("eager");
    let runtime = runtime(Builder::new_current_thread(), &hub);
    let join = probe::spawn(runtime.handle(), &hub, &group, |_| async {
        let mut woken = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut woken, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            let since = probe::now();
            while probe::now() - since < Nanos::from_millis(5) {}
            std::task::Poll::Pending
        })
        .await;
        Outcome::Completed
    });
    runtime.block_on(join).expect("no panic");
    let slices = slices(&[Collector::new(hub, None).batch()]);
    assert_eq!(slices.len(), 2);
    let (first, second) = (slices[0].1, slices[1].1);
    assert_eq!(second.woken_by, Some(first.task));
    // The wake-up was at the beginning of the first slice; the last instruction of the poll may lie behind the stamp.
    assert!(second.start - second.queued.get() + Nanos::from_millis(4) > first.start + first.len.get());
}

#[test]
fn lateness_divides_into_unnoticed_and_queued() {
    let hub = Hub::new();
    let group = hub.group_named("late");
    let runtime = runtime(Builder::new_current_thread(), &hub);
    let (send, receive) = tokio::sync::oneshot::channel::<Nanos>();
    let late = probe::spawn(runtime.handle(), &hub, &group, |task| async move {
        let ready = receive;
        task.ready_at(probe::now());
        ready.await.expect("the sender lives");
        task.clear_ready();
        Outcome::Completed
    });
    let id = late.id();
    let wakes = probe::spawn(runtime.handle(), &hub, &group, |_| async {
        tokio::task::yield_now().await;
        send.send(probe::now()).expect("the receiver lives");
        Outcome::Completed
    });
    runtime.block_on(async {
        late.await.expect("no panic");
        wakes.await.expect("no panic");
    });
    let slices = slices(&[Collector::new(hub, None).batch()]);
    let last = slices
        .iter()
        .map(|(_, s)| s)
        .rfind(|s| s.task.get().to_string() == id.to_string())
        .expect("a slice");
    assert!(last.unnoticed.get() > Nanos::ZERO);
    assert!(last.queued.get() > Nanos::ZERO);
}

#[test]
fn every_way_of_ending_is_told_apart() {
    let hub = Hub::new();
    let group = hub.group_named("ends");
    let runtime = runtime(multi_thread(true), &hub);
    let spawn = |outcome: Option<Outcome>| {
        probe::spawn(runtime.handle(), &hub, &group, move |_| async move {
            match outcome {
                Some(Outcome::Cancelled) => std::future::pending().await,
                Some(outcome) => outcome,
                None => panic!("on purpose"),
            }
        })
    };
    let fails = spawn(Some(Outcome::Failed));
    let late = spawn(Some(Outcome::TimedOut));
    let aborted = spawn(Some(Outcome::Cancelled));
    let forgotten = spawn(Some(Outcome::Cancelled));
    let panics = spawn(None);
    let mut expected = HashMap::from([
        (fails.id().to_string(), Outcome::Failed),
        (late.id().to_string(), Outcome::TimedOut),
        (aborted.id().to_string(), Outcome::Cancelled),
        (forgotten.id().to_string(), Outcome::Cancelled),
        (panics.id().to_string(), Outcome::Panicked),
    ]);
    runtime.block_on(async {
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_cancelled());
        assert!(panics.await.unwrap_err().is_panic());
        fails.await.expect("no panic");
        late.await.expect("no panic");
    });
    drop(runtime);
    for (task, outcome) in ended(&[Collector::new(hub, None).batch()]) {
        assert_eq!(expected.remove(&task.get().to_string()), Some(outcome));
    }
    assert!(expected.is_empty(), "never ended: {expected:?}");
}

#[test]
fn a_block_in_place_leaves_no_slice_open() {
    let hub = Hub::new();
    let group = hub.group_named("in place");
    let runtime = runtime(multi_thread(false), &hub);
    let metrics = runtime.metrics();
    let joins: Vec<_> = (0..8)
        .map(|_| {
            probe::spawn(runtime.handle(), &hub, &group, |_| async {
                tokio::task::block_in_place(std::thread::yield_now);
                tokio::task::yield_now().await;
                Outcome::Completed
            })
        })
        .collect();
    runtime.block_on(async {
        for join in joins {
            join.await.expect("no panic");
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(60));
    let batch = Collector::new(hub, None).batch();
    assert_eq!(batch.live.lanes, []);
    assert_eq!(
        slices(std::slice::from_ref(&batch)).len() as u64,
        polls_by_tokio(&metrics)
    );
}

#[test]
fn a_thread_that_changes_its_work_changes_its_lane_and_a_place_that_is_free_is_taken() {
    let hub = Hub::new();
    let group = hub.group_named("mixed");
    let mut collector = Collector::new(hub.clone(), None);
    let job = || {
        let hub = hub.clone();
        let task = probe::TaskHandle::new(&hub, &group);
        std::thread::spawn(move || {
            probe::lane::job(&task, probe::now(), Reason::Unknown, || ());
        })
        .join()
        .expect("no panic");
    };
    job();
    let mut batches = vec![collector.batch()];
    job();
    batches.push(collector.batch());
    // Polls on a thread that has had a job before.
    let (other_hub, other_group) = (hub.clone(), hub.group_named("polls"));
    let task = probe::TaskHandle::new(&hub, &group);
    std::thread::spawn(move || {
        probe::lane::job(&task, probe::now(), Reason::Unknown, || ());
        let runtime = runtime(Builder::new_current_thread(), &other_hub);
        let join = probe::spawn(runtime.handle(), &other_hub, &other_group, |_| async {
            Outcome::Completed
        });
        runtime.block_on(join).expect("no panic");
    })
    .join()
    .expect("no panic");
    batches.push(collector.batch());
    let names: Vec<_> = batches
        .iter()
        .flat_map(|batch| &batch.definitions)
        .filter_map(|definition| match definition {
            Definition::Lane { id, kind, name } => Some((id.0, *kind, name.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [(0, LaneKind::Blocking, "blocking 0"), (1, LaneKind::Worker, "worker 0")]
    );
    let lanes: Vec<u16> = slices(&batches).iter().map(|(lane, _)| lane.0).collect();
    assert_eq!(lanes, [0, 0, 0, 1]);
    assert_eq!(batches[2].jobs, 3);
}

#[test]
fn offloaded_work_is_a_child_task_on_a_blocking_lane() {
    let hub = Hub::new();
    let group = hub.group_named("upload");
    let runtime = runtime(Builder::new_current_thread(), &hub);
    let join = probe::spawn(runtime.handle(), &hub, &group, |task| async move {
        let child = probe::offloaded(&task);
        let since = probe::now();
        tokio::task::spawn_blocking(move || {
            probe::lane::job(&child, since, Reason::Unknown, || {
                probe::lane::blocking(Default::default(), std::thread::yield_now);
            });
            probe::ended(&child, Outcome::Completed);
        })
        .await
        .expect("no panic");
        Outcome::Completed
    });
    runtime.block_on(join).expect("no panic");
    drop(runtime);
    let batch = Collector::new(hub, None).batch();
    let spawned: Vec<_> = batch
        .records
        .iter()
        .filter_map(|(_, r)| match r {
            Record::Spawned(s) => Some(*s),
            _ => None,
        })
        .collect();
    assert_eq!(spawned.len(), 2);
    let (parent, child) = match spawned[0].parent {
        None => (spawned[0], spawned[1]),
        Some(_) => (spawned[1], spawned[0]),
    };
    assert_eq!(child.parent, Some(parent.task));
    let name = batch.definitions.iter().find_map(|d| match d {
        Definition::Group { id, name, .. } if *id == child.group => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(name, Some("upload offload"));
    let lane = slices(std::slice::from_ref(&batch))
        .into_iter()
        .find(|(_, s)| s.task == child.task)
        .expect("a slice of the child")
        .0;
    assert!(batch.definitions.iter().any(|d| matches!(
        d,
        Definition::Lane { id, kind: LaneKind::Blocking, .. } if *id == lane
    )));
    assert_eq!(ended(std::slice::from_ref(&batch)).len(), 2);
}

#[test]
fn a_line_of_the_log_never_comes_before_the_birth_of_its_task() {
    let hub = Hub::new();
    let (lines, log) = std::sync::mpsc::channel();
    let mut collector = Collector::new(hub.clone(), Some(log));
    let writer = std::thread::spawn(move || {
        let group = hub.group_named("talker");
        for _ in 0..20_000 {
            let task = TaskHandle::new(&hub, &group);
            let line = LogLine {
                at: probe::now(),
                level: tracing::Level::INFO,
                task: Some(task.id()),
                target: "test".into(),
                message: "born".into(),
            };
            lines.send(line).unwrap();
        }
    });
    let (mut born, mut heard) = (std::collections::HashSet::new(), 0);
    while heard < 20_000 {
        let batch = collector.batch();
        born.extend(batch.records.iter().filter_map(|(_, record)| match record {
            Record::Spawned(spawned) => Some(spawned.task),
            _ => None,
        }));
        for line in &batch.log {
            assert!(line.task.is_some_and(|task| born.contains(&task)), "{line:?}");
            heard += 1;
        }
    }
    writer.join().unwrap();
}
