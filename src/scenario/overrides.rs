//! What the command line changes of a scenario, before it is checked: what the file allows on one executor may be
//! impossible on another, and the report says so with the file's own lines.

use super::raw::{self, At, Length};
use super::report::Place;
use super::types::ExecutorKind;
use std::time::Duration;

/// What the command line says instead of the file; `None` leaves what the file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// Another executor. The file's number of workers goes, where the new one always has one.
    pub executor: Option<ExecutorKind>,
    /// Another number of threads, 1–1024.
    pub workers: Option<u64>,
    /// Another duration, up to 24 hours.
    pub duration: Option<Duration>,
    /// Another seed.
    pub seed: Option<u64>,
}

impl Overrides {
    pub(super) fn apply(&self, scenario: &mut raw::Scenario) {
        fn option<T>(value: T, name: &'static str) -> Option<At<T>> {
            Some(At {
                value,
                place: Place::Option(name),
            })
        }
        if let Some(length) = self.duration {
            scenario.duration = option(Length(length), "--duration");
        }
        if let Some(seed) = self.seed {
            scenario.seed = option(seed, "--seed");
        }
        if self.executor.is_none() && self.workers.is_none() {
            return;
        }
        let empty = || At {
            value: raw::Executor::default(),
            place: Place::File(0..0),
        };
        let executor = &mut scenario.executor.get_or_insert_with(empty).value;
        if let Some(kind) = self.executor {
            executor.kind = option(kind, "--executor");
        }
        if let Some(workers) = self.workers {
            executor.workers = option(workers, "--workers");
        }
    }
}
