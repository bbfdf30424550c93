//! Every built-in scenario runs on every executor that has its options: each group runs, and each cue comes.
//!
//! A lesson runs on its own executor only. Whether it shows its point is for `tasklab verify` to say.

use std::time::Duration;
use tasklab::executor::processes::WorkerCommand;
use tasklab::model::{Model, PollCountCheck};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario::builtin::{BUILTIN, LESSONS};
use tasklab::scenario::{ExecutorKind, Overrides, Scenario, Start, TaskSpec};

/// Until when everything on the shortened timeline has come.
const PLAN: Duration = Duration::from_secs(1);
/// The longest that a run may take until every group has run.
const DEADLINE: Duration = Duration::from_secs(120);

/// The same scenario with all its starts and cues within [`PLAN`]. It ends at [`DEADLINE`], unless it is stopped before.
fn shortened(mut scenario: Scenario) -> Scenario {
    let whole = scenario.duration.unwrap_or(Duration::from_secs(60));
    let early = |at: Duration| at.mul_f64(PLAN.as_secs_f64() / whole.as_secs_f64());
    for task in &mut scenario.tasks {
        if let Start::At(at) = task.start {
            task.start = Start::At(early(at));
        }
        task.until = None;
    }
    for cue in &mut scenario.cues {
        cue.at = early(cue.at);
    }
    scenario.duration = Some(DEADLINE);
    scenario
}

/// Runs a scenario until every group has run and every cue has come.
fn run_completely(scenario: &Scenario, what: &str) {
    let settings = Settings {
        // The test binary cannot be started as a worker.
        worker: Some(WorkerCommand::tasklab(env!("CARGO_BIN_EXE_tasklab"))),
        ..Settings::default()
    };
    let mut run = Run::start(scenario, settings, &|| false).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut model = Model::new(run.info().clone());
    let mut complete = false;
    while !matches!(run.state(), RunState::Ended { .. }) {
        model.apply(&run.batch());
        // A called group may have only tasks that are never awaited, and so never run.
        let has_run = |task: &TaskSpec| {
            let called = task.start == Start::Called;
            let mut groups = model.groups().iter().filter(|group| group.name == task.name);
            groups.any(|group| group.poll_time().count > 0 || called && group.spawned > 0)
        };
        if !complete && model.marks().len() == scenario.cues.len() && scenario.tasks.iter().all(has_run) {
            complete = true;
            run.stop();
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    model.apply(&run.batch());
    assert!(
        complete,
        "{what}: within {DEADLINE:?} a group never ran, or a cue never came"
    );
    let record_counts = model.record_counts();
    assert!(
        !matches!(record_counts.check_poll_count(), PollCountCheck::Differs { .. }),
        "{what}: {record_counts:?}"
    );
    assert_eq!(record_counts.others_dropped, 0, "{what}: {record_counts:?}");
    for task in model.tasks() {
        let until = task.ended_at().unwrap_or(model.now());
        assert_eq!(
            model.times(task.id).total(),
            until - task.spawned_at,
            "{what}: the times of {} do not add up to its lifetime",
            model.task_name(task.id)
        );
    }
}

fn run_all_on(kind: ExecutorKind) {
    for builtin in BUILTIN {
        let overrides = Overrides {
            executor: Some(kind),
            ..Overrides::default()
        };
        // A scenario that sets an option which this executor lacks is refused; the tests of the language cover that.
        if let Ok(scenario) = overrides.read(builtin.name, builtin.text) {
            run_completely(
                &shortened(scenario),
                &format!("{} on {}", builtin.name, kind.into_str()),
            );
        }
    }
}

#[test]
fn every_scenario_runs_on_tokio() {
    run_all_on(ExecutorKind::Tokio);
}

#[test]
fn every_scenario_runs_on_current_thread() {
    run_all_on(ExecutorKind::CurrentThread);
}

#[test]
fn every_scenario_runs_on_the_pool() {
    run_all_on(ExecutorKind::Pool);
}

#[test]
fn every_scenario_runs_on_processes() {
    run_all_on(ExecutorKind::Processes);
}

#[test]
fn every_scenario_runs_on_threads() {
    run_all_on(ExecutorKind::Threads);
}

#[test]
fn every_lesson_runs_on_its_executor() {
    for lesson in LESSONS {
        run_completely(&shortened(lesson.scenario()), lesson.name);
    }
}
