//! Shows whether the records are complete and how much memory the model uses.

/// The numbers of records that arrived and that were lost, and the number of polls that tokio
/// counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecordCounts {
    /// The number of slices that arrived.
    pub recorded: u64,
    /// The number of slices that began after the end of the run, included in `recorded`. tokio
    /// counts their polls, but no lane and no task contains them.
    pub after_end: u64,
    /// The number of slices that were lost because a ring was full.
    pub dropped: u64,
    /// The number of other records that were lost because a ring was full.
    pub others_dropped: u64,
    /// The number of jobs on blocking threads, included in `recorded` and `dropped`. Jobs are not
    /// polls.
    pub jobs: u64,
    /// The number of polls that tokio counted: the sum of `worker_poll_count` over the workers.
    /// `None` if the executor is not tokio, or if there is no sample yet.
    pub tokio_polls: Option<u64>,
    /// Whether tokio's workers have a LIFO slot. Polls from the slot are recorded, but
    /// `tokio_polls` does not contain them.
    pub lifo_slot: bool,
}

/// After each poll that tokio counts, a worker runs at most this number of polls from the LIFO
/// slot. (`MAX_LIFO_POLLS_PER_TICK` of tokio 1.54: after this number of polls, the worker disables
/// its slot until it takes the next task from a queue.)
const MAX_LIFO_POLLS: u64 = 3;

/// The result of comparing our number of polls with tokio's number. Our number includes lost polls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollCountCheck {
    /// The number of polls by tokio's count is not known.
    Unknown,
    /// Both numbers are equal. If tokio's workers have a LIFO slot, our number may also be greater,
    /// but at most four times tokio's number.
    Matches,
    /// The numbers differ, so one side has missed polls.
    Differs {
        /// Our number of polls, including lost polls.
        recorded: u64,
        /// Tokio's number of polls.
        tokio: u64,
    },
}

impl RecordCounts {
    /// The number of slices, including lost slices.
    pub fn slices(&self) -> u64 {
        self.recorded.saturating_add(self.dropped)
    }

    /// The number of lost records of every kind.
    pub fn lost(&self) -> u64 {
        self.dropped.saturating_add(self.others_dropped)
    }

    /// The number of polls, including lost polls.
    pub fn polls(&self) -> u64 {
        self.slices().saturating_sub(self.jobs)
    }

    /// Compares our number of polls with tokio's number.
    ///
    /// `worker_poll_count` does not contain the polls that a worker runs from its LIFO slot.
    /// (`Context::run_task` of tokio 1.54 counts its first poll. Then it polls tasks from the slot,
    /// and does not count these polls.) So with a LIFO slot, our number may be greater than tokio's
    /// number, but never smaller. After each counted poll, a worker runs at most three polls from
    /// its slot. So our number is at most four times tokio's number. tokio 1.54 does not publish
    /// the number of these polls.
    ///
    /// The result is meaningful only if no task has run between tokio's sample and the last batch,
    /// for example at the end of a run. While tasks run, the two numbers are read at different
    /// instants, and differ by the polls in between.
    pub fn check_poll_count(&self) -> PollCountCheck {
        let recorded = self.polls();
        match self.tokio_polls {
            None => PollCountCheck::Unknown,
            Some(tokio) => {
                let uncounted = if self.lifo_slot {
                    tokio.saturating_mul(MAX_LIFO_POLLS)
                } else {
                    0
                };
                if (tokio..=tokio.saturating_add(uncounted)).contains(&recorded) {
                    PollCountCheck::Matches
                } else {
                    PollCountCheck::Differs { recorded, tokio }
                }
            }
        }
    }
}

/// The memory that a model uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// The number of slices kept.
    pub slices: usize,
    /// The number of bytes that the slices take, on lanes and tasks, including blocking spans.
    pub slice_bytes: usize,
    /// The number of tasks kept.
    pub tasks: usize,
    /// The number of bytes that the tasks take, without their slices.
    pub task_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_polls_than_tokio_counts_match_only_with_a_lifo_slot() {
        let check = |tokio_polls, lifo_slot| {
            let counts = RecordCounts {
                recorded: 12,
                dropped: 1,
                jobs: 3,
                tokio_polls,
                lifo_slot,
                ..RecordCounts::default()
            };
            counts.check_poll_count()
        };
        let differs = |tokio| PollCountCheck::Differs { recorded: 10, tokio };
        assert_eq!(check(None, true), PollCountCheck::Unknown);
        assert_eq!(
            [false, true].map(|slot| check(Some(10), slot)),
            [PollCountCheck::Matches; 2]
        );
        assert_eq!([false, true].map(|slot| check(Some(11), slot)), [differs(11); 2]);
        assert_eq!(check(Some(9), true), PollCountCheck::Matches);
        // After each poll that tokio counts, a worker runs at most three polls from the slot.
        assert_eq!(check(Some(3), true), PollCountCheck::Matches);
        assert_eq!(check(Some(2), true), differs(2));
        assert_eq!(check(Some(9), false), differs(9));
    }
}
