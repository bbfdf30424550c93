//! The totals of tokio-metrics over the whole run. Each sample of tokio-metrics covers one
//! interval. A gauge shows a single interval, but a report needs the sums.

use crate::record::{GroupSample, Nanos, RuntimeSample};

/// The sums and maxima of the intervals of tokio's `RuntimeMonitor`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RuntimeTotals {
    /// The busy time, summed over the workers.
    pub busy: Nanos,
    /// How often a worker parked.
    pub parks: u64,
    /// The number of tasks stolen between workers.
    pub steals: u64,
    /// How often the I/O driver reported a ready resource.
    pub io_ready: u64,
    /// The number of polls that ended early because tokio's cooperative budget was used up.
    pub budget_forced_yields: u64,
    /// The greatest number of tasks in the global queue in any sample.
    pub max_global_queue: usize,
    /// The greatest number of tasks in the workers' own queues in any sample.
    pub max_local_queue: usize,
    /// The greatest number of jobs that waited for a blocking thread in any sample.
    pub max_blocking_queue: usize,
    /// The greatest number of threads in the blocking pool in any sample.
    pub max_blocking_threads: usize,
}

impl RuntimeTotals {
    pub(super) fn add(&mut self, interval: &RuntimeSample) {
        self.busy += interval.busy;
        self.parks += interval.parks;
        self.steals += interval.steals;
        self.io_ready += interval.io_ready;
        self.budget_forced_yields += interval.budget_forced_yields;
        self.max_global_queue = self.max_global_queue.max(interval.global_queue);
        self.max_local_queue = self.max_local_queue.max(interval.local_queue);
        self.max_blocking_queue = self.max_blocking_queue.max(interval.blocking_queue);
        self.max_blocking_threads = self.max_blocking_threads.max(interval.blocking_threads);
    }
}

/// The sums of the intervals of a group's `TaskMonitor`. The monitor watches only a few of the
/// group's tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupTotals {
    /// The number of polls.
    pub polls: u64,
    polling: Nanos,
    slow: u64,
    scheduled_count: u64,
    scheduled: Nanos,
}

impl GroupTotals {
    pub(super) fn add(&mut self, interval: &GroupSample) {
        self.polls += interval.polls;
        self.polling += interval.polling;
        self.slow += interval.slow_polls;
        self.scheduled_count += interval.scheduled_count;
        self.scheduled += interval.scheduled;
    }

    /// The mean time from a wake-up to the poll; zero if no wake-up was counted.
    pub fn mean_scheduled(&self) -> Nanos {
        Nanos(self.scheduled.0 / self.scheduled_count.max(1))
    }

    /// The mean duration of a poll; zero if there was no poll.
    pub fn mean_poll(&self) -> Nanos {
        Nanos(self.polling.0 / self.polls.max(1))
    }

    /// The share of slow polls, 0–1. tokio-metrics calls a poll slow if it takes more than 50 µs.
    pub fn slow_poll_share(&self) -> f64 {
        self.slow as f64 / self.polls.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::GroupId;
    use crate::record::RunInstant;

    #[test]
    fn means_weight_each_interval_by_its_polls() {
        let sample = |polls, mean: u64, slow_polls| GroupSample {
            at: RunInstant::ZERO,
            group: GroupId(0),
            // Not every poll follows a wake-up. For example, no wake-up precedes the first poll of
            // a task.
            scheduled_count: polls / 2,
            scheduled: Nanos(polls / 2 * mean),
            polls,
            polling: Nanos(2 * polls * mean),
            slow_polls,
        };
        let mut totals = GroupTotals::default();
        assert_eq!(
            (totals.mean_poll(), totals.mean_scheduled()),
            (Nanos::ZERO, Nanos::ZERO)
        );
        assert_eq!(totals.slow_poll_share(), 0.0);
        totals.add(&sample(10, 100, 0));
        totals.add(&sample(30, 500, 30));
        assert_eq!(totals.polls, 40);
        assert_eq!((totals.mean_scheduled(), totals.mean_poll()), (Nanos(400), Nanos(800)));
        assert_eq!(totals.slow_poll_share(), 0.75);
    }
}
