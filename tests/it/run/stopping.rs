//! Tests that stop a run before its end, and check what the run leaves behind.

use super::*;
use crate::support::run::parse;
use crate::support::{executors, is_synchronous};
use tasklab::model::{Lane, PollCountCheck};
use tasklab::record::LaneKind;
use tasklab::run::{Run, Settings};

#[test]
fn stopping_a_run_cancels_all_its_tasks_on_every_executor() {
    for executor in executors() {
        let mut run = TestRun::start(&scenario_on(
            executor,
            "[[task]]\nname = 'api'\ncount = 8\nrepeat = 'forever'\nsteps = [{ http = '/' }, { sleep = '1ms' }]\n\
             [[task]]\nname = 'hog'\nrepeat = 'forever'\nsteps = [{ cpu = '60s' }]",
        ));
        run.until("a first slice", |run| run.model.record_counts().recorded > 0);
        assert_eq!(run.stop_and_join(), None, "{executor}");
        let counts = run.model.counts();
        assert_eq!((counts.alive(), counts.cancelled), (0, 9), "{executor}: {counts:?}");
    }
}

#[test]
fn a_run_can_be_stopped_before_all_its_tasks_have_arrived() {
    let mut run = TestRun::start(&scenario_on(
        "current-thread",
        "[[task]]\nname = 'crowd'\ncount = 1_000_000\nsteps = ['yield']",
    ));
    run.stop_and_join();
    let spawned: u64 = run.model.groups().iter().map(|group| group.spawned).sum();
    assert!(spawned < 1_000_000, "all tasks arrived before the run stopped");
}

#[test]
fn a_thread_that_cannot_be_stopped_is_named() {
    let mut run = TestRun::start(&scenario_on(
        "tokio",
        "[[task]]\nname = 'stubborn'\nsteps = [{ block = '1h' }]",
    ));
    run.until("a task on a lane", |run| {
        run.model.lanes().iter().any(|lane| lane.current.is_some())
    });
    let left = run.stop_and_join().expect("the thread is left behind");
    assert!(
        left.starts_with("left behind a thread that could not be stopped: worker "),
        "{left}"
    );
    assert_eq!(run.model.counts().blocking, 1);
}

#[test]
fn stopping_a_run_of_many_tasks_records_the_end_of_each() {
    for executor in executors() {
        // A run that needs more threads than the machine allows does not start.
        let crowd = if executor == "threads" { 5_000 } else { 100_000 };
        // A step that blocks its thread cannot be cancelled. So the sleeps on threads are short.
        let sleep = if is_synchronous(executor) { "1us" } else { "1h" };
        let mut run = TestRun::start(&scenario_on(
            executor,
            &format!("[[task]]\nname = 'crowd'\ncount = {crowd}\nsteps = [{{ sleep = '{sleep}' }}]"),
        ));
        run.until("the arrival of all tasks", |run| {
            run.find_group("crowd").is_some_and(|group| group.spawned == crowd)
        });
        assert_eq!(run.stop_and_join(), None, "{executor}");
        let counts = run.model.counts();
        assert_eq!(
            (counts.alive(), counts.ended()),
            (0, crowd as usize),
            "{executor}: {counts:?}"
        );
    }
}

#[test]
fn an_offloaded_job_that_outlives_the_run_changes_no_poll_count_and_delays_no_other_task() {
    for executor in ["tokio", "current-thread"] {
        let mut run = TestRun::start(&scenario_on(
            executor,
            "[[task]]\nname = 'patient'\ncount = 50\nsteps = [{ sleep = '1h' }]\n\
             [[task]]\nname = 'stubborn'\nsteps = [{ offload = [{ block = '1h' }] }]",
        ));
        run.until("a job on a blocking thread", |run| {
            let has_job = |lane: &Lane| lane.kind == LaneKind::Blocking && lane.current.is_some();
            run.model.lanes().iter().any(has_job)
        });
        assert_eq!(
            run.stop_and_join().as_deref(),
            Some("left behind a thread that could not be stopped: blocking 0"),
            "{executor}"
        );
        let counts = run.model.counts();
        assert_eq!(
            (counts.cancelled, counts.sleeping, counts.alive()),
            (51, 1, 1),
            "{executor}: {counts:?}"
        );
        assert_ne!(group(&run.model, "patient").spawned, 0, "{executor}");
        let check = run.model.record_counts().check_poll_count();
        assert_eq!(check, PollCountCheck::Matches, "{executor}");
    }
}

#[test]
fn a_dropped_run_removes_its_scratch_folder() {
    let scenario = parse(&scenario_on(
        "tokio",
        "[[task]]\nname = 'writer'\nrepeat = 'forever'\nsteps = [{ file = { write = '1KiB' } }]",
    ));
    let run = Run::start(&scenario, Settings::default(), &|| false).expect("the run starts");
    let folder = run.scratch().to_owned();
    assert!(folder.is_dir());
    drop(run);
    assert!(!folder.exists());
}

#[test]
fn a_scratch_folder_that_cannot_be_removed_is_named() {
    let mut run = TestRun::start(&scenario_on(
        "current-thread",
        "[[task]]\nname = 'sleeper'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
    ));
    let path = run.source.scratch().to_owned();
    // The run removes only a folder, so it does not remove a file with the same path.
    std::fs::remove_dir(&path).expect("the folder is empty");
    std::fs::write(&path, "").expect("the path is free");
    let left = run.stop_and_join().expect("the file is left behind");
    std::fs::remove_file(&path).expect("the file is still there");
    let expected = format!("the scratch folder {} could not be removed: ", path.display());
    assert!(left.starts_with(&expected), "{left}");
}
