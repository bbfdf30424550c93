//! Every built-in scenario runs on every executor that has its options: every group runs, and every
//! cue is marked.
//!
//! A lesson runs on its own executor only. `tasklab verify` checks the expectations of a lesson.

use crate::support::run::TestRun;
use std::time::Duration;
use strum::VariantArray;
use tasklab::model::PollCountCheck;
use tasklab::run::Settings;
use tasklab::scenario::builtin::{BUILTIN, LESSONS};
use tasklab::scenario::{ExecutorKind, Overrides, Scenario, Start, TaskSpec};

/// The duration of a shortened timeline. At its end, every group has started and every cue has been
/// marked.
const TIMELINE: Duration = Duration::from_secs(1);

/// The same scenario with a timeline of length [`TIMELINE`]. The run continues until the test stops
/// it.
fn shortened(mut scenario: Scenario) -> Scenario {
    let whole = scenario.duration.unwrap_or(Duration::from_secs(60));
    let shorten = |at: Duration| at.mul_f64(TIMELINE.as_secs_f64() / whole.as_secs_f64());
    for task in &mut scenario.tasks {
        if let Start::At(at) = task.start {
            task.start = Start::At(shorten(at));
        }
        task.until = None;
    }
    for cue in &mut scenario.cues {
        cue.at = shorten(cue.at);
    }
    // The run must not end before the test stops it. So its duration is longer than the deadline of
    // a test.
    scenario.duration = Some(Duration::from_secs(3600));
    scenario
}

/// Whether a task of this group has run.
fn has_run(run: &TestRun, task: &TaskSpec) -> bool {
    // A task of a called group may never be awaited. Then the task never runs.
    let may_stay_idle = task.start == Start::Called;
    run.find_group(&task.name)
        .is_some_and(|group| group.poll_time().count > 0 || may_stay_idle && group.spawned > 0)
}

/// Runs a scenario until every group has run and every cue has been marked, and checks the records.
fn run_completely(scenario: &Scenario, name: &str) {
    let mut run = TestRun::start_with(scenario, name, Settings::default());
    run.until("a task of every group, and every cue", |run| {
        run.model.marks().len() == scenario.cues.len() && scenario.tasks.iter().all(|task| has_run(run, task))
    });
    run.stop_and_join();
    let model = &run.model;
    let record_counts = model.record_counts();
    assert!(
        !matches!(record_counts.check_poll_count(), PollCountCheck::Differs { .. }),
        "{name}: {record_counts:?}"
    );
    assert_eq!(record_counts.others_dropped, 0, "{name}: {record_counts:?}");
    for task in model.tasks() {
        let end = task.ended_at().unwrap_or(model.now());
        assert_eq!(
            model.times(task.id).total(),
            end - task.spawned_at,
            "{name}: the times of {} do not add up to its lifetime",
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
        // If a scenario sets an option that an executor does not have, the executor rejects the
        // scenario. Other tests check this.
        if let Ok(scenario) = overrides.read(builtin.name, builtin.text) {
            run_completely(
                &shortened(scenario),
                &format!("{} on {}", builtin.name, kind.into_str()),
            );
        }
    }
}

/// Runs the executors side by side, because a run spends most of its time waiting.
#[test]
fn every_scenario_runs_on_every_executor() {
    std::thread::scope(|scope| {
        for &kind in ExecutorKind::VARIANTS {
            scope.spawn(move || run_all_on(kind));
        }
    });
}

#[test]
fn every_lesson_runs_on_its_executor() {
    for lesson in LESSONS {
        run_completely(&shortened(lesson.scenario()), lesson.name);
    }
}
