//! Merges the batches of all workers into the monitor's batch.

use crate::probe::Registry;
use crate::record::{Batch, Live, ProcessClock, TaskSums, Usage};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// A message from a worker, translated to the ids of this run.
pub(super) enum Mail {
    /// Records whose instants are on this process's clock.
    Batch(Box<Batch<ProcessClock>>),
    /// The resources that the worker process has used since the worker was ready.
    Used(Usage),
    /// The worker died before the run was over.
    Dead,
}

/// The maximum number of messages that may wait for the monitor, for this number of workers. When
/// the maximum is reached, workers cannot send more messages until the monitor has received some
/// messages. So a worker cannot fill the memory.
pub(super) fn most_waiting(workers: usize) -> usize {
    64 + 4 * workers
}

/// The records of this run's worker processes. Only the monitor's thread uses this object.
pub struct RemoteRecords {
    registry: Arc<Registry>,
    mail: Receiver<(usize, Mail)>,
    /// The latest state of each worker, by the worker's number.
    workers: Vec<Latest>,
    /// The records that have been received, but not merged yet.
    pending: Batch,
    /// The number of workers that are alive.
    living: usize,
}

#[derive(Default)]
struct Latest {
    live: Live,
    jobs: u64,
    used: Usage,
}

impl RemoteRecords {
    /// Creates the object for `workers` workers. `living` is the number of workers that could be
    /// started.
    pub(super) fn new(
        registry: Arc<Registry>,
        workers: usize,
        living: usize,
        mail: Receiver<(usize, Mail)>,
    ) -> RemoteRecords {
        RemoteRecords {
            registry,
            living,
            mail,
            workers: (0..workers).map(|_| Latest::default()).collect(),
            pending: Batch::default(),
        }
    }

    /// Receives the messages that have arrived. One call receives a limited number of messages,
    /// because workers may send faster than this process receives. Returns the number of records
    /// that wait for [`merge`](RemoteRecords::merge).
    pub fn drain(&mut self) -> usize {
        // The run's start is not known earlier: a worker may send messages before the run begins.
        let start = self.registry.run_start();
        for (worker, mail) in self.mail.try_iter().take(most_waiting(self.workers.len())) {
            let last = &mut self.workers[worker];
            match mail {
                Mail::Batch(batch) => {
                    let batch = batch.map_instants(|at| start.to_run(at));
                    self.pending.definitions.extend(batch.definitions);
                    self.pending.records.extend(batch.records);
                    self.pending.lost.extend(batch.lost);
                    self.pending.repetitions_lost.extend(batch.repetitions_lost);
                    self.pending.sums.extend(batch.sums);
                    self.pending.samples.extend(batch.samples);
                    self.pending.log.extend(batch.log);
                    last.live = batch.live;
                    last.jobs = last.jobs.max(batch.jobs);
                }
                Mail::Used(used) => last.used = used,
                Mail::Dead => self.living = self.living.saturating_sub(1),
            }
        }
        self.pending.records.len()
    }

    /// Adds the drained records to a batch of this process. The batch must have been made after the
    /// drain, so that all groups and labels to which the records refer are defined. Each batch gets
    /// the latest live state of each worker, even if the worker has sent no newer state.
    pub fn merge(&mut self, batch: &mut Batch) {
        let pending = std::mem::take(&mut self.pending);
        batch.definitions.extend(pending.definitions);
        batch.records.extend(pending.records);
        batch.lost.extend(pending.lost);
        batch.repetitions_lost.extend(pending.repetitions_lost);
        // A worker does not know when the run ended. Later sums would contain later slices.
        let is_in_run = |sums: &TaskSums| batch.ended_at.is_none_or(|end| sums.until <= end);
        batch.sums.extend(pending.sums.into_iter().filter(is_in_run));
        batch.samples.extend(pending.samples);
        batch.log.extend(pending.log);
        batch.log.sort_by_key(|line| line.at);
        for Latest { live, jobs, .. } in &self.workers {
            batch.live.lanes.extend_from_slice(&live.lanes);
            batch.live.branches.extend_from_slice(&live.branches);
            batch.live.waiting.extend_from_slice(&live.waiting);
            batch.jobs = batch.jobs.saturating_add(*jobs);
        }
    }

