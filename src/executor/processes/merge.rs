//! Where the batches of all workers come together, for the monitor to put them into its own.

use crate::probe::Registry;
use crate::record::{Batch, Live, Resources};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// What comes from a worker, already in this run's words.
pub(super) enum Mail {
    /// With instants by this process's clock.
    Batch(Batch),
    /// What its process has used so far.
    Used(Resources),
    /// It is no more, and the run is not over.
    Dead,
}

/// What other processes tell of this run. Belongs to the monitor's thread.
pub struct RemoteRecords {
    registry: Arc<Registry>,
    mail: Receiver<(usize, Mail)>,
    /// What each worker has said last.
    workers: Vec<Last>,
    /// Come in, and not handed out yet.
    pending: Batch,
    /// How many work.
    living: usize,
}

#[derive(Default)]
struct Last {
    live: Live,
    jobs: u64,
    used: Resources,
}

impl RemoteRecords {
    /// Of so many workers, of which some may not work from the beginning.
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
            workers: (0..workers).map(|_| Last::default()).collect(),
            pending: Batch::default(),
        }
    }

    /// Takes in what has come. How many records wait for [`merge`](RemoteRecords::merge).
    pub fn drain(&mut self) -> usize {
        // Not before: a worker may have spoken before the run began.
        let zero = self.registry.zero();
        for (worker, mail) in self.mail.try_iter() {
            let last = &mut self.workers[worker];
            match mail {
                Mail::Batch(mut batch) => {
                    batch.moved(|at| at - zero);
                    self.pending.definitions.extend(batch.definitions);
                    self.pending.records.extend(batch.records);
                    self.pending.lost.extend(batch.lost);
                    self.pending.repetitions_lost.extend(batch.repetitions_lost);
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

    /// Puts what has been drained into a batch that was made since: what the workers' records refer to is in there, or was
    /// before. How things stand is told again until something newer is known.
    pub fn merge(&mut self, batch: &mut Batch) {
        let pending = std::mem::take(&mut self.pending);
        batch.definitions.extend(pending.definitions);
        batch.records.extend(pending.records);
        batch.lost.extend(pending.lost);
        batch.repetitions_lost.extend(pending.repetitions_lost);
        batch.samples.extend(pending.samples);
        batch.log.extend(pending.log);
        batch.log.sort_by_key(|line| line.at);
        for Last { live, jobs, .. } in &self.workers {
            batch.live.lanes.extend_from_slice(&live.lanes);
            batch.live.waiting.extend_from_slice(&live.waiting);
            batch.jobs = batch.jobs.saturating_add(*jobs);
        }
    }

    /// Every worker has died before the run was over, as far as has been drained.
    pub fn is_deserted(&self) -> bool {
        self.living == 0
    }

    /// What the workers' processes have used, as far as has been drained. Of one that died it is what it told last.
    pub fn used(&self) -> Resources {
        self.workers.iter().fold(Resources::default(), |mut sum, last| {
            sum += last.used;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Nanos;
    use std::sync::mpsc::channel;

    #[test]
    fn what_workers_claim_beyond_all_bounds_stays_at_the_bound() {
        let (mail, inbox) = channel();
        let mut elsewhere = RemoteRecords::new(Registry::new(), 2, 2, inbox);
        let most = Resources {
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
            mail.send((worker, Mail::Batch(batch))).expect("somebody listens");
            mail.send((worker, Mail::Used(most))).expect("somebody listens");
        }
        elsewhere.drain();
        let mut batch = Batch {
            jobs: 3,
            ..Batch::default()
        };
        elsewhere.merge(&mut batch);
        assert_eq!(batch.jobs, u64::MAX);
        assert_eq!(elsewhere.used(), most);
    }
}
