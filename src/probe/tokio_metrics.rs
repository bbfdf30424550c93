//! The metrics of tokio-metrics, in addition to the probe's own records: intervals of the runtime,
//! and one `TaskMonitor` for each group.
//!
//! A `TaskMonitor` costs several times as much as the probe's own records, because all tasks of a
//! group share its counters. So it instruments only the first [`MONITORED`] tasks of each group.
//! These tasks are enough for means and for the share of slow polls, and the cost does not grow
//! with the size of the group.

use crate::record::{GroupId, GroupSample, Nanos, RunInstant, RuntimeSample, Sample};
use std::future::Future;
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor, TaskMetrics, TaskMonitor};

/// In each group, the `TaskMonitor` instruments this number of tasks.
pub(super) const MONITORED: u32 = 8;
/// The length of an interval.
const INTERVAL: Nanos = Nanos::from_millis(250);

/// One `TaskMonitor` for each group. Code that spawns tasks uses these monitors.
pub struct GroupMonitors(Vec<(GroupId, TaskMonitor)>);

impl GroupMonitors {
    /// Creates the monitors of these groups.
    pub fn new(groups: impl IntoIterator<Item = GroupId>) -> GroupMonitors {
        GroupMonitors(groups.into_iter().map(|group| (group, TaskMonitor::new())).collect())
    }

    /// The monitor for the task of `group` with this index. Returns `None` if the task must not be
    /// instrumented.
    pub fn monitor(&self, group: GroupId, index: u32) -> Option<TaskMonitor> {
        let (_, monitor) = self.0.iter().find(|(id, _)| *id == group && index < MONITORED)?;
        Some(monitor.clone())
    }
}

/// Runs `body`. If there is a monitor, it instruments `body`.
pub async fn monitored<F: Future>(monitor: Option<TaskMonitor>, body: F) -> F::Output {
    match monitor {
        Some(monitor) => monitor.instrument(body).await,
        None => body.await,
    }
}

/// Takes tokio-metrics' intervals of a runtime and of its groups. Only the monitor's thread uses
/// this object.
pub struct RuntimeSampler {
    runtime: RuntimeIntervals,
    metrics: RuntimeMetrics,
    groups: Vec<GroupSampler>,
    next: RunInstant,
}

struct GroupSampler {
    group: GroupId,
    intervals: Box<dyn Iterator<Item = TaskMetrics> + Send>,
}

impl RuntimeSampler {
    /// Creates a sampler. The first intervals begin now.
    pub fn new(runtime: &Handle, groups: &GroupMonitors) -> RuntimeSampler {
        let sampler = |(group, monitor): &(GroupId, TaskMonitor)| GroupSampler {
            group: *group,
            intervals: Box::new(monitor.intervals()),
        };
        RuntimeSampler {
            runtime: RuntimeMonitor::new(runtime).intervals(),
            metrics: runtime.metrics(),
            groups: groups.0.iter().map(sampler).collect(),
            next: RunInstant::ZERO,
        }
    }

    /// The intervals that end at `now`. If no interval is due and `last` is false, the result is
    /// empty.
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
        let interval = self.runtime.next()?;
        let polls = |worker| self.metrics.worker_poll_count(worker);
        Some(RuntimeSample {
            at: now,
            elapsed: interval.elapsed.into(),
            polls: interval.total_polls_count,
            total_polls: (0..self.metrics.num_workers()).map(polls).sum(),
            live_tasks: interval.live_tasks_count,
            global_queue: interval.global_queue_depth,
            local_queue: interval.total_local_queue_depth,
            blocking_queue: interval.blocking_queue_depth,
            blocking_threads: interval.blocking_threads_count,
            busy: interval.total_busy_duration.into(),
            parks: interval.total_park_count,
            steals: interval.total_steal_count,
            io_ready: interval.io_driver_ready_count,
            budget_forced_yields: interval.budget_forced_yield_count,
        })
    }
}

impl GroupSampler {
    /// Samples one group. Returns `None` if the interval has no polls. For example, if only other
    /// tasks spawn the tasks of a group, the group's monitor instruments no task.
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
