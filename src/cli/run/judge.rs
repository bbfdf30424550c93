//! Whether a run that is over was as its scenario expects, as far as it can be judged.

use crate::expect::{self, Applicability};
use crate::figures::Report;
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
            elsewhere: expect::why_not_applicable(what, scenario, overrides),
        }
    }

    /// Adds to the report of `run`, which is over, what of it was expected.
    pub fn judge(&self, run: &Run, report: &mut Report) {
        let applicability = match (run.interference(), &self.elsewhere) {
            (Some(Interference::CutShort), _) => Applicability::CutShort,
            (_, Some(why)) => Applicability::DoesNotApply(why.clone()),
            (Some(Interference::ByHand), None) => {
                Applicability::DoesNotApply("a key changed what happened in the run".to_owned())
            }
            (None, None) => Applicability::Applies,
        };
        report.expect = expect::check_run(&self.expectations, &report.to_value(), &applicability);
    }
}
