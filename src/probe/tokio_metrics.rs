//! tokio-metrics' view of a run, beside our own: the runtime's intervals, and one `TaskMonitor` per group.
//!
//! A `TaskMonitor` costs several times what our own records cost, because all tasks of a group share its counters. So only the first
//! [`MONITORED`] tasks of each group wear it: enough for means and the share of slow polls, and the cost does not grow with
//! the group.

use crate::record::{GroupId, GroupSample, Nanos, RunInstant, RuntimeSample, Sample};
use std::future::Future;
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor, TaskMetrics, TaskMonitor};

/// Tasks of each group that a `TaskMonitor` watches.
pub(super) const MONITORED: u32 = 8;
/// How long an interval is.
const INTERVAL: Nanos = Nanos::from_millis(250);

/// One `TaskMonitor` per group, for those who spawn.
pub struct GroupMonitors(Vec<(GroupId, TaskMonitor)>);

impl GroupMonitors {
    /// For these groups.
    pub fn new(groups: impl IntoIterator<Item = GroupId>) -> GroupMonitors {
        GroupMonitors(groups.into_iter().map(|group| (group, TaskMonitor::new())).collect())
    }

    /// The monitor for the `index`th task of `group`, if it is one of the watched few.
    pub fn monitor(&self, group: GroupId, index: u32) -> Option<TaskMonitor> {
        let (_, monitor) = self.0.iter().find(|(g, _)| *g == group && index < MONITORED)?;
        Some(monitor.clone())
    }
}

/// `body` under `monitor`, or as it is.
pub async fn monitored<F: Future>(monitor: Option<TaskMonitor>, body: F) -> F::Output {
    match monitor {
        Some(monitor) => monitor.instrument(body).await,
        None => body.await,
    }
}

/// Takes tokio-metrics' intervals of a runtime and of its groups. Belongs to the monitor's thread.
pub struct Watch {
    runtime: RuntimeIntervals,
    metrics: RuntimeMetrics,
    groups: Vec<GroupWatch>,
    next: RunInstant,
}

struct GroupWatch {
    group: GroupId,
    intervals: Box<dyn Iterator<Item = TaskMetrics> + Send>,
}

impl Watch {
    /// From now on.
    pub fn new(runtime: &Handle, groups: &GroupMonitors) -> Watch {
        let watch = |(group, monitor): &(GroupId, TaskMonitor)| GroupWatch {
            group: *group,
            intervals: Box::new(monitor.intervals()),
        };
        Watch {
            runtime: RuntimeMonitor::new(runtime).intervals(),
            metrics: runtime.metrics(),
            groups: groups.0.iter().map(watch).collect(),
            next: RunInstant::ZERO,
        }
    }

    /// The intervals that end at `now` (since the run's start), if they are due or this is the `last` call.
    pub fn sample(&mut self, now: RunInstant, last: bool) -> Vec<Sample> {
        if now < self.next && !last {
            return Vec::new();
        }
        self.next = now + INTERVAL;
        let runtime = self.runtime(now).map(Sample::Runtime);
        let groups = self.groups.iter_mut().filter_map(|g| g.sample(now)).map(Sample::Group);
        runtime.into_iter().chain(groups).collect()
    }

    fn runtime(&mut self, now: RunInstant) -> Option<RuntimeSample> {
        let m = self.runtime.next()?;
        let polls = |worker| self.metrics.worker_poll_count(worker);
        Some(RuntimeSample {
            at: now,
            elapsed: m.elapsed.into(),
            polls: m.total_polls_count,
            total_polls: (0..self.metrics.num_workers()).map(polls).sum(),
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
        })
    }
}

impl GroupWatch {
    /// Nothing, if nothing happened in the interval: nobody wears the monitor of a group that only other tasks call.
    fn sample(&mut self, now: RunInstant) -> Option<GroupSample> {
        let interval = self.intervals.next()?;
        (interval.total_poll_count > 0).then(|| GroupSample {
            at: now,
            group: self.group,
            scheduled_count: interval.total_scheduled_count,
            scheduled: interval.total_scheduled_duration.into(),
            polls: interval.total_poll_count,
            polling: interval.total_poll_duration.into(),
            slow_polls: interval.total_slow_poll_count,
        })
    }
}
