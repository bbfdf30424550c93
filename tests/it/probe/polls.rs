//! Tests that each poll is recorded or counted as lost.

use super::*;
use crate::support::wait::{DEADLINE, Deadline, join};

/// Runs `tasks` tasks that yield `yields` times, and drains the records while the tasks run. Call
/// this function with a million yields in total. Then the test also finds a fault that loses one
/// slice in a million.
fn storm(builder: Builder, tasks: u32, yields: u32) {
    let registry = Registry::new();
    let group = registry.group_named("storm");
    let mut collector = Collector::new(registry.clone(), None);
    let runtime = runtime(builder, &registry);
    let metrics = runtime.metrics();
    let mut sampler = RuntimeSampler::new(runtime.handle(), &GroupMonitors::new([]));
    let (mut recorded, mut lost, mut ends) = (0, 0, 0);
    let (mut intervals, mut total) = (0, 0);
    let mut add = |batch: Batch| {
        recorded += slices(std::slice::from_ref(&batch)).len() as u64;
        lost += batch.lost.iter().map(|lost| lost.slices).sum::<u64>();
        ends += ended(std::slice::from_ref(&batch)).len() as u32;
        for sample in sampler.sample(batch.now, true) {
            if let Sample::Runtime(sample) = sample {
                intervals += sample.polls;
                total = sample.total_polls;
            }
        }
    };
    let yielding: Vec<_> = (0..tasks)
        .map(|_| {
            probe::spawn(runtime.handle(), &registry, &group, |_| async move {
                for _ in 0..yields {
                    probe::lane::set_wait(Reason::Yield, Default::default());
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
    let driver = thread::spawn(move || {
        runtime.block_on(async {
            join_all(yielding).await;
            join_all([foreign]).await;
            until_no_task_is_alive().await;
        });
        drop(runtime);
    });
    // There is no pause. So batches end at many different points of the storm.
    let deadline = Deadline::new("the end of all tasks", DEADLINE);
    while !driver.is_finished() {
        deadline.check();
        add(collector.batch());
    }
    join("the end of the driver", driver);
    add(collector.batch());

    assert_eq!(recorded + lost, polls_by_tokio(&metrics));
    assert_eq!(
        (intervals, total),
        (recorded + lost, recorded + lost),
        "as tokio-metrics counts"
    );
    assert!(recorded > 0);
    // Ends are recorded even if the ring is full.
    assert_eq!(ends, tasks + 11);
    if lost == 0 {
        assert_eq!(recorded, u64::from(tasks * (yields + 1)) + 1 + 20);
    }
}

#[test]
fn every_poll_is_recorded_or_counted_on_many_threads() {
    storm(multi_thread(false), 64, 16_000);
}

#[test]
fn every_poll_is_recorded_or_counted_on_one_thread() {
    storm(Builder::new_current_thread(), 16, 64_000);
}

#[test]
fn polls_from_the_lifo_slot_are_recorded_though_tokio_does_not_count_them() {
    let registry = Registry::new();
    let runtime = runtime(multi_thread(true), &registry);
    let metrics = runtime.metrics();
    run_to_end(runtime, "the end of all tasks", async {
        // If a task spawns another task and ends, the new task is in the worker's LIFO slot.
        for _ in 0..1_000 {
            let parent = tokio::spawn(async {
                tokio::spawn(async {});
            });
            join_all([parent]).await;
        }
        until_no_task_is_alive().await;
    });
    let recorded = slices(&[Collector::new(registry, None).batch()]).len() as u64;
    assert_eq!(recorded, 2_000);
    assert!(recorded >= polls_by_tokio(&metrics));
}

#[test]
fn a_full_ring_drops_records_and_counts_them() {
    let registry = Registry::new();
    let group = registry.group_named("storm");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let metrics = runtime.metrics();
    let storm = probe::spawn(runtime.handle(), &registry, &group, |_| async {
        for _ in 0..200_000 {
            tokio::task::yield_now().await;
        }
        Outcome::Completed
    });
    run_to_end(runtime, "the end of the storm", join_all([storm]));
    let batch = Collector::new(registry, None).batch();
    let lost: u64 = batch.lost.iter().map(|lost| lost.slices).sum();
    let recorded = slices(std::slice::from_ref(&batch)).len() as u64;
    assert!(lost > 0);
    assert_eq!(recorded + lost, polls_by_tokio(&metrics));
}
