//! Checks the expectations of a scenario after its run, unless something prevents a fair check.

use crate::expect::{self, Applicability};
use crate::figures::Report;
use crate::run::{Interference, Run};
use crate::scenario::{Expectation, Overrides, Scenario};

/// The expectations of a run, and whether these expectations apply to the run.
pub(super) struct Judge {
    expectations: Vec<Expectation>,
    /// Why the expectations do not apply: an option has changed the executor or the number of
    /// workers.
    elsewhere: Option<String>,
}

impl Judge {
    /// Takes the expectations of `scenario`. `what` is the name of the scenario, and `overrides`
    /// are the options with which it was loaded.
    pub(super) fn new(what: &str, scenario: &Scenario, overrides: &Overrides) -> Judge {
        Judge {
            expectations: scenario.expect.clone(),
            elsewhere: expect::why_not_applicable(what, scenario, overrides),
        }
    }

    /// Checks the expectations against the report of a run that has ended, and adds the results to
    /// the report.
    pub(super) fn judge(&self, run: &Run, report: &mut Report) {
        let applicability = match (run.interference(), &self.elsewhere) {
            (Some(Interference::CutShort), _) => Applicability::CutShort,
            (_, Some(why)) => Applicability::DoesNotApply(why.clone()),
            (Some(Interference::ByHand), None) => Applicability::DoesNotApply("a key press changed the run".to_owned()),
            (None, None) => Applicability::Applies,
        };
        report.expect = expect::check_run(&self.expectations, &report.to_value(), &applicability);
    }
}
