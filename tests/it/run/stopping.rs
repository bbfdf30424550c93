//! How runs end before they are over, and what is left of them.

use super::*;

#[test]
fn a_run_can_be_stopped_at_any_time() {
    for executor in EXECUTORS {
        let mut asked = false;
        let (model, left) = run_until(
            &on(
                executor,
                "[[task]]\nname = 'api'\ncount = 8\nrepeat = 'forever'\nsteps = [{ http = '/' }, { sleep = '1ms' }]\n\
                 [[task]]\nname = 'hog'\nrepeat = 'forever'\nsteps = [{ cpu = '60s' }]",
            ),
            |model, run| {
                if !asked && model.record_counts().recorded > 0 {
                    asked = true;
                    run.stop();
                }
            },
        );
        assert_eq!(left, None, "{executor}");
        let counts = model.counts();
        assert_eq!((counts.alive(), counts.cancelled), (0, 9), "{executor}: {counts:?}");
    }
}

#[test]
fn a_run_that_lags_behind_its_arrivals_can_be_stopped() {
    let (model, _) = run_until(
        &on(
            "current-thread",
            "[[task]]\nname = 'crowd'\ncount = 1_000_000\nsteps = ['yield']",
        ),
        |_, run| run.stop(),
    );
    let spawned = model.groups().iter().map(|group| group.spawned).sum::<u64>();
    assert!(spawned < 1_000_000, "all came before anybody looked at the inbox");
}

#[test]
fn what_cannot_be_stopped_is_named() {
    let (model, left) = run_until(
        &on("tokio", "[[task]]\nname = 'stubborn'\nsteps = [{ block = '1h' }]"),
        |model, run| {
            if model.lanes().iter().any(|lane| lane.current.is_some()) {
                run.stop();
            }
        },
    );
    let left = left.expect("something left");
    assert!(
        left.starts_with("left behind a thread that could not be stopped: worker "),
        "{left}"
    );
    assert_eq!(model.counts().blocking, 1);
}

#[test]
fn a_run_of_very_many_tasks_can_be_stopped_and_every_end_is_told() {
    for executor in EXECUTORS {
        let mut asked = false;
        // So many threads at once are more than a machine may allow, and are refused before the first.
        let crowd = if executor == "threads" { 5_000 } else { 100_000 };
        // On threads, what blocks cannot be cancelled: there the tasks are many and short.
        let sleep = if synchronous(executor) { "1us" } else { "1h" };
        let (model, left) = run_until(
            &on(
                executor,
                &format!("[[task]]\nname = 'crowd'\ncount = {crowd}\nsteps = [{{ sleep = '{sleep}' }}]"),
            ),
            |model, run| {
                if !asked && model.groups().iter().any(|group| group.spawned == crowd) {
                    asked = true;
                    run.stop();
                }
            },
        );
        assert_eq!(left, None, "{executor}");
        let counts = model.counts();
        assert_eq!(
            (counts.alive(), counts.ended()),
            (0, crowd as usize),
            "{executor}: {counts:?}"
        );
    }
}

#[test]
fn a_job_that_outlives_the_run_is_no_mismatch_and_holds_up_no_task() {
    for executor in ["tokio", "current-thread"] {
        let mut asked = false;
        let (model, left) = run_until(
            &on(
                executor,
                "[[task]]\nname = 'patient'\ncount = 50\nsteps = [{ sleep = '1h' }]\n\
                 [[task]]\nname = 'stubborn'\nsteps = [{ offload = [{ block = '1h' }] }]",
            ),
            |model, run| {
                let offloaded = |lane: &tasklab::model::Lane| lane.kind == LaneKind::Blocking && lane.current.is_some();
                if !asked && model.lanes().iter().any(offloaded) {
                    asked = true;
                    run.stop();
                }
            },
        );
        assert_eq!(
            left.as_deref(),
            Some("left behind a thread that could not be stopped: blocking 0")
        );
        let counts = model.counts();
        assert_eq!(
            (counts.cancelled, counts.blocking, counts.alive()),
            (51, 1, 1),
            "{executor}: {counts:?}"
        );
        assert_ne!(group(&model, "patient").spawned, 0);
        let check = model.record_counts().check_poll_count();
        assert_eq!(check, tasklab::model::PollCountCheck::Matches, "{executor}");
    }
}

#[test]
fn the_scratch_folder_is_gone_after_the_run_and_after_a_run_that_is_dropped() {
    let text = on(
        "tokio",
        "[[task]]\nname = 'w'\nrepeat = 'forever'\nsteps = [{ file = { write = '1KiB' } }]",
    );
    let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let run = Run::start(&scenario, Settings::default(), &|| false).expect("a run");
    let folder = run.scratch().to_owned();
    assert!(folder.is_dir());
    drop(run);
    assert!(!folder.exists());
}

#[test]
fn a_scratch_folder_that_cannot_be_removed_is_named() {
    let mut scratch = None;
    let (_, left) = run_until(
        &on(
            "current-thread",
            "[[task]]\nname = 'a'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
        ),
        |_, run| {
            if scratch.is_none() {
                let path = run.scratch().to_owned();
                // A file in its place is no folder of ours.
                std::fs::remove_dir(&path).expect("an empty folder");
                std::fs::write(&path, "").expect("a file");
                scratch = Some(path);
                run.stop();
            }
        },
    );
    let path = scratch.expect("a folder");
    std::fs::remove_file(&path).expect("the file is still there");
    let words = format!("the scratch folder {} could not be removed: ", path.display());
    assert!(left.as_ref().is_some_and(|left| left.starts_with(&words)), "{left:?}");
}
