//! The probe through its public interface: its records of the tasks of a runtime.

mod ends;
mod lanes;
mod library;
mod polls;
mod wakes;

use std::collections::HashMap;
use std::sync::Arc;
use tasklab::probe::{self, Collector, GroupMonitors, Registry, RuntimeSampler, TaskHandle};
use tasklab::record::{
    Batch, Definition, LaneId, LaneKind, LogLine, Nanos, Outcome, Reason, Record, Sample, Slice, TaskId,
};
use tokio::runtime::{Builder, Runtime};

fn runtime(mut builder: Builder, registry: &Arc<Registry>) -> Runtime {
    probe::install(&mut builder, registry);
    builder.enable_all().build().expect("a runtime")
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
