//! What is run, and where; and running it.

use super::child::{self, Ended};
use super::numbers::LeftOut;
use crate::scenario::{ExecutorKind, LoadError, Overrides, Scenario};
use crate::signals::{Signal, Signals};
use serde_json::Value;
use std::io;
use std::time::Duration;

/// A scenario, where it is to be run, and how often.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The scenario as it was asked for: a file, or the name of a built-in one.
    pub what: String,
    /// What it says.
    pub scenario: Scenario,
    /// What the command line says instead, the executor aside.
    pub overrides: Overrides,
    /// Where it is run, in this order.
    pub executors: Vec<ExecutorKind>,
    /// Where it is not, because it cannot.
    pub left_out: Vec<LeftOut>,
    /// How often it is run on each.
    pub rounds: u32,
}

/// What was run once on each executor: the reports, or why there is none.
pub type Round = Vec<(ExecutorKind, Result<Value, String>)>;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Standing {
    /// Where it runs now.
    pub executor: ExecutorKind,
    /// Which round, from 1.
    pub round: u32,
    /// Of how many.
    pub rounds: u32,
    /// How long this run has been going on.
    pub elapsed: Duration,
    /// How long it takes; `None`: until every task has ended.
    pub of: Option<Duration>,
}

impl Plan {
    /// Runs `what` wherever it can, or on the executors `asked` for.
    ///
    /// # Errors
    /// When it cannot be loaded, or cannot run on an executor that was asked for.
    pub fn new(
        what: &str,
        overrides: &Overrides,
        asked: Option<&[ExecutorKind]>,
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
        for &kind in asked.unwrap_or(&ExecutorKind::ALL) {
            let here = Overrides {
                executor: Some(kind),
                ..*overrides
            };
            match here.load(what) {
                Ok(_) if plan.executors.contains(&kind) => {}
                Ok(_) => plan.executors.push(kind),
                Err(LoadError::Invalid(report)) if asked.is_none() => plan.left_out.push(LeftOut {
                    executor: kind.word(),
                    why: report.first().to_owned(),
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(plan)
    }

    /// Where the scenario wants to run.
    pub fn own(&self) -> ExecutorKind {
        self.scenario.executor.kind
    }

    /// What the command line says for a run there: on its own executor, nothing of an executor.
    fn overrides_on(&self, kind: ExecutorKind) -> Overrides {
        Overrides {
            executor: (kind != self.own()).then_some(kind),
            ..self.overrides
        }
    }
}

/// Runs it all, one run after the other. A run that fails is part of its round.
///
/// # Errors
/// With the signal that came in between; every process has ended then. And when no process can be started.
pub fn rounds(
    plan: &Plan,
    signals: &Signals,
    meanwhile: &mut dyn FnMut(&Standing),
) -> io::Result<Result<Vec<Round>, Signal>> {
    let mut all = Vec::new();
    for round in 1..=plan.rounds {
        let mut runs = Round::new();
        for &executor in &plan.executors {
            let overrides = plan.overrides_on(executor);
            let mut tell = |elapsed| {
                meanwhile(&Standing {
                    executor,
                    round,
                    rounds: plan.rounds,
                    elapsed,
                    of: plan.scenario.duration,
                });
            };
            let ended = child::run(&plan.what, &overrides, signals, &mut tell)?;
            let run = match (ended, signals.seen()) {
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
