//! Whole runs in this process. A scenario is the input, and a model is the output.

use super::program::TASKLAB;
use super::wait::{DEADLINE, wait_until};
use tasklab::executor::processes::WorkerCommand;
use tasklab::model::{Group, Model};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario::{self, Scenario};

/// A run, and a model of the records that it has returned.
pub(crate) struct TestRun {
    pub(crate) source: Run,
    pub(crate) model: Model,
    /// The name of the scenario in failure messages.
    name: String,
}

impl TestRun {
    /// Starts a run of the scenario in this text.
    #[track_caller]
    pub(crate) fn start(text: &str) -> TestRun {
        TestRun::start_with(&parse(text), text, Settings::default())
    }

    /// Starts a run with these settings. `name` names the scenario in failure messages.
    #[track_caller]
    pub(crate) fn start_with(scenario: &Scenario, name: &str, settings: Settings) -> TestRun {
        let settings = Settings {
            // The test binary cannot be started as a worker.
            worker: Some(WorkerCommand::tasklab(TASKLAB)),
            ..settings
        };
        let source = Run::start(scenario, settings, &|| false).unwrap_or_else(|error| panic!("{error}\n{name}"));
        let model = Model::new(source.info().clone());
        let name = name.to_owned();
        TestRun { source, model, name }
    }

    /// Waits until `condition` holds. The condition is checked after each batch.
    ///
    /// # Panics
    /// If the run ends before that, or after [`DEADLINE`].
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut condition: impl FnMut(&TestRun) -> bool) {
        let what = format!("{what}, in the run of:\n{}", self.name);
        let mut holds = false;
        wait_until(&what, DEADLINE, || {
            self.apply_batch();
            holds = condition(self);
            holds || self.left().is_some()
        });
        assert!(holds, "the run ended before {what}");
    }

    /// Waits for the end of the run, and returns what the run left behind.
    ///
    /// # Panics
    /// If the run does not end within [`DEADLINE`].
    #[track_caller]
    pub(crate) fn join(&mut self) -> Option<String> {
        let what = format!("the end of the run of:\n{}", self.name);
        wait_until(&what, DEADLINE, || {
            self.apply_batch();
            self.left().is_some()
        });
        self.left().flatten()
    }

    /// Stops the run, waits for its end, and returns what the run left behind.
    #[track_caller]
    pub(crate) fn stop_and_join(&mut self) -> Option<String> {
        self.source.stop();
        self.join()
    }

    pub(crate) fn find_group(&self, name: &str) -> Option<&Group> {
        self.model.groups().iter().find(|group| group.name == name)
    }

    fn apply_batch(&mut self) {
        self.model.apply(&self.source.batch());
    }

    /// What the run left behind. The outer option is `None` until the run has ended.
    fn left(&self) -> Option<Option<String>> {
        match self.source.state() {
            RunState::Ended { left } => Some(left),
            _ => None,
        }
    }
}

/// Reads a scenario that is valid.
#[track_caller]
pub(crate) fn parse(text: &str) -> Scenario {
    scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"))
}
