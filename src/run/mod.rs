//! One run of one scenario, from start to stop, as its two front ends (the screen and the headless report) see it.

use crate::record::Batch;
use std::time::Duration;

/// Where a front end's batches come from, and whom it tells what the presenter wants.
///
/// A live run is one; so is whatever else can replay records.
pub trait Source {
    /// Everything recorded since the call before. Never waits.
    fn batch(&mut self) -> Batch;
    /// Whether anything is still to come.
    fn state(&self) -> RunState;
    /// Injects one synchronous block of this length into the runtime, now.
    fn inject_block(&mut self, lasts: Duration);
    /// Asks the run to stop. Returns at once; [`Source::state`] tells when it has.
    fn stop(&mut self);
}

/// How far a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunState {
    /// Tasks run, or may still arrive.
    Running,
    /// It was asked to stop, or its time is up; blocking work is given a second.
    Stopping,
    /// Nothing more will be recorded.
    Ended {
        /// What could not be stopped, in a sentence; `None`: nothing was left running.
        left: Option<String>,
    },
}
