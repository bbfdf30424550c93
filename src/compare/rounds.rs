//! The plan of a comparison, and the function that carries the plan out.

use super::child::{self, Ended};
use super::numbers::LeftOut;
use crate::scenario::{ExecutorKind, LoadError, Overrides, Scenario};
use crate::signals::{Signal, Signals};
use serde_json::Value;
use std::io;
use std::time::Duration;
use strum::VariantArray;

/// A scenario, the executors on which it will run, and the number of runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The scenario as the command line names it: a file, or the name of a built-in scenario.
    pub what: String,
    /// The loaded scenario.
    pub scenario: Scenario,
    /// The overrides from the command line, except the executor.
    pub overrides: Overrides,
    /// The executors on which the scenario will run, in this order.
    pub executors: Vec<ExecutorKind>,
    /// The executors on which the scenario cannot run.
    pub left_out: Vec<LeftOut>,
    /// The number of runs on each executor.
    pub rounds: u32,
}

/// One run on each executor. For each run, the report, or the reason why there is no report.
pub type Round = Vec<(ExecutorKind, Result<Value, String>)>;

/// The progress of a comparison.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RunProgress {
    /// The executor of the current run.
    pub executor: ExecutorKind,
    /// The number of the current round, from 1.
    pub round: u32,
    /// The number of rounds.
    pub rounds: u32,
    /// The time since the start of the current run.
    pub elapsed: Duration,
    /// The planned duration of the run. `None` if no duration is planned: then the run ends when
    /// every task has ended.
    pub of: Option<Duration>,
}

impl Plan {
    /// Creates a plan that runs the scenario `what` on the `requested` executors. If `requested` is
    /// `None`, the plan uses every executor on which the scenario
    /// can run.
    ///
    /// # Errors
    /// Returns an error if the scenario cannot be loaded, or if it cannot run on a requested
    /// executor.
    pub fn new(
        what: &str,
        overrides: &Overrides,
        requested: Option<&[ExecutorKind]>,
        rounds: u32,
    ) -> Result<Plan, LoadError> {
        let scenario = overrides.load(what)?;
        let mut plan = Plan {
            what: what.to_owned(),
            scenario,
            overrides: *overrides,
            executors: Vec::new(),
            left_out: Vec::new(),
            rounds,
        };
        for &kind in requested.unwrap_or(ExecutorKind::VARIANTS) {
            let overrides = Overrides {
                executor: Some(kind),
                ..*overrides
            };
            match overrides.load(what) {
                Ok(_) if plan.executors.contains(&kind) => {}
                Ok(_) => plan.executors.push(kind),
                Err(LoadError::Invalid(report)) if requested.is_none() => plan.left_out.push(LeftOut {
                    executor: kind.into_str(),
                    why: report.first().to_owned(),
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(plan)
    }

    /// The scenario's own executor.
    pub fn own(&self) -> ExecutorKind {
        self.scenario.executor.kind
    }

    /// The overrides for a run on the executor `kind`. If `kind` is the scenario's own executor,
    /// these overrides do not change the executor.
    fn overrides_on(&self, kind: ExecutorKind) -> Overrides {
        Overrides {
            executor: (kind != self.own()).then_some(kind),
            ..self.overrides
        }
    }
}

/// Carries out the plan, one run at a time. A failed run is also included in its round.
///
/// If a signal arrives, ends the current run and returns the signal.
///
/// # Errors
/// Returns an error if a process cannot be started.
pub fn rounds(
    plan: &Plan,
    signals: &Signals,
    meanwhile: &mut dyn FnMut(&RunProgress),
) -> io::Result<Result<Vec<Round>, Signal>> {
    let mut all = Vec::new();
    for round in 1..=plan.rounds {
        let mut runs = Round::new();
        for &executor in &plan.executors {
            let overrides = plan.overrides_on(executor);
            let mut report_progress = |elapsed| {
                meanwhile(&RunProgress {
                    executor,
                    round,
                    rounds: plan.rounds,
                    elapsed,
                    of: plan.scenario.duration,
                });
            };
            let ended = child::run(&plan.what, &overrides, signals, &mut report_progress)?;
            let run = match (ended, signals.latest()) {
                (Ended::Signalled(signal), _) | (_, Some(signal)) => return Ok(Err(signal)),
                (Ended::Report(report), None) => Ok(report),
                (Ended::Failed(why), None) => Err(why),
            };
            runs.push((executor, run));
        }
        all.push(runs);
    }
    Ok(Ok(all))
}
