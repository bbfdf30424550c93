//! Overrides: values of the command line that replace values of a scenario. Overrides are applied
//! before the scenario is checked, because a file that is valid on one executor may be invalid on
//! another executor. If an override conflicts with the file, the report quotes the lines of the
//! file.

use super::report::{Diagnostic, Diagnostics, Place};
use super::syntax::{self, At, Length, Start};
use super::types::{ExecutorKind, Lang};
use std::time::Duration;

/// Values of the command line that replace values of the file. `None` keeps the value of the file.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Overrides {
    /// The new executor. If a scenario cannot choose the number of workers of this executor, the
    /// number in the file is ignored.
    pub executor: Option<ExecutorKind>,
    /// The new number of threads, 1–1024.
    pub workers: Option<u64>,
    /// The new duration of the run, up to 24 hours. `scale` does not change this duration.
    pub duration: Option<Duration>,
    /// The new seed.
    pub seed: Option<u64>,
    /// The language of titles and cues. A text that is not translated into Russian is in English.
    pub lang: Lang,
    /// A factor for the times in the plan of the run, from [`Overrides::SHORTEST`] to 1. The factor
    /// multiplies `duration`, `start`, `until`, the durations of ramps and the times of cues. The
    /// factor does not change steps, pauses or rates.
    pub scale: Option<f64>,
}

impl Overrides {
    /// The smallest allowed scale. With a smaller scale, the plan of a lesson would be shorter than
    /// its steps.
    pub const SHORTEST: f64 = 0.05;

    pub(super) fn apply(&self, scenario: &mut syntax::Scenario, diagnostics: &mut Diagnostics) {
        fn option<T>(value: T, name: &'static str) -> Option<At<T>> {
            Some(At {
                value,
                place: Place::Option(name),
            })
        }
        if let Some(scale) = self.scale {
            if (Self::SHORTEST..=1.0).contains(&scale) {
                each_time(scenario, &mut |time| *time = time.mul_f64(scale));
            } else {
                let title = format!("the scale is {scale}, but it must be between {} and 1", Self::SHORTEST);
                diagnostics.push(Diagnostic::new(Place::Option("--scale"), title));
            }
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
            value: syntax::Executor::default(),
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

/// Changes each time in the plan of the run.
fn each_time(scenario: &mut syntax::Scenario, change: &mut impl FnMut(&mut Duration)) {
    if let Some(duration) = &mut scenario.duration {
        change(&mut duration.value.0);
    }
    for task in scenario.task.0.iter_mut().flat_map(|tasks| &mut tasks.value) {
        let task = &mut task.value;
        if let Some(At {
            value: Start::After(start),
            ..
        }) = &mut task.start
        {
            change(&mut start.0);
        }
        if let Some(until) = &mut task.until {
            change(&mut until.value.0);
        }
        if let Some(At {
            value: syntax::Rate::Ramp(ramp),
            ..
        }) = &mut task.rate
            && let Some(over) = &mut ramp.over.0
        {
            change(&mut over.value.0);
        }
    }
    for cue in scenario.cue.iter_mut().flat_map(|cues| &mut cues.value) {
        if let Some(at) = &mut cue.value.at.0 {
            change(&mut at.value.0);
        }
    }
}
