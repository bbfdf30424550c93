//! What several tests share: waits with a deadline, the program in a process, and runs in this
//! process.

pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod wait;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use strum::VariantArray;
use tasklab::scenario::{self, ExecutorKind};

/// All executors, by their names in a scenario.
pub(crate) fn executors() -> impl Iterator<Item = &'static str> {
    ExecutorKind::VARIANTS.iter().map(ExecutorKind::into_str)
}

/// Whether this executor runs the steps of a task synchronously, on a thread.
pub(crate) fn is_synchronous(executor: &str) -> bool {
    let mut kinds = ExecutorKind::VARIANTS.iter();
    let kind = kinds.find(|kind| kind.into_str() == executor);
    !kind.expect("the name of an executor").traits().is_async
}

/// The words of all steps of the scenario language, as its JSON Schema lists them.
pub(crate) fn steps() -> Vec<String> {
    let schema: Value = serde_json::from_str(&scenario::schema()).expect("the schema is JSON");
    let choices = schema["definitions"]["Step"]["oneOf"]
        .as_array()
        .expect("a step is a choice");
    let mut steps = Vec::new();
    for choice in choices {
        let keys = choice["properties"]
            .as_object()
            .into_iter()
            .flat_map(|keys| keys.keys());
        steps.extend(keys.cloned());
        steps.extend(choice["const"].as_str().map(str::to_owned));
    }
    assert!(steps.len() > 20, "{steps:?}");
    steps
}

/// Adds the Rust files in this folder, and in the folders within it, to `files`.
pub(crate) fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
#[should_panic(expected = "waited 1ms for an event that never comes")]
fn a_wait_that_fails_names_the_event() {
    let deadline = std::time::Duration::from_millis(1);
    wait::wait_until("an event that never comes", deadline, || false);
}

#[test]
#[should_panic(expected = "the thread fails")]
fn a_thread_that_panics_fails_the_test_that_joins_it() {
    wait::join("the end of a thread", std::thread::spawn(|| panic!("the thread fails")));
}

#[test]
#[should_panic(expected = "the run ended before a second task, in the run of:\ntitle = 'short'")]
fn a_wait_in_a_run_fails_when_the_run_ends() {
    let mut run = run::TestRun::start("title = 'short'\n[[task]]\nname = 'only'\nsteps = ['yield']");
    run.until("a second task", |run| run.model.tasks().len() > 1);
}
