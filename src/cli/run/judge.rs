//! Whether a run that is over was as its scenario expects, as far as it can be judged.

use crate::expect::{self, Judged};
use crate::report::Report;
use crate::run::{Interference, Run};
use crate::scenario::{Expectation, Overrides, Scenario};

/// What is expected of a run, and where.
pub struct Judge {
    expectations: Vec<Expectation>,
    /// The run is not where the scenario wants to be.
    elsewhere: Option<String>,
}

impl Judge {
    /// Of the scenario `what`, as it was loaded with these overrides.
    pub fn new(what: &str, scenario: &Scenario, overrides: &Overrides) -> Judge {
        Judge {
            expectations: scenario.expect.clone(),
            elsewhere: elsewhere(what, scenario, overrides),
        }
    }

    /// Adds to the report of `run`, which is over, what of it was expected.
    pub fn judge(&self, run: &Run, report: &mut Report) {
        let judged = match (run.interference(), &self.elsewhere) {
            (Some(Interference::CutShort), _) => Judged::CutShort,
            (_, Some(why)) => Judged::No(why.clone()),
            (Some(Interference::ByHand), None) => Judged::No("a key changed what happened in the run".to_owned()),
            (None, None) => Judged::Yes,
        };
        report.expect = expect::check_run(&self.expectations, &report.to_value(), &judged);
    }
}

/// Expectations are about the executor and the number of workers that the file says; what they would have been elsewhere, nobody
/// has said.
fn elsewhere(what: &str, scenario: &Scenario, overrides: &Overrides) -> Option<String> {
    if scenario.expect.is_empty() || (overrides.executor.is_none() && overrides.workers.is_none()) {
        return None;
    }
    let own = Overrides {
        executor: None,
        workers: None,
        ..*overrides
    };
    let Ok(own) = own.load(what) else {
        return Some("written for another executor".to_owned());
    };
    let (own, here) = (own.executor, scenario.executor);
    let same = own.kind == here.kind && own.threads() == here.threads();
    (!same).then(|| match own.threads() {
        0 => format!("written for {}", own.kind.word()),
        1 => format!("written for {} with 1 worker", own.kind.word()),
        n => format!("written for {} with {n} workers", own.kind.word()),
    })
}
