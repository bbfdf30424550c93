//! Tests of whole runs through the public interface, on every executor. A scenario is the input,
//! and a model is the output.

mod built_in_scenarios;
mod executors;
mod stopping;
mod timeline;
mod unnoticed;

use crate::support::run::TestRun;
use tasklab::model::{Group, Model};

/// Runs a scenario to its end. Returns the model of the run and the message about what the run left
/// behind.
#[track_caller]
fn run(text: &str) -> (Model, Option<String>) {
    let mut run = TestRun::start(text);
    let left = run.join();
    (run.model, left)
}

/// A scenario for this executor. `tasks` may begin with options of the executor.
fn scenario_on(executor: &str, tasks: &str) -> String {
    format!("title = 'test'\n[executor]\nkind = '{executor}'\n{tasks}")
}

#[track_caller]
fn group<'m>(model: &'m Model, name: &str) -> &'m Group {
    let found = model.groups().iter().find(|group| group.name == name);
    found.unwrap_or_else(|| panic!("no group {name}"))
}
