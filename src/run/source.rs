//! What a front end needs of a run: batches of records, and a way to intervene.

use crate::record::Batch;
use std::time::Duration;

/// A source of batches. A live run is one; anything that can replay records is another.
pub trait Source {
    /// Moves the records from the rings into memory and returns how many wait there for the next batch.
    ///
    /// Cheap. Call it every few milliseconds, because a ring fills in that time, and call [`batch`](Source::batch) when it
    /// returns [`Batch::DUE`] or more.
    fn drain(&mut self) -> usize;
    /// Returns everything recorded since the last call. Never waits.
    fn batch(&mut self) -> Batch;
    /// Whether more records may come.
    fn state(&self) -> RunState;
    /// Injects one task that blocks synchronously for `lasts`, now.
    fn inject_block(&mut self, lasts: Duration);
    /// Jumps to the next cue of the scenario's timeline, if there is one.
    fn next_cue(&mut self);
    /// Asks the run to stop. Returns at once; [`Source::state`] tells when it has stopped.
    fn stop(&mut self);
}

/// The stage of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunState {
    /// Tasks run, or may still arrive.
    Running,
    /// As [`Running`](RunState::Running), but the scenario's timeline is held until [`Source::next_cue`].
    Waiting,
    /// The run was asked to stop, or its time is up. Blocking work gets one second to end.
    Stopping,
    /// Nothing more will be recorded.
    Ended {
        /// What could not be stopped or removed, or that no worker process was left, as one sentence. `None` if the run
        /// ended as it should.
        left: Option<String>,
    },
}
