//! The probe through its public interface: its records of the tasks of a runtime.

mod ends;
mod exact_sums;
mod lanes;
mod library;
mod polls;
mod wakes;

use crate::support::wait::join;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::thread;
use tasklab::probe::{self, Collector, GroupMonitors, Registry, RuntimeSampler, TaskHandle};
use tasklab::record::{
    Batch, Definition, Ended, LaneId, LaneKind, LogLine, Nanos, Outcome, Reason, Record, Sample, Slice, TaskId,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

fn runtime(mut builder: Builder, registry: &Arc<Registry>) -> Runtime {
    probe::install(&mut builder, registry);
    builder.enable_all().build().expect("a runtime")
}

/// Runs a future to its end on this runtime, and shuts the runtime down. Waits at most
/// [`DEADLINE`](crate::support::wait::DEADLINE).
///
/// A new thread drives the runtime, so the test fails if the runtime never returns.
#[track_caller]
fn run_to_end(runtime: Runtime, what: &str, future: impl Future<Output = ()> + Send + 'static) {
    let driver = thread::spawn(move || {
        runtime.block_on(future);
        // Waits for the workers and the blocking threads. Then their last records are in the rings.
        drop(runtime);
    });
    join(what, driver);
}

/// Waits for tasks that must not panic.
async fn join_all(tasks: impl IntoIterator<Item = JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("the task does not panic");
    }
}

/// Waits until the runtime has no task. Tasks that a library spawns cannot be joined.
async fn until_no_task_is_alive() {
    let metrics = Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// A builder of a runtime with two workers. tokio does not count polls from a worker's LIFO slot,
/// so a test that compares exact counts disables the slot.
fn multi_thread(lifo_slot: bool) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2);
    if !lifo_slot {
        builder.disable_lifo_slot();
    }
    builder
}

/// The number of polls, as tokio counts them.
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

/// The outcomes of the tasks that ended in these batches.
fn ended(batches: &[Batch]) -> HashMap<TaskId, Outcome> {
    let mut all = HashMap::new();
    for (_, record) in batches.iter().flat_map(|batch| &batch.records) {
        if let Record::Ended(ended) = record {
            let before = all.insert(ended.task, ended.outcome);
            assert_eq!(before, None, "{:?} ended twice", ended.task);
        }
    }
    all
}
