//! tokio-metrics over the whole run. Its samples are intervals: right for a gauge, while a report wants the sums.

use crate::record::{GroupSample, Nanos, RuntimeSample};

/// What `RuntimeMonitor`'s intervals come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RuntimeTotals {
    /// Workers' busy time, summed over workers.
    pub busy: Nanos,
    /// StateTimes a worker parked.
    pub parks: u64,
    /// Tasks stolen between workers.
    pub steals: u64,
    /// StateTimes the I/O driver delivered readiness.
    pub io_ready: u64,
    /// Polls cut short by tokio's cooperative budget.
    pub budget_forced_yields: u64,
    /// The most tasks that a sample found in the injection queue.
    pub max_global_queue: usize,
    /// The most tasks that a sample found in the workers' own queues.
    pub max_local_queue: usize,
    /// The most jobs that a sample found waiting for a blocking thread.
    pub max_blocking_queue: usize,
    /// The most threads that a sample found in the blocking pool.
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

/// What the intervals of a group's `TaskMonitor` come to: sums over the few tasks that it watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupTotals {
    /// Polls.
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

    /// Mean time scheduled before a poll; zero if there was none.
    pub fn mean_scheduled(&self) -> Nanos {
        Nanos(self.scheduled.0 / self.scheduled_count.max(1))
    }

    /// Mean poll; zero if there was none.
    pub fn mean_poll(&self) -> Nanos {
        Nanos(self.polling.0 / self.polls.max(1))
    }

    /// Share of slow polls (tokio-metrics: over 50 µs), 0–1.
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
    fn an_interval_weighs_what_its_polls_weigh() {
        let sample = |polls, mean: u64, slow_polls| GroupSample {
            at: RunInstant::ZERO,
            group: GroupId(0),
            // A task is polled for the first time, and by chance, without having been woken.
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
