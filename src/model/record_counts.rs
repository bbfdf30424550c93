//! Whether the records are complete: what was written, what was lost, and what tokio itself has counted. And what it all
//! weighs.

/// What was recorded, what was lost, and what there should have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecordCounts {
    /// Slices recorded.
    pub written: u64,
    /// Slices lost because a ring was full.
    pub dropped: u64,
    /// Other records lost because a ring was full.
    pub other_dropped: u64,
    /// Of `written` and `dropped`, those that were jobs on a blocking thread and no polls.
    pub jobs: u64,
    /// Polls by tokio's own count (`worker_poll_count`, summed); `None`: not on tokio, or not sampled yet.
    pub tokio_polls: Option<u64>,
    /// tokio's workers have a LIFO slot: polls from it are recorded, but `tokio_polls` lacks them.
    pub lifo_slot: bool,
}

/// Whether recorded and lost slices together are as many as tokio's own polls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollCountCheck {
    /// There is nothing to compare with.
    Unknown,
    /// They are as many; or more, where tokio's workers have a LIFO slot.
    Holds,
    /// They are not: something is missing on one side.
    Differs {
        /// Recorded and lost.
        ours: u64,
        /// By tokio's count.
        tokios: u64,
    },
}

impl RecordCounts {
    /// Slices recorded and lost.
    pub fn slices(&self) -> u64 {
        self.written.saturating_add(self.dropped)
    }

    /// Records lost, of whatever kind.
    pub fn lost(&self) -> u64 {
        self.dropped.saturating_add(self.other_dropped)
    }

    /// Polls recorded and lost.
    pub fn polls(&self) -> u64 {
        self.slices().saturating_sub(self.jobs)
    }

    /// Compares with tokio's own count.
    ///
    /// `worker_poll_count` lacks the polls that a worker runs from its LIFO slot (`Context::run_task` of tokio 1.54 counts the
    /// poll that it begins with, and goes on with the slot under the same measurement). Where there is a slot, our own
    /// number may therefore be greater, never smaller.
    ///
    /// Means something only when nothing has run between tokio's sample and the last batch, as at the end of a run:
    /// while tasks run, the two are read at different instants and differ by the polls in between.
    pub fn check(&self) -> PollCountCheck {
        let ours = self.polls();
        match self.tokio_polls {
            None => PollCountCheck::Unknown,
            Some(tokios) if tokios == ours || (self.lifo_slot && tokios < ours) => PollCountCheck::Holds,
            Some(tokios) => PollCountCheck::Differs { ours, tokios },
        }
    }
}

/// What a model weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Slices held.
    pub slices: usize,
    /// Bytes of all that grows with the slices held, on lanes and tasks, blocking spans included.
    pub slice_bytes: usize,
    /// Tasks held.
    pub tasks: usize,
    /// Bytes of all that grows with the tasks, their slices aside.
    pub task_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_tokio_counts_is_sound_only_with_a_lifo_slot() {
        let check = |tokios, lifo_slot| {
            let accounts = RecordCounts {
                written: 12,
                dropped: 1,
                jobs: 3,
                tokio_polls: tokios,
                lifo_slot,
                ..RecordCounts::default()
            };
            accounts.check()
        };
        let differs = |tokios| PollCountCheck::Differs { ours: 10, tokios };
        assert_eq!(check(None, true), PollCountCheck::Unknown);
        assert_eq!(
            [false, true].map(|slot| check(Some(10), slot)),
            [PollCountCheck::Holds; 2]
        );
        assert_eq!([false, true].map(|slot| check(Some(11), slot)), [differs(11); 2]);
        assert_eq!(check(Some(9), true), PollCountCheck::Holds);
        assert_eq!(check(Some(9), false), differs(9));
    }
}
