//! A barrier, at which tasks wait for one another.
//!
//! The barrier works like `tokio::sync::Barrier`. It also counts the arrivals, so that the records
//! say which tasks wait for the same completion. If a task is cancelled while it waits, its arrival
//! still counts.

use super::Resource;
use super::resource::OpenWait;
use crate::probe::TaskHandle;
use crate::record::{ProcessInstant, ResourceId};
use parking_lot::Mutex;
use std::future::Future;
use tokio::sync::watch;

#[derive(Debug)]
pub(in crate::workload) struct Barrier {
    /// Records which tasks wait.
    resource: Resource,
    /// The number of tasks that must arrive before all of them continue.
    size: u32,
    /// The number of arrivals since the start of the run.
    arrivals: Mutex<u32>,
    /// The number of completions so far. At a completion, the last task has arrived, and all tasks
    /// continue.
    completions: watch::Sender<u32>,
}

/// One arrival of a task.
#[derive(Clone, Copy, Debug)]
pub(in crate::workload) struct Arrival {
    /// The number of the arrival, from 1.
    number: u32,
    /// The task may continue after this number of completions.
    completion: u32,
    /// Whether the task is the last to arrive, so that it does not wait.
    is_last: bool,
}

impl Arrival {
    pub(in crate::workload) fn is_last(self) -> bool {
        self.is_last
    }
}

impl Barrier {
    pub(super) fn new(id: ResourceId, size: u32) -> Barrier {
        Barrier {
            resource: Resource::new(id),
            size,
            arrivals: Mutex::new(0),
            completions: watch::Sender::new(0),
        }
    }

    /// A task arrives. If it is the last task, the waiting tasks continue.
    pub(in crate::workload) fn arrive(&self) -> Arrival {
        let mut arrivals = self.arrivals.lock();
        *arrivals += 1;
        let number = *arrivals;
        let is_last = number.is_multiple_of(self.size);
        let completion = number.div_ceil(self.size);
        if is_last {
            self.completions.send_replace(completion);
        }
        Arrival {
            number,
            completion,
            is_last,
        }
    }

    /// Waits until all tasks have arrived.
    pub(in crate::workload) fn others(&self, arrival: Arrival) -> impl Future<Output = ()> {
        let mut completions = self.completions.subscribe();
        async move {
            // The barrier lives longer than the wait, so the channel is open.
            let _ = completions
                .wait_for(|completions| *completions >= arrival.completion)
                .await;
        }
    }

    /// Begins the wait for the other tasks, and records it.
    pub(in crate::workload) fn begin_wait<'a>(
        &'a self,
        task: &'a TaskHandle,
        arrival: Arrival,
        limited: bool,
    ) -> OpenWait<'a> {
        self.resource.begin_wait_at_barrier(task, arrival.number, limited)
    }

    /// Records that the task continues. `waited_since` is the start of the wait, if the task
    /// waited.
    pub(in crate::workload) fn pass(&self, task: &TaskHandle, arrival: Arrival, waited_since: Option<ProcessInstant>) {
        self.resource.pass(task, waited_since, arrival.number);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{block_on, try_now};
    use super::*;
    use std::pin::pin;

    #[test]
    fn tasks_continue_when_all_have_arrived_and_a_cancelled_task_has_arrived() {
        let barrier = Barrier::new(ResourceId(0), 3);
        let first = barrier.arrive();
        let mut waits = pin!(barrier.others(first));
        assert_eq!(try_now(waits.as_mut()), None);
        let cancelled = barrier.arrive();
        drop(barrier.others(cancelled));
        assert_eq!(try_now(waits.as_mut()), None);
        assert!(barrier.arrive().is_last());
        assert_eq!(try_now(waits.as_mut()), Some(()));
        assert!(!barrier.arrive().is_last(), "the next phase begins");
    }

    #[test]
    fn no_thread_continues_before_all_have_arrived() {
        let barrier = Barrier::new(ResourceId(0), 4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for phase in 1..=500 {
                        let arrival = barrier.arrive();
                        if !arrival.is_last() {
                            block_on(barrier.others(arrival));
                        }
                        assert!(*barrier.arrivals.lock() >= phase * 4);
                    }
                });
            }
        });
    }
}
