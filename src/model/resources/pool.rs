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

/// For this number of jobs, the maximum of queued jobs and the maximum of running jobs are exact.
/// For later jobs, the maxima come only from samples.
const EXACT_JOBS: usize = 100_000;

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
    /// For each of the first jobs: when the job was queued, began and ended.
    first: Vec<[RunInstant; 3]>,
    /// The number of jobs in the queue, now and at most in any batch.
    queue: (usize, usize),
    /// The number of threads with a job, now and at most in any batch.
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
            first: Vec::new(),
            queue: (0, 0),
            busy: (0, 0),
        }
    }

    /// The number of jobs that wait for a thread.
    pub fn queue(&self, now: RunInstant) -> Level {
        level(self.queue, self.most(0, 1), self.times.0, now)
    }

    /// The number of jobs that wait for a thread now.
    pub fn queued_now(&self) -> usize {
        self.queue.0
    }

    /// The number of threads with a job now.
    pub fn busy_now(&self) -> usize {
        self.busy.0
    }

    /// The number of threads with a job.
    pub fn busy(&self, now: RunInstant) -> Level {
        level(self.busy, self.most(1, 2), self.times.1, now)
    }

    /// The largest number of first jobs that were in the same phase at once. A phase lies between
    /// two of a job's instants: `from` and `to`.
    fn most(&self, from: usize, to: usize) -> usize {
        let changes = self.first.iter().flat_map(|job| [(job[from], 1), (job[to], -1)]);
        let mut changes: Vec<(RunInstant, isize)> = changes.collect();
        // If some jobs end and others begin at the same instant, the ends come first.
        changes.sort_unstable();
        let mut number = 0;
        let numbers = changes.into_iter().map(|(_, change)| {
            number += change;
            number
        });
        numbers.max().unwrap_or(0).unsigned_abs()
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
            if self.first.len() < EXACT_JOBS {
                let (queued, end) = (slice.start - slice.queued.get(), slice.start + slice.len.get());
                self.first.push([queued, slice.start, end]);
            }
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

fn level((now, sampled): (usize, usize), most: usize, time: Nanos, end: RunInstant) -> Level {
    Level {
        now: now as u64,
        mean: time.0 as f64 / end.0.max(1) as f64,
        max: sampled.max(most) as u64,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunInfo;
    use crate::record::{
        Batch, CompactDuration, CurrentSlice, Definition, Label, LaneId, Live, Reason, Record, TaskId,
    };

    #[test]
    fn jobs_that_were_queued_or_ran_between_two_batches_count_in_the_maxima() {
        let mut pool = Pool::new(PoolInfo {
            name: "pool threads",
            lanes: LaneKind::Pool,
            threads: 2,
        });
        // All jobs are queued at 0 ms. Two jobs run from 1 ms to 5 ms, and two jobs run from 5 ms
        // to 9 ms.
        for (task, start) in [(1, 5), (2, 1), (3, 1), (4, 5)] {
            let slice = Slice {
                start: RunInstant::from_millis(start),
                task: TaskId::new(task).expect("not zero"),
                len: Nanos::from_millis(4).into(),
                queued: Nanos::from_millis(start).into(),
                unnoticed: CompactDuration::ZERO,
                woken_by: None,
                label: Label::NONE,
                suspended_on: Reason::Unknown,
                branch: false,
            };
            pool.slice(LaneKind::Pool, &slice);
        }
        let now = RunInstant::from_millis(12);
        assert_eq!((pool.queue(now).max, pool.busy(now).max), (4, 2));
        assert_eq!((pool.queue(now).mean, pool.busy(now).now), (1.0, 0));
    }

    #[test]
    fn no_thread_is_busy_at_the_end_if_its_job_has_ended() {
        let (task, lane) = (TaskId::new(1).expect("not zero"), LaneId(0));
        let mut model = Model::new(RunInfo {
            pool: Some(PoolInfo {
                name: "pool threads",
                lanes: LaneKind::Pool,
                threads: 1,
            }),
            ..RunInfo::default()
        });
        let busy = |model: &Model| model.pool().map(|pool| pool.busy(model.now()).now);
        let job = Slice {
            start: RunInstant::from_millis(1),
            task,
            len: Nanos::from_millis(3).into(),
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            woken_by: None,
            label: Label::NONE,
            suspended_on: Reason::Unknown,
            branch: false,
        };
        let current = CurrentSlice::new(lane, task, job.start);
        model.apply(&Batch {
            now: RunInstant::from_millis(2),
            definitions: vec![Definition::Lane {
                id: lane,
                kind: LaneKind::Pool,
                name: "pool 0".to_owned(),
            }],
            live: Live {
                lanes: vec![current],
                ..Live::default()
            },
            ..Batch::default()
        });
        assert_eq!(busy(&model), Some(1));
        model.apply(&Batch {
            now: RunInstant::from_millis(6),
            ended_at: Some(RunInstant::from_millis(5)),
            records: vec![(lane, Record::Slice(job))],
            ..Batch::default()
        });
        assert_eq!(busy(&model), Some(0));
    }
}