    /// Whether every worker died before the end of the run. Only messages that have been drained
    /// are counted.
    pub fn all_dead(&self) -> bool {
        self.living == 0
    }

    /// The resources that all worker processes have used. Only messages that have been drained are
    /// counted. For a dead worker, its last report is used.
    pub fn used(&self) -> Usage {
        self.workers.iter().fold(Usage::default(), |mut sum, last| {
            sum += last.used;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CurrentSlice, Label, LaneId, Nanos, Reason, RunInstant, TaskId, Waiting};
    use std::num::NonZeroU32;
    use std::sync::mpsc::channel;

    #[test]
    fn each_batch_contains_the_latest_state_of_each_worker() {
        let (mail, inbox) = channel();
        let registry = Registry::new();
        let start = registry.run_start();
        let mut remote = RemoteRecords::new(registry, 2, 2, inbox);
        let current = |task| CurrentSlice::new(LaneId(3), task, RunInstant::new(7));
        let [task, branch, waiting] = [1, 2, 3].map(|id| TaskId::new(id).expect("not zero"));
        let live = Live {
            lanes: vec![current(task)],
            branches: vec![current(branch)],
            waiting: vec![Waiting {
                task: waiting,
                ready: Some(RunInstant::new(5)),
                woken: None,
            }],
        };
        let batch = Batch {
            live: live.clone().map_instants(|at| start.to_process(at)),
            ..Batch::default()
        };
        mail.send((1, Mail::Batch(Box::new(batch))))
            .expect("the receiver exists");
        remote.drain();
        for _ in 0..2 {
            let mut batch = Batch::default();
            remote.merge(&mut batch);
            assert_eq!(batch.live, live);
        }
    }

    #[test]
    fn sums_of_tasks_that_include_the_time_after_the_run_are_left_out() {
        let (mail, inbox) = channel();
        let registry = Registry::new();
        let start = registry.run_start();
        let mut remote = RemoteRecords::new(registry, 1, 1, inbox);
        let sums = |until| TaskSums {
            until: start.to_process(RunInstant::new(until)),
            task: TaskId(NonZeroU32::MIN),
            lost: 1,
            running: Nanos::ZERO,
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            queued: Nanos::ZERO,
            unnoticed: Nanos::ZERO,
            suspended_on: Default::default(),
            on_worker: false,
            reason: Reason::Unknown,
            label: Label::NONE,
        };
        let batch = Batch {
            sums: vec![sums(10), sums(11)],
            ..Batch::default()
        };
        mail.send((0, Mail::Batch(Box::new(batch))))
            .expect("the receiver exists");
        remote.drain();
        let mut batch = Batch {
            ended_at: Some(RunInstant::new(10)),
            ..Batch::default()
        };
        remote.merge(&mut batch);
        assert_eq!(batch.sums.iter().map(|sums| sums.until.0).collect::<Vec<_>>(), [10]);
    }

    #[test]
    fn sums_of_impossible_values_saturate() {
        let (mail, inbox) = channel();
        let mut remote = RemoteRecords::new(Registry::new(), 2, 2, inbox);
        let most = Usage {
            cpu: Nanos::MAX,
            peak_memory: u64::MAX,
            voluntary_switches: u64::MAX,
            involuntary_switches: u64::MAX,
            processes: u32::MAX,
        };
        for worker in 0..2 {
            let batch = Batch {
                jobs: u64::MAX,
                ..Batch::default()
            };
            mail.send((worker, Mail::Batch(Box::new(batch))))
                .expect("the receiver exists");
            mail.send((worker, Mail::Used(most))).expect("the receiver exists");
        }
        remote.drain();
        let mut batch = Batch {
            jobs: 3,
            ..Batch::default()
        };
        remote.merge(&mut batch);
        assert_eq!(batch.jobs, u64::MAX);
        assert_eq!(remote.used(), most);
    }
}
