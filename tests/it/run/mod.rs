//! Whole runs through the public face: a scenario in, a model out, on every executor.

mod built_in_scenarios;
mod stopping;
mod timeline;
mod unnoticed;

use std::time::Duration;
use tasklab::executor::processes::WorkerCommand;
use tasklab::model::{Model, State};
use tasklab::record::{LaneKind, Nanos, Outcome, Reason};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario;

/// Runs a scenario to its end, and returns what is known of it then and what was left behind.
fn run(text: &str) -> (Model, Option<String>) {
    run_until(text, |_, _| {})
}

/// The same, and lets `each` see the model after every batch.
fn run_until(text: &str, each: impl FnMut(&Model, &mut Run)) -> (Model, Option<String>) {
    let settings = Settings {
        // This program is no tasklab.
        worker: Some(WorkerCommand::tasklab(env!("CARGO_BIN_EXE_tasklab"))),
        ..Settings::default()
    };
    run_as(text, settings, each)
}

/// The same, with settings.
fn run_as(text: &str, settings: Settings, mut each: impl FnMut(&Model, &mut Run)) -> (Model, Option<String>) {
    let scenario = scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
    let mut run = Run::start(&scenario, settings, &|| false).expect("a run");
    let mut model = Model::new(run.info().clone());
    loop {
        model.apply(&run.batch());
        if let RunState::Ended { left } = run.state() {
            return (model, left);
        }
        each(&model, &mut run);
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

const EXECUTORS: [&str; 5] = ["tokio", "current-thread", "pool", "threads", "processes"];

/// Whether steps run synchronously there, on a thread.
fn synchronous(executor: &str) -> bool {
    matches!(executor, "pool" | "threads" | "processes")
}

fn on(executor: &str, tasks: &str) -> String {
    format!("title = 'test'\n[executor]\nkind = '{executor}'\n{tasks}")
}

fn group<'m>(model: &'m Model, name: &str) -> &'m tasklab::model::Group {
    let found = model.groups().iter().find(|g| g.name == name);
    found.unwrap_or_else(|| panic!("no group {name}"))
}

#[test]
fn every_executor_does_every_repetition_of_every_task() {
    for executor in EXECUTORS {
        let (model, left) = run(&on(
            executor,
            "[[task]]\nname = 'mix'\ncount = 5\nrepeat = 4\n\
             steps = [{ cpu = '50us' }, { http = '/weather' }, 'yield', { sleep = '1ms' }, { offload = [{ cpu = '50us' }] },\
             { file = { write = '4KiB' } }, { file = { read = '4KiB', how = 'offload' } }, { timeout = { after = '1m', steps = ['yield'] } }]",
        ));
        assert_eq!(left, None, "{executor}");
        let counts = model.counts();
        assert_eq!(counts.alive(), 0, "{executor}: {counts:?}");
        let mix = group(&model, "mix");
        assert_eq!(mix.spawned, 5, "{executor}");
        assert_eq!(mix.repetition_time().count, 20, "{executor}");
        assert_eq!(counts.completed, counts.ended(), "{executor}: {counts:?}");
        let tasks = model.tasks().iter().filter(|task| task.group == Some(mix.id));
        let times: Nanos = tasks.map(|task| model.times(task.id).total()).sum();
        assert_eq!(times, model.group_times(mix.id).total(), "{executor}");
    }
}

#[test]
fn a_step_is_suspended_on_an_async_executor_and_blocks_on_a_thread() {
    for executor in EXECUTORS {
        let (model, _) = run(&on(
            executor,
            "[[task]]\nname = 'sleeper'\nrepeat = 3\nsteps = [{ sleep = '3ms' }]",
        ));
        let times = model.group_times(group(&model, "sleeper").id);
        let slept = Nanos::from_millis(9);
        if synchronous(executor) {
            assert!(times.blocking >= slept, "{times:?}");
            assert_eq!(times.suspended_on[Reason::Timer as usize], Nanos::ZERO);
        } else {
            assert_eq!(times.blocking, Nanos::ZERO);
            assert!(
                times.suspended_on[Reason::Timer as usize] + times.unnoticed + times.queued >= slept,
                "{times:?}"
            );
        }
    }
}

