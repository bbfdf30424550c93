//! The meaning of a scenario on each executor: what is the same on all executors, and what differs
//! between futures and threads.

use super::*;
use crate::support::run::parse;
use crate::support::{executors, is_synchronous};
use std::time::Duration;
use tasklab::model::State;
use tasklab::record::{LaneKind, Nanos, Outcome, Reason};
use tasklab::run::{Run, Settings};

#[test]
fn every_executor_runs_every_repetition_of_every_task() {
    for executor in executors() {
        let (model, left) = run(&scenario_on(
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
fn a_sleep_suspends_an_async_task_and_blocks_a_thread() {
    for executor in executors() {
        let (model, _) = run(&scenario_on(
            executor,
            "[[task]]\nname = 'sleeper'\nrepeat = 3\nsteps = [{ sleep = '3ms' }]",
        ));
        let times = model.group_times(group(&model, "sleeper").id);
        let slept = Nanos::from_millis(9);
        let suspended = times.not_ready[Reason::Timer as usize];
        if is_synchronous(executor) {
            assert!(times.sleeping >= slept, "{executor}: {times:?}");
            assert_eq!(suspended, Nanos::ZERO, "{executor}");
        } else {
            assert_eq!(times.asleep(), Nanos::ZERO, "{executor}");
            assert!(
                suspended + times.unnoticed + times.queued >= slept,
                "{executor}: {times:?}"
            );
        }
    }
}

#[test]
fn a_block_holds_its_lane_on_every_executor() {
    for executor in executors() {
        let (model, _) = run(&scenario_on(
            executor,
            "[[task]]\nname = 'careless'\nsteps = [{ block = '20ms' }]",
        ));
        let times = model.group_times(group(&model, "careless").id);
        let (blocking, sleeping) = (times.blocking, times.sleeping);
        let (asleep, other) = if is_synchronous(executor) {
            (sleeping, blocking)
        } else {
            (blocking, sleeping)
        };
        assert!(asleep >= Nanos::from_millis(20), "{executor}: {times:?}");
        assert_eq!(other, Nanos::ZERO, "{executor}: {times:?}");
        let kind = match executor {
            "pool" => LaneKind::Pool,
            "threads" => LaneKind::Thread,
            "processes" => LaneKind::Process,
            _ => LaneKind::Worker,
        };
        let mut lanes = model.lanes().iter();
        let blocked = lanes.find(|lane| model.lane_times(lane.id).1 > Nanos::ZERO);
        assert_eq!(blocked.expect("a blocked lane").kind, kind, "{executor}");
    }
}

#[test]
fn a_running_model_shows_a_blocking_task_and_the_unnoticed_task_that_it_delays() {
    let mut run = TestRun::start(&scenario_on(
        "current-thread",
        "[[task]]\nname = 'heartbeat'\nrepeat = 60\nsteps = [{ sleep = '5ms' }]\n\
         [[task]]\nname = 'careless'\nstart = '20ms'\nsteps = [{ block = '250ms' }]",
    ));
    let (mut blocking, mut unnoticed) = (false, false);
    run.until("a blocking task and an unnoticed task", |run| {
        let states = || run.model.tasks().iter().map(|task| run.model.state(task.id));
        blocking |= states().any(|state| state == State::Blocking);
        unnoticed |= states().any(|state| state == State::Unnoticed);
        blocking && unnoticed
    });
}

#[test]
fn a_timeout_cancels_a_future_but_a_thread_continues_to_the_end_of_its_step() {
    for executor in executors() {
        let (model, _) = run(&scenario_on(
            executor,
            "[[task]]\nname = 'late'\nrepeat = 2\ntimeout = '100ms'\nsteps = [{ sleep = '160ms' }]",
        ));
        let late = group(&model, "late");
        assert_eq!(late.repetitions()[Outcome::TimedOut as usize], 2, "{executor}");
        if is_synchronous(executor) {
            let longest = late.repetition_time().max;
            assert!(longest >= Nanos::from_millis(160), "{executor}: {longest:?}");
        }
    }
}

/// A task that cannot be cancelled has two limits: its own timeout and the timeout of a step. The
/// task is overdue from the earlier of these limits.
#[test]
fn a_task_is_overdue_after_its_shortest_limit() {
    let limit = Duration::from_millis(20).into();
    for executor in executors() {
        for late in [
            "timeout = '20ms'\nsteps = [{ cpu = '1h' }]",
            "timeout = '1h'\nsteps = [{ timeout = { after = '20ms', steps = [{ cpu = '1h' }] } }]",
            "timeout = '20ms'\nsteps = [{ timeout = { after = '1h', steps = [{ cpu = '1h' }] } }]",
            "timeout = '20ms'\nsteps = [{ timeout = { after = '1h', steps = ['yield'] } }, { cpu = '1h' }]",
        ] {
            let tasks = format!("[[task]]\nname = 'late'\nrepeat = 'forever'\n{late}");
            let mut run = TestRun::start(&scenario_on(executor, &tasks));
            run.until("an overdue task", |TestRun { model, .. }| {
                let mut overdue = false;
                for current in model.lanes().iter().filter_map(|lane| lane.current) {
                    let Some(since) = current.overdue_since else { continue };
                    let spawned = model.task(current.task).expect("its task").spawned_at;
                    assert!(since >= spawned + limit, "{executor}: {late}");
                    assert!(since <= model.now(), "{executor}: {late}");
                    overdue = true;
                }
                overdue
            });
            assert_eq!(run.stop_and_join(), None, "{executor}: {late}");
        }
    }
}

#[test]
fn a_full_pool_runs_each_of_its_tasks() {
    let mut run = TestRun::start(&scenario_on(
        "pool",
        "workers = 2\n[[task]]\nname = 'many'\ncount = 12\nrepeat = 'forever'\nsteps = [{ cpu = '200us' }]",
    ));
    let fewest = |model: &Model| match model.tasks() {
        all if all.len() == 12 => all.iter().map(|task| task.polls).min(),
        _ => None,
    };
    // An unfair pool would never run some tasks. 20,000 jobs are enough to detect an unfair pool.
    run.until("5 jobs of each task, or 20,000 jobs", |run| {
        let jobs = run.find_group("many").map_or(0, |group| group.repetition_time().count);
        fewest(&run.model) >= Some(5) || jobs >= 20_000
    });
    run.stop_and_join();
    let fewest = fewest(&run.model);
    assert!(fewest >= Some(5), "one of 12 tasks had {fewest:?} of 20,000 jobs");
}

#[test]
fn a_panic_ends_only_its_own_task() {
    for executor in executors() {
        let (model, _) = run(&scenario_on(
            executor,
            "[[task]]\nname = 'clumsy'\ncount = 2\nrepeat = 3\nsteps = [{ panic = 'on purpose' }]\n\
             [[task]]\nname = 'other'\nrepeat = 3\nsteps = [{ sleep = '1ms' }]",
        ));
        let counts = model.counts();
        assert_eq!((counts.panicked, counts.completed), (2, 1), "{executor}: {counts:?}");
    }
}

#[test]
fn one_seed_gives_the_same_outcomes_on_every_executor() {
    let outcomes = |executor: &str| -> Vec<(u32, Option<Outcome>)> {
        let (model, _) = run(&format!(
            "title = 'test'\nseed = 3\n\
             [[task]]\nname = 'dice'\ncount = 40\nsteps = [{{ fail = {{ message = 'bad luck', chance = 0.5 }} }}]\n\
             [executor]\nkind = '{executor}'"
        ));
        let tasks = model.tasks().iter();
        let mut all: Vec<_> = tasks
            .map(|task| (task.index, task.ended.map(|(_, outcome)| outcome)))
            .collect();
        all.sort_unstable();
        all
    };
    let mut executors = executors();
    let expected = outcomes(executors.next().expect("a first executor"));
    assert!(expected.iter().any(|(_, outcome)| *outcome == Some(Outcome::Failed)));
    assert!(expected.iter().any(|(_, outcome)| *outcome == Some(Outcome::Completed)));
    for executor in executors {
        assert_eq!(outcomes(executor), expected, "{executor}");
    }
}

#[test]
fn a_run_that_needs_more_threads_than_a_machine_allows_is_refused() {
    let scenario = parse(&scenario_on(
        "threads",
        "[[task]]\nname = 'crowd'\ncount = 900_000\nsteps = ['yield']",
    ));
    let Err(error) = Run::start(&scenario, Settings::default(), &|| false) else {
        panic!("a run with 900,000 threads has started")
    };
    let error = error.to_string();
    assert!(
        error.starts_with("the scenario needs 900004 threads at once, but "),
        "{error}"
    );
    assert!(
        error.contains(" leaves ") && error.ends_with("or let fewer tasks arrive together"),
        "{error}"
    );
}
