//! The interface of a run for front ends: batches of records, and methods to intervene.

use crate::record::Batch;
use std::time::Duration;

/// A source of batches: a live run, or a replay of records.
pub trait Source {
    /// Moves the records from the rings into memory. Returns the number of records that wait there
    /// for the next batch.
    ///
    /// This method is cheap. Call this method every few milliseconds. If the time between two calls
    /// is longer, a ring can become full. If this method returns [`Batch::DUE`] or more, call
    /// [`batch`](Source::batch).
    fn drain(&mut self) -> usize;
    /// Returns everything recorded since the last call. Never waits.
    fn batch(&mut self) -> Batch;
    /// The stage of the run, which shows whether more records may follow.
    fn state(&self) -> RunState;
    /// Immediately injects one task that blocks synchronously for `lasts`.
    fn inject_block(&mut self, lasts: Duration);
    /// Jumps to the next cue of the scenario's timeline, if there is one.
    fn next_cue(&mut self);
    /// Asks the run to stop, and returns immediately. [`Source::state`] shows when the run has
    /// stopped.
    fn stop(&mut self);
}

/// The stage of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunState {
    /// Tasks run, or may still arrive.
    Running,
    /// Like [`Running`](RunState::Running), but the scenario's timeline waits for a call of
    /// [`Source::next_cue`].
    Waiting,
    /// The run was asked to stop, or its time is up. Blocking work gets one second to end.
    Stopping,
    /// Nothing more will be recorded.
    Ended {
        /// One sentence about problems: threads that did not stop, files that were not removed, or
        /// the death of all worker processes. `None` if there were no problems.
        left: Option<String>,
    },
}
