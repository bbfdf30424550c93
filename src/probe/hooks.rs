//! tokio's hooks: every poll of every task on a runtime, also of tasks that libraries spawn.
//!
//! What the hooks do not see is wrapped where tasklab starts it: the body of `block_on` does nothing but wait for the run's end, and
//! `spawn_blocking` bodies are jobs of child tasks ([`offloaded`](super::offloaded)).

use super::lane::{self, Role};
use super::registry::{Group, Registry};
use super::task;
use crate::record::{Ended, Outcome, Record, Spawned, TaskId};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio::runtime::{Builder, TaskMeta, worker_index};

/// Makes the runtime that `builder` builds record into `registry`.
pub fn install(builder: &mut Builder, registry: &Arc<Registry>) {
    let h = registry.clone();
    builder.on_before_task_poll(move |meta| {
        lane::begin(&h, identity(meta), WORKER);
    });
    builder.on_after_task_poll(|_| lane::end());
    let h = registry.clone();
    // The first park makes a lane of a worker that has had no task yet.
    builder.on_thread_park(move || lane::enter(&h, WORKER));
    builder.on_thread_stop(lane::leave);
    let h = registry.clone();
    builder.on_task_spawn(move |meta| {
        let id = identity(meta);
        if !task::name_spawned(id) {
            spawned_by_library(&h, id, meta);
        }
    });
    let h = registry.clone();
    builder.on_task_terminate(move |meta| {
        if let Some(outcome) = outcome(&h, meta) {
            let ended = Ended::observed(super::now(), identity(meta), outcome);
            lane::write(&h, Record::Ended(ended));
        }
    });
}

/// How a task ended that does not say so itself. `None`: it does, or it is no task but a function on a blocking thread, of
/// which the hooks see nothing else.
///
/// tokio tells neither whether a task completed, nor whether it panicked or was aborted: all of these end within a slice. Only
/// one that the runtime's shutdown drops ends outside.
fn outcome(registry: &Registry, meta: &TaskMeta<'_>) -> Option<Outcome> {
    let place = meta.spawned_at();
    if task::is_ours(place) {
        None
    } else if lane::current_task() == Some(identity(meta)) {
        Some(Outcome::Unknown)
    } else {
        registry.is_librarys(place).then_some(Outcome::Cancelled)
    }
}

/// The number of the worker that the calling thread runs. A current-thread runtime has one, without a number.
const WORKER: Role = Role::Worker(|| worker_index().unwrap_or(0));

fn spawned_by_library(registry: &Registry, task: TaskId, meta: &TaskMeta<'_>) {
    let group: Arc<Group> = registry.library_group(meta.spawned_at());
    lane::write(
        registry,
        Record::Spawned(Spawned {
            at: super::now(),
            task,
            parent: lane::current_task(),
            index: group.next_index(),
            group: group.id,
        }),
    );
}

/// tokio's task id as a number. tokio shows an id only as text and as a hash, and hands its hasher the number itself.
#[inline]
fn identity(meta: &TaskMeta<'_>) -> TaskId {
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
    TaskId::new(number.0 as u32).unwrap_or(TaskId(std::num::NonZeroU32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn an_identity_is_the_number_that_tokio_shows() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = seen.clone();
        let runtime = Builder::new_current_thread()
            .on_task_spawn(move |meta| {
                writer
                    .lock()
                    .unwrap()
                    .push((identity(meta).get().to_string(), meta.id().to_string()));
            })
            .build()
            .unwrap();
        for _ in 0..3 {
            runtime.spawn(async {});
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 3);
        for (ours, tokios) in seen.iter() {
            assert_eq!(ours, tokios);
        }
    }
}
