//! tokio's hooks, which observe every poll of every task on a runtime, including the tasks that
//! libraries spawn.
//!
//! The hooks do not observe the bodies of `block_on` and `spawn_blocking`. The body of `block_on`
//! only waits for the run's end. tasklab records the bodies of `spawn_blocking` itself, as jobs of
//! child tasks ([`offloaded_child`](super::TaskHandle::offloaded_child)).

use super::clock::monotonic_now;
use super::lane::{self, Role};
use super::registry::{Group, Registry};
use super::task;
use crate::record::{Ended, Outcome, Record, Spawned, TaskId};
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime, TaskMeta, worker_index};

/// The role of a runtime's worker. The only worker of a current-thread runtime has no number in
/// tokio, so its number is 0.
const WORKER: Role = Role::Worker(|| worker_index().unwrap_or(0));

/// Installs hooks in `builder`, so that its runtime records into `registry`.
pub fn install(builder: &mut Builder, registry: &Arc<Registry>) {
    let polls = registry.clone();
    builder.on_before_task_poll(move |meta| match task_id(meta) {
        Some(task) => lane::begin(&polls, task, WORKER),
        None => polls.count_unrecorded_slice(false),
    });
    builder.on_after_task_poll(|_| lane::end());
    let parks = registry.clone();
    // If a worker has not run a task yet, it becomes a lane when it parks for the first time.
    builder.on_thread_park(move || {
        lane::enter(&parks, WORKER);
        lane::park();
    });
    builder.on_thread_unpark(lane::unpark);
    builder.on_thread_stop(lane::leave);
    let spawns = registry.clone();
    builder.on_task_spawn(move |meta| {
        spawns.note_number_in_tokio(number(meta));
        // Tokio's number may be too large to be an id, see `Registry::is_out_of_ids`.
        let id = task_id(meta).unwrap_or_else(|| spawns.next_task_id());
        if !task::name_spawned(id) {
            record_library_spawn(&spawns, id, meta);
        }
    });
    let ends = registry.clone();
    builder.on_task_terminate(move |meta| {
        if let Some((task, outcome)) = task_id(meta).zip(library_outcome(&ends, meta)) {
            let ended = Ended::observed(super::now(), task, outcome);
            lane::write(&ends, Record::Ended(ended));
        }
    });
}

/// Builds the runtime of a builder that [`install`] prepared, and notes when the ticks of its timer
/// begin.
///
/// # Errors
/// Returns an error if the runtime cannot be built.
pub fn build(builder: &mut Builder, registry: &Registry) -> io::Result<Runtime> {
    let before = monotonic_now();
    let runtime = builder.build()?;
    registry.ticks().begin(before);
    Ok(runtime)
}

/// How a task of a library ended. Returns `None` for a task of tasklab, which records its own end.
/// Also returns `None` for a function on a blocking thread. Such a function is not a task: the
/// hooks observe only its end.
///
/// tokio does not report whether a task completed, panicked or was aborted. In each of these cases,
/// the task ends within a slice. Only a task that is dropped during the runtime's shutdown ends
/// outside a slice.
fn library_outcome(registry: &Registry, meta: &TaskMeta<'_>) -> Option<Outcome> {
    let place = meta.spawned_at();
    if task::is_ours(place) {
        None
    } else if lane::current_task().is_some_and(|current| Some(current) == task_id(meta)) {
        Some(Outcome::Unknown)
    } else {
        registry.has_library_group(place).then_some(Outcome::Cancelled)
    }
}

fn record_library_spawn(registry: &Registry, task: TaskId, meta: &TaskMeta<'_>) {
    let group: Arc<Group> = registry.library_group(meta.spawned_at());
    let spawned = Spawned {
        at: super::now(),
        task,
        parent: lane::current_task(),
        index: group.next_index(),
        group: group.id,
        branch: false,
    };
    lane::write(registry, Record::Spawned(spawned));
}

/// The id of a task that tokio runs.
#[inline]
fn task_id(meta: &TaskMeta<'_>) -> Option<TaskId> {
    Registry::id_in_tokio(number(meta))
}

/// tokio's id of a task, as a number. tokio has no method that returns this number, but an id
/// passes its number to a hasher.
#[inline]
fn number(meta: &TaskMeta<'_>) -> u64 {
    struct Number(u64);
    impl Hasher for Number {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for &byte in bytes {
                self.0 = self.0 << 8 | u64::from(byte);
            }
        }
        #[inline]
        fn write_u64(&mut self, n: u64) {
            self.0 = n;
        }
    }
    let mut number = Number(0);
    meta.id().hash(&mut number);
    number.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    #[test]
    fn a_number_is_the_number_that_tokio_shows() {
        let ids = Arc::new(Mutex::new(Vec::new()));
        let writer = ids.clone();
        let runtime = Builder::new_current_thread()
            .on_task_spawn(move |meta| {
                let pair = (number(meta).to_string(), meta.id().to_string());
                writer.lock().push(pair);
            })
            .build()
            .expect("a runtime");
        for _ in 0..3 {
            runtime.spawn(async {});
        }
        let ids = ids.lock();
        assert_eq!(ids.len(), 3);
        for (ours, tokios) in ids.iter() {
            assert_eq!(ours, tokios);
        }
    }
}
