//! The option `--strict`, and the exit code that follows from the results of expectations.

use super::{UNEXPECTED, print};
use crate::expect;
use crate::figures::Expected;
use std::process::ExitCode;

#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct StrictArg {
    /// Exit with status 3 also if an expectation was not tested
    ///
    /// For example, expectations are not tested if an option changes the executor or the number of
    /// workers. Use this option in CI: without it, a run that tests nothing passes.
    #[arg(long)]
    strict: bool,
}

impl StrictArg {
    /// Returns the exit code for these results of expectations, if nothing else in the run has
    /// failed. Prints to standard error how many expectations were not tested.
    pub(super) fn exit_code(self, expected: &[Expected]) -> ExitCode {
        let untested = expected.iter().filter(|it| it.held.is_none()).count();
        if untested > 0 {
            let of = expected.len();
            let hint = if self.strict {
                "--strict fails"
            } else {
                "--strict would fail"
            };
            print::to_stderr(&format!("{untested} of {of} expectations were not tested ({hint})\n"));
        }
        if expect::any_failed(expected) || (self.strict && untested > 0) {
            ExitCode::from(UNEXPECTED)
        } else {
            ExitCode::SUCCESS
        }
    }
}