#[test]
fn a_block_holds_the_worker_on_every_executor() {
    for executor in EXECUTORS {
        let (model, _) = run(&on(
            executor,
            "[[task]]\nname = 'careless'\nsteps = [{ block = '20ms' }]",
        ));
        let times = model.group_times(group(&model, "careless").id);
        assert!(times.blocking >= Nanos::from_millis(20), "{executor}: {times:?}");
        let kind = match executor {
            "pool" => LaneKind::Pool,
            "threads" => LaneKind::Thread,
            "processes" => LaneKind::Process,
            _ => LaneKind::Worker,
        };
        let blocked = model
            .lanes()
            .iter()
            .find(|lane| model.lane_times(lane.id).1 > Nanos::ZERO);
        assert_eq!(blocked.expect("a blocked lane").kind, kind);
    }
}

#[test]
fn while_the_only_worker_is_blocked_the_block_is_seen_and_its_victim_goes_unnoticed() {
    let mut seen_blocking = false;
    let mut seen_unnoticed = false;
    run_until(
        &on(
            "current-thread",
            "[[task]]\nname = 'heartbeat'\nrepeat = 60\nsteps = [{ sleep = '5ms' }]\n\
             [[task]]\nname = 'careless'\nstart = '20ms'\nsteps = [{ block = '250ms' }]",
        ),
        |model, _| {
            for task in model.tasks() {
                match model.state(task.id) {
                    State::Blocking => seen_blocking = true,
                    State::Unnoticed => seen_unnoticed = true,
                    _ => {}
                }
            }
        },
    );
    assert!(seen_blocking && seen_unnoticed, "{seen_blocking} {seen_unnoticed}");
}

#[test]
fn a_timeout_cancels_a_future_and_counts_a_thread_as_overdue() {
    for executor in EXECUTORS {
        let (model, _) = run(&on(
            executor,
            "[[task]]\nname = 'late'\nrepeat = 2\ntimeout = '100ms'\nsteps = [{ sleep = '160ms' }]",
        ));
        let late = group(&model, "late");
        assert_eq!(late.repetitions[Outcome::TimedOut as usize], 2, "{executor}");
        let slept_on = late.repetition_time().max >= Nanos::from_millis(160);
        assert!(slept_on || !synchronous(executor), "a thread cannot be cancelled");
    }
}

/// What cannot be cancelled is told while it goes on, by the limit that binds it: its own, or a step's.
#[test]
fn what_outlasts_the_tightest_of_its_limits_is_overdue_while_it_does_and_not_before() {
    let limit = Duration::from_millis(20).into();
    // Far more than anybody waits here: what is never overdue is to fail, not to go on.
    let patience = Nanos::from_millis(60_000);
    for executor in EXECUTORS {
        for late in [
            "timeout = '20ms'\nsteps = [{ cpu = '1h' }]",
            "timeout = '1h'\nsteps = [{ timeout = { after = '20ms', steps = [{ cpu = '1h' }] } }]",
            "timeout = '20ms'\nsteps = [{ timeout = { after = '1h', steps = [{ cpu = '1h' }] } }]",
            "timeout = '20ms'\nsteps = [{ timeout = { after = '1h', steps = ['yield'] } }, { cpu = '1h' }]",
        ] {
            let mut overdue = false;
            let tasks = format!("[[task]]\nname = 'late'\nrepeat = 'forever'\n{late}");
            let (_, left) = run_until(&on(executor, &tasks), |model, run| {
                for current in model.lanes().iter().filter_map(|lane| lane.current) {
                    let Some(since) = current.overdue_since else { continue };
                    let spawned = model.task(current.task).expect("a task").spawned_at;
                    assert!(since >= spawned + limit, "{executor}: {late}");
                    assert!(since <= model.now(), "{executor}: {late}");
                    overdue = true;
                }
                if overdue || model.now().since_zero() > patience {
                    run.stop();
                }
            });
            assert_eq!(left, None, "{executor}: {late}");
            assert!(overdue, "{executor}: {late}");
        }
    }
}

