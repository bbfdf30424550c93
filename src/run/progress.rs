//! The stage of the conductor, shared with the front end's thread.

use crate::record::{ArrivalWindow, GroupId, Nanos};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// The stage of the conductor, and the problems at the end of the run.
#[derive(Default)]
pub(super) struct Progress {
    stage: AtomicU8,
    /// Whether no further task can arrive.
    arrivals_over: AtomicBool,
    /// The windows of arrivals that have changed since they were taken.
    windows: Mutex<BTreeMap<GroupId, Nanos>>,
    /// The problems at the end of the run. Each problem is a clause. At the end, the clauses are
    /// joined into one sentence.
    problems: Mutex<Vec<String>>,
}

impl Progress {
    pub(super) const RUNNING: u8 = 0;
    pub(super) const WAITING: u8 = 1;
    pub(super) const STOPPING: u8 = 2;
    pub(super) const STOPPED: u8 = 3;

    pub(super) fn set(&self, stage: u8) {
        self.stage.store(stage, Ordering::Release);
    }

    pub(super) fn get(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    /// Sets whether no further task can arrive. All tasks that have arrived must have been spawned.
    pub(super) fn set_arrivals_over(&self, over: bool) {
        self.arrivals_over.store(over, Ordering::Release);
    }

    pub(super) fn arrivals_over(&self) -> bool {
        self.arrivals_over.load(Ordering::Acquire)
    }

    /// Sets the window of the arrivals of a group.
    pub(super) fn set_arrival_window(&self, group: GroupId, len: Nanos) {
        self.windows.lock().insert(group, len);
    }

    /// The windows that have changed since the last call.
    pub(super) fn take_arrival_windows(&self) -> Vec<ArrivalWindow> {
        let windows = std::mem::take(&mut *self.windows.lock()).into_iter();
        windows.map(|(group, len)| ArrivalWindow { group, len }).collect()
    }

    pub(super) fn add_problem(&self, clause: String) {
        self.problems.lock().push(clause);
    }

    pub(super) fn take_problems(&self) -> Vec<String> {
        std::mem::take(&mut *self.problems.lock())
    }
}
