//! Whether the records are complete, and how much memory the model uses.

/// How many records arrived, how many were lost, and how many polls tokio has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecordCounts {
    /// Slices that arrived.
    pub recorded: u64,
    /// Slices lost because a ring was full.
    pub dropped: u64,
    /// Other records lost because a ring was full.
    pub others_dropped: u64,
    /// How many of `recorded` and `dropped` were jobs on a blocking thread. Jobs are not polls.
    pub jobs: u64,
    /// Polls as tokio counts them: the sum of `worker_poll_count` over the workers. `None`: the
    /// executor is not tokio, or there is no sample yet.
    pub tokio_polls: Option<u64>,
    /// Whether tokio's workers have a LIFO slot. Polls from the slot are recorded, but
    /// `tokio_polls` does not contain them.
    pub lifo_slot: bool,
}

/// The result of comparing our polls, recorded and lost, with tokio's own count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollCountCheck {
    /// There is no count to compare with.
    Unknown,
    /// Both counts are equal; or ours is greater, where tokio's workers have a LIFO slot.
    Matches,
    /// The counts differ, so one side lacks polls.
    Differs {
        /// Our polls, recorded and lost.
        recorded: u64,
        /// Polls by tokio's count.
        tokio: u64,
    },
}

impl RecordCounts {
    /// Slices, recorded and lost.
    pub fn slices(&self) -> u64 {
        self.recorded.saturating_add(self.dropped)
    }

    /// Lost records of every kind.
    pub fn lost(&self) -> u64 {
        self.dropped.saturating_add(self.others_dropped)
    }

    /// Polls, recorded and lost.
    pub fn polls(&self) -> u64 {
        self.slices().saturating_sub(self.jobs)
    }

    /// Compares our polls with tokio's own count.
    ///
    /// `worker_poll_count` does not contain the polls that a worker runs from its LIFO slot.
    /// (`Context::run_task` of tokio 1.54 counts the poll that it begins with, and runs the slot
    /// within the same measurement.) So with a slot, our count may be greater, but never smaller.
    ///
    /// The result is meaningful only if no task has run between tokio's sample and the last batch,
    /// as at the end of a run. While tasks run, both counts are read at different instants and
    /// differ by the polls in between.
    pub fn check_poll_count(&self) -> PollCountCheck {
        let recorded = self.polls();
        match self.tokio_polls {
            None => PollCountCheck::Unknown,
            Some(tokio) if tokio == recorded || (self.lifo_slot && tokio < recorded) => PollCountCheck::Matches,
            Some(tokio) => PollCountCheck::Differs { recorded, tokio },
        }
    }
}

/// How much memory a model uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Slices kept.
    pub slices: usize,
    /// Bytes of everything that grows with the slices kept, on lanes and tasks, including blocking
    /// spans.
    pub slice_bytes: usize,
    /// Tasks kept.
    pub tasks: usize,
    /// Bytes of everything that grows with the tasks, without their slices.
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
        assert_eq!(check(Some(9), false), differs(9));
    }
}