#[test]
fn on_a_full_pool_every_task_has_its_turn() {
    let fewest = |model: &Model| match model.tasks() {
        all if all.len() == 12 => all.iter().map(|task| task.polls).min(),
        _ => None,
    };
    let (model, _) = run_until(
        &on(
            "pool",
            "workers = 2\n[[task]]\nname = 'many'\ncount = 12\nrepeat = 'forever'\nsteps = [{ cpu = '200us' }]",
        ),
        |model, run| {
            let many = model.groups().iter().find(|group| group.name == "many");
            // Tasks that never have their turn would wait for ever: so many jobs are enough for anybody.
            if fewest(model) >= Some(5) || many.is_some_and(|group| group.repetition_time().count >= 20_000) {
                run.stop();
            }
        },
    );
    assert!(
        fewest(&model) >= Some(5),
        "{:?} of 20,000 jobs for the last of twelve tasks",
        fewest(&model)
    );
}

#[test]
fn a_panic_ends_its_task_and_nobody_elses() {
    for executor in EXECUTORS {
        let (model, _) = run(&on(
            executor,
            "[[task]]\nname = 'clumsy'\ncount = 2\nrepeat = 3\nsteps = [{ panic = 'on purpose' }]\n\
             [[task]]\nname = 'other'\nrepeat = 3\nsteps = [{ sleep = '1ms' }]",
        ));
        let counts = model.counts();
        assert_eq!((counts.panicked, counts.completed), (2, 1), "{executor}: {counts:?}");
    }
}

#[test]
fn the_same_seed_draws_the_same_arrivals_and_outcomes_everywhere() {
    let text =
        "seed = 3\n[[task]]\nname = 'dice'\ncount = 40\nsteps = [{ fail = { message = 'bad luck', chance = 0.5 } }]";
    let outcomes = |executor: &str| -> Vec<(u32, Option<Outcome>)> {
        let (model, _) = run(&format!("title = 't'\n{text}\n[executor]\nkind = '{executor}'"));
        let mut all: Vec<_> = model
            .tasks()
            .iter()
            .map(|task| (task.index, task.ended.map(|(_, outcome)| outcome)))
            .collect();
        all.sort_unstable();
        all
    };
    let tokio = outcomes("tokio");
    assert!(tokio.iter().any(|(_, o)| *o == Some(Outcome::Failed)));
    assert!(tokio.iter().any(|(_, o)| *o == Some(Outcome::Completed)));
    assert_eq!(tokio, outcomes("current-thread"));
    assert_eq!(tokio, outcomes("pool"));
    assert_eq!(tokio, outcomes("threads"));
    assert_eq!(tokio, outcomes("processes"));
}

const TIMELINE: &str = "title = 'test'\n[[task]]\nname = 'first'\nrepeat = 3\nsteps = [{ sleep = '1ms' }]\n\
     [[task]]\nname = 'later'\nstart = '1h'\nsteps = ['yield']\n\
     [[cue]]\nat = '2h'\nsay = 'now'\ndo = { block = '1ms' }";

#[test]
fn more_threads_than_any_machine_allows_are_refused_at_the_start() {
    let text = on(
        "threads",
        "[[task]]\nname = 'crowd'\ncount = 900_000\nsteps = ['yield']",
    );
    let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let Err(error) = Run::start(&scenario, Settings::default(), &|| false) else {
        panic!("nine hundred thousand threads")
    };
    let error = error.to_string();
    assert!(
        error.starts_with("the scenario needs 900016 threads at once, and "),
        "{error}"
    );
    assert!(
        error.contains(" leaves ") && error.ends_with("or let fewer tasks arrive together"),
        "{error}"
    );
}
