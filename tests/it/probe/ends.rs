//! Tests of the records of spawned and ended tasks.

use super::*;
use crate::support::wait::{DEADLINE, Deadline, join};
use std::collections::HashSet;

#[test]
fn each_way_to_end_has_its_own_outcome() {
    let registry = Registry::new();
    let group = registry.group_named("ends");
    let runtime = runtime(multi_thread(true), &registry);
    let spawn = |outcome: Option<Outcome>| {
        probe::spawn(runtime.handle(), &registry, &group, move |_| async move {
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
    let dropped = spawn(Some(Outcome::Cancelled));
    let panics = spawn(None);
    let mut expected = HashMap::from([
        (fails.id().to_string(), Outcome::Failed),
        (late.id().to_string(), Outcome::TimedOut),
        (aborted.id().to_string(), Outcome::Cancelled),
        (dropped.id().to_string(), Outcome::Cancelled),
        (panics.id().to_string(), Outcome::Panicked),
    ]);
    run_to_end(runtime, "the end of all tasks except the dropped task", async {
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_cancelled());
        assert!(panics.await.unwrap_err().is_panic());
        join_all([fails, late]).await;
    });
    for (task, outcome) in ended(&[Collector::new(registry, None).batch()]) {
        assert_eq!(expected.remove(&task.get().to_string()), Some(outcome));
    }
    assert!(expected.is_empty(), "these tasks have not ended: {expected:?}");
}

#[test]
fn offloaded_work_is_a_child_task_on_a_blocking_lane() {
    let registry = Registry::new();
    let group = registry.group_named("upload");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let parent = probe::spawn(runtime.handle(), &registry, &group, |task| async move {
        let child = task.offloaded_child();
        let since = probe::now();
        tokio::task::spawn_blocking(move || {
            child.run_job(since, Reason::Unknown, || {
                probe::lane::blocking(Default::default(), Default::default(), std::thread::yield_now);
            });
            child.end(Outcome::Completed);
        })
        .await
        .expect("no panic");
        Outcome::Completed
    });
    run_to_end(runtime, "the end of the parent", join_all([parent]));
    let batch = Collector::new(registry, None).batch();
    let spawned: Vec<_> = batch
        .records
        .iter()
        .filter_map(|(_, record)| match record {
            Record::Spawned(spawned) => Some(*spawned),
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
fn a_log_line_never_comes_before_the_spawn_of_its_task() {
    let registry = Registry::new();
    let (lines, log) = std::sync::mpsc::channel();
    let mut collector = Collector::new(registry.clone(), Some(log));
    let writer = thread::spawn(move || {
        let group = registry.group_named("writer");
        for _ in 0..20_000 {
            let task = TaskHandle::new(&registry, &group);
            let line = LogLine {
                at: probe::now(),
                level: tracing::Level::INFO,
                task: Some(task.id()),
                target: "test".into(),
                message: "spawned".into(),
            };
            lines.send(line).expect("the collector was not dropped");
        }
    });
    let (mut spawned, mut lines) = (HashSet::new(), 0);
    // There is no pause. So batches end between a spawn and the log line of the spawned task.
    let deadline = Deadline::new("the log line of each task", DEADLINE);
    while lines < 20_000 {
        deadline.check();
        let batch = collector.batch();
        spawned.extend(batch.records.iter().filter_map(|(_, record)| match record {
            Record::Spawned(spawned) => Some(spawned.task),
            _ => None,
        }));
        for line in &batch.log {
            assert!(line.task.is_some_and(|task| spawned.contains(&task)), "{line:?}");
            lines += 1;
        }
    }
    join("the end of the writer", writer);
}

/// The record of the end of the only task.
fn only_end(batch: &Batch) -> Ended {
    let ends = batch.records.iter().filter_map(|(_, record)| match record {
        Record::Ended(ended) => Some(*ended),
        _ => None,
    });
    let ends: Vec<_> = ends.collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends[0]
}

#[test]
fn a_task_that_is_dropped_or_aborted_while_it_is_ready_keeps_its_lateness() {
    for is_aborted in [false, true] {
        let registry = Registry::new();
        let group = registry.group_named("starved");
        let runtime = runtime(Builder::new_current_thread(), &registry);
        let ready = probe::now();
        let task = probe::spawn(runtime.handle(), &registry, &group, move |task| async move {
            task.ready_at(ready);
            std::future::pending().await
        });
        run_to_end(runtime, "the end of the runtime", async move {
            tokio::task::yield_now().await;
            if is_aborted {
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            }
        });
        let start = registry.run_start();
        let batch = Collector::new(registry, None).batch();
        let end = only_end(&batch);
        let (until, unnoticed) = if is_aborted {
            // The runtime drops an aborted task within a slice.
            let slices = slices(std::slice::from_ref(&batch));
            let last = slices.last().expect("a slice").1;
            assert_eq!(end.queued.get() + end.unnoticed.get(), Nanos::ZERO);
            (last.start, last.unnoticed)
        } else {
            (end.at, end.unnoticed)
        };
        assert_eq!(until - unnoticed.get(), start.to_run(ready), "aborted: {is_aborted}");
    }
}
