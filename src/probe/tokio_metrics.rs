//! tokio-metrics' view of a run, beside our own: the runtime's intervals, and one `TaskMonitor` per group.
//!
//! A `TaskMonitor` costs several times what our own records cost, because all tasks of a group share its counters. So only the first
//! [`MONITORED`] tasks of each group wear it: enough for means and the share of slow polls, and the cost does not grow with
//! the group.

use crate::record::{GroupId, GroupSample, Nanos, RuntimeSample, Sample};
use std::future::Future;
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor, TaskMetrics, TaskMonitor};

/// Tasks of each group that a `TaskMonitor` watches.
pub const MONITORED: u32 = 8;
/// How long an interval is.
const INTERVAL: Nanos = Nanos::from_millis(250);

/// Takes a runtime's intervals.
pub struct RuntimeWatch {
    intervals: RuntimeIntervals,
    metrics: RuntimeMetrics,
    next: Nanos,
}

impl RuntimeWatch {
    /// Of this runtime, from now on.
    pub fn new(runtime: &Handle) -> RuntimeWatch {
        RuntimeWatch {
            intervals: RuntimeMonitor::new(runtime).intervals(),
            metrics: runtime.metrics(),
            next: Nanos::ZERO,
        }
    }

    /// The interval that ends at `now` (since the run's start), if one is due or `last` asks for it.
    pub fn sample(&mut self, now: Nanos, last: bool) -> Option<Sample> {
        if now < self.next && !last {
            return None;
        }
        self.next = now + INTERVAL;
        let m = self.intervals.next()?;
        let total_polls = (0..self.metrics.num_workers())
            .map(|worker| self.metrics.worker_poll_count(worker))
            .sum();
        Some(Sample::Runtime(RuntimeSample {
            at: now,
            elapsed: m.elapsed.into(),
            polls: m.total_polls_count,
            total_polls,
            live_tasks: m.live_tasks_count,
            global_queue: m.global_queue_depth,
            local_queue: m.total_local_queue_depth,
            blocking_queue: m.blocking_queue_depth,
            blocking_threads: m.blocking_threads_count,
            busy: m.total_busy_duration.into(),
            parks: m.total_park_count,
            steals: m.total_steal_count,
            io_ready: m.io_driver_ready_count,
            budget_forced_yields: m.budget_forced_yield_count,
        }))
    }
}

/// One `TaskMonitor` per group.
pub struct GroupMonitors {
    groups: Vec<Monitored>,
    next: Nanos,
}

struct Monitored {
    group: GroupId,
    monitor: TaskMonitor,
    intervals: Box<dyn Iterator<Item = TaskMetrics> + Send>,
}

impl GroupMonitors {
    /// For these groups.
    pub fn new(groups: impl IntoIterator<Item = GroupId>) -> GroupMonitors {
        let groups = groups
            .into_iter()
            .map(|group| {
                let monitor = TaskMonitor::new();
                let intervals = Box::new(monitor.intervals());
                Monitored {
                    group,
                    monitor,
                    intervals,
                }
            })
            .collect();
        GroupMonitors {
            groups,
            next: Nanos::ZERO,
        }
    }

    /// The monitor for the next task of `group`, if it is one of the watched few.
    pub fn monitor(&self, group: GroupId, index: u32) -> Option<TaskMonitor> {
        if index >= MONITORED {
            return None;
        }
        let monitored = self.groups.iter().find(|m| m.group == group)?;
        Some(monitored.monitor.clone())
    }

    /// The intervals that end at `now` (since the run's start), if they are due or `last` asks for them.
    pub fn sample(&mut self, now: Nanos, last: bool) -> Vec<Sample> {
        if now < self.next && !last {
            return Vec::new();
        }
        self.next = now + INTERVAL;
        self.groups
            .iter_mut()
            .filter_map(|m| {
                let interval = m.intervals.next()?;
                let total = m.monitor.cumulative();
                Some(Sample::Group(GroupSample {
                    at: now,
                    group: m.group,
                    polls: total.total_poll_count,
                    mean_scheduled: interval.mean_scheduled_duration().into(),
                    mean_poll: interval.mean_poll_duration().into(),
                    slow_polls: interval.slow_poll_ratio(),
                }))
            })
            .collect()
    }
}

/// `body` under `monitor`, or as it is.
pub async fn monitored<F: Future>(monitor: Option<TaskMonitor>, body: F) -> F::Output {
    match monitor {
        Some(monitor) => monitor.instrument(body).await,
        None => body.await,
    }
}
