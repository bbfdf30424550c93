//! Every scenario that comes along runs, on every executor that its knobs allow: all its groups and all its cues. A lesson
//! runs on its own executor; that it shows its point is for `tasklab verify` to say.

use std::time::Duration;
use tasklab::executor::processes::WorkerCommand;
use tasklab::model::{Model, PollCountCheck};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario::builtin::{BUILTIN, LESSONS};
use tasklab::scenario::{ExecutorKind, Overrides, Scenario, Start, TaskSpec};

/// The same scenario with everything that waits for the clock within its first second, and then as long as need be.
fn hurried(mut scenario: Scenario) -> Scenario {
    let whole = scenario.duration.unwrap_or(Duration::from_secs(60));
    let early = |at: Duration| at.mul_f64(1.0 / whole.as_secs_f64());
    for task in &mut scenario.tasks {
        if let Start::At(at) = task.start {
            task.start = Start::At(early(at));
        }
        task.until = None;
    }
    for cue in &mut scenario.cues {
        cue.at = early(cue.at);
    }
    scenario.duration = Some(Duration::from_secs(120));
    scenario
}

/// Runs it until every group has run and every cue has spoken.
fn run(scenario: &Scenario, what: &str) {
    let settings = Settings {
        // This program is no tasklab.
        worker: Some(WorkerCommand::tasklab(env!("CARGO_BIN_EXE_tasklab"))),
        ..Settings::default()
    };
    let mut run = Run::start(scenario, settings, &|| false).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut model = Model::new(run.info().clone());
    let mut complete = false;
    while !matches!(run.state(), RunState::Ended { .. }) {
        model.apply(&run.batch());
        // Of those that others call, some are called and never awaited.
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
    assert!(complete, "{what}: a group never ran, or a cue never spoke");
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
            "{what}: the times of {} do not add up to its life",
            model.task_name(task.id)
        );
    }
}

fn all_on(kind: ExecutorKind) {
    for builtin in BUILTIN {
        let overrides = Overrides {
            executor: Some(kind),
            ..Overrides::default()
        };
        // One that turns a knob which this executor lacks is refused; the reader's tests see to that.
        if let Ok(scenario) = overrides.read(builtin.name, builtin.text) {
            run(&hurried(scenario), &format!("{} on {}", builtin.name, kind.word()));
        }
    }
}

#[test]
fn on_tokio() {
    all_on(ExecutorKind::Tokio);
}

#[test]
fn on_current_thread() {
    all_on(ExecutorKind::CurrentThread);
}

#[test]
fn on_the_pool() {
    all_on(ExecutorKind::Pool);
}

#[test]
fn on_processes() {
    all_on(ExecutorKind::Processes);
}

#[test]
fn on_threads() {
    all_on(ExecutorKind::Threads);
}

#[test]
fn lessons() {
    for lesson in LESSONS {
        run(&hurried(lesson.scenario()), lesson.name);
    }
}
