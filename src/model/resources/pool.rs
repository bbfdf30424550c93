//! The threads that jobs share: a thread pool, or the blocking pool of an async runtime.
//!
//! The slices of its lanes say how long each job was queued and how long it held its thread. No
//! other records are needed.

use super::Level;
use crate::model::hist::{Hist, Percentiles};
use crate::model::{Lane, Model};
use crate::record::{LaneKind, Nanos, RunInstant, RuntimeSample, Slice};

/// What is known about a pool of threads before the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolInfo {
    /// The name in reports.
    pub name: &'static str,
    /// The kind of its lanes.
    pub lanes: LaneKind,
    /// The maximum number of its threads.
    pub threads: u32,
}

/// A pool of threads, and the totals of its jobs.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What is known about the pool before the run.
    pub info: PoolInfo,
    /// The number of jobs that a thread has begun and ended.
    pub jobs: u64,
    /// The sum of the times for which these jobs were queued, and for which they held a thread.
    times: (Nanos, Nanos),
    queued: Hist,
    held: Hist,
    /// The number of jobs in the queue, now and at most.
    queue: (usize, usize),
    /// The number of threads with a job, now and at most.
    busy: (usize, usize),
}

impl Pool {
    pub(super) fn new(info: PoolInfo) -> Pool {
        Pool {
            info,
            jobs: 0,
            times: (Nanos::ZERO, Nanos::ZERO),
            queued: Hist::fine(),
            held: Hist::fine(),
            queue: (0, 0),
            busy: (0, 0),
        }
    }

    /// The number of jobs that wait for a thread.
    pub fn queue(&self, now: RunInstant) -> Level {
        level(self.queue, self.times.0, now)
    }

    /// The number of threads with a job.
    pub fn busy(&self, now: RunInstant) -> Level {
        level(self.busy, self.times.1, now)
    }

    /// How long the jobs waited for a thread.
    pub fn wait_time(&self) -> Percentiles {
        self.queued.percentiles()
    }

    /// How long the jobs held a thread.
    pub fn held_time(&self) -> Percentiles {
        self.held.percentiles()
    }

    /// Whether the run has used the pool.
    pub fn is_used(&self) -> bool {
        self.jobs > 0 || self.busy.1 > 0
    }

    pub(in crate::model) fn slice(&mut self, lane: LaneKind, slice: &Slice) {
        if lane == self.info.lanes {
            self.jobs += 1;
            self.times.0 += slice.queued.get();
            self.times.1 += slice.len.get();
            self.queued.record(slice.queued.get());
            self.held.record(slice.len.get());
        }
    }

    /// Counts the threads with a job now, and the jobs in the queue.
    fn update(&mut self, lanes: &[Lane], queued: usize) {
        let is_busy = |lane: &&Lane| lane.kind == self.info.lanes && lane.current.is_some();
        let busy = lanes.iter().filter(is_busy).count();
        self.busy = (busy, self.busy.1.max(busy));
        // When tokio starts, it queues its own workers in the blocking pool.
        if self.is_used() {
            self.queue = (queued, self.queue.1.max(queued));
        }
    }
}

fn level((now, max): (usize, usize), time: Nanos, end: RunInstant) -> Level {
    Level {
        now: now as u64,
        mean: time.0 as f64 / end.0.max(1) as f64,
        max: max as u64,
    }
}

impl Model {
    /// The pool of threads on which jobs run; `None` if every task has a thread of its own.
    pub fn pool(&self) -> Option<&Pool> {
        self.resources.pool.as_ref()
    }

    /// Updates the present numbers of the pool. Called after each batch.
    pub(in crate::model) fn update_pool(&mut self) {
        let in_runtime = |sample: &RuntimeSample| sample.blocking_queue;
        let queued = match self.info.async_executor {
            true => self.runtime.as_ref().map_or(0, in_runtime),
            false => self.counts().queued,
        };
        if let Some(pool) = &mut self.resources.pool {
            pool.update(&self.lanes, queued);
        }
    }
}
