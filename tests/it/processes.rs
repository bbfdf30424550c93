//! Worker processes: one that dies, one that cannot be started, and what is said of both.

use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tasklab::executor::processes::WorkerCommand;
use tasklab::model::{Model, State};
use tasklab::record::{LaneKind, Nanos, Outcome};
use tasklab::run::{Run, RunState, Settings, Source};
use tasklab::scenario;

const TASKLAB: &str = env!("CARGO_BIN_EXE_tasklab");

/// Runs a scenario on worker processes to its end, and lets `each` see the model after every batch.
fn run_until(workers: usize, tasks: &str, mut each: impl FnMut(&Model, &mut Run)) -> (Model, Run) {
    let text = format!("title = 'test'\n[executor]\nkind = 'processes'\nworkers = {workers}\n{tasks}");
    let scenario = scenario::read("test.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let settings = Settings {
        worker: Some(WorkerCommand::tasklab(TASKLAB)),
        ..Settings::default()
    };
    let mut run = Run::start(&scenario, settings, &|| false).expect("a run");
    let mut model = Model::new(run.info().clone());
    loop {
        model.apply(&run.batch());
        if matches!(run.state(), RunState::Ended { .. }) {
            return (model, run);
        }
        each(&model, &mut run);
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The processes that can be seen, by the names of their lanes.
fn pids(model: &Model) -> Vec<Pid> {
    let processes = model.lanes().iter().filter(|lane| lane.kind == LaneKind::Process);
    let pid = |name: &str| name.split_once("(")?.1.strip_suffix(')')?.parse().ok();
    processes
        .map(|lane| Pid::from_raw(pid(&lane.name).unwrap_or_else(|| panic!("{}", lane.name))).unwrap())
        .collect()
}

fn outcomes(model: &Model) -> Vec<Option<Outcome>> {
    let ended = |task: &tasklab::model::Task| task.ended.map(|(_, outcome)| outcome);
    model.tasks().iter().map(ended).collect()
}

#[test]
fn a_worker_that_is_killed_takes_its_tasks_with_it_and_nobody_elses() {
    let mut killed = None;
    let (model, _) = run_until(
        2,
        "[[task]]\nname = 'api'\ncount = 6\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]\n\
         [[task]]\nname = 'family'\nrepeat = 'forever'\nsteps = [{ gather = [[{ sleep = '5ms' }], [{ sleep = '5ms' }]] }]",
        |model, run| {
            match killed {
                None if model.tasks().len() >= 9 && pids(model).len() == 2 => {
                    let victim = pids(model)[0];
                    kill_process(victim, Signal::KILL).unwrap();
                    killed = Some((victim, None));
                }
                Some((victim, None)) if outcomes(model).contains(&Some(Outcome::Lost)) => {
                    let polls = model.record_counts().recorded;
                    killed = Some((victim, Some(polls)));
                }
                // The others go on: there is more and more of what they do.
                Some((_, Some(polls))) if model.record_counts().recorded > polls + 50 => run.stop(),
                _ => {}
            }
        },
    );
    let (victim, _) = killed.expect("somebody was killed");
    let lanes: Vec<_> = model.lanes().iter().filter(|l| l.kind == LaneKind::Process).collect();
    let (dead, living): (Vec<_>, Vec<_>) = lanes.into_iter().partition(|lane| lane.is_dead());
    assert_eq!((dead.len(), living.len()), (1, 1));
    assert!(
        dead[0].name.ends_with(&format!("({})", victim.as_raw_nonzero())),
        "{}",
        dead[0].name
    );
    // Each worker had three or four of the seven; what the one had is lost, what the other had was stopped at the end.
    let named = |name: &str| {
        model
            .groups()
            .iter()
            .find(|group| group.name == name)
            .map(|group| group.id)
    };
    let roots = model.tasks().iter().filter(|task| task.group != named("family gather"));
    let mut lost = 0;
    for task in roots {
        match model.state(task.id) {
            State::Ended(Outcome::Lost) => lost += 1,
            State::Ended(Outcome::Cancelled) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((3..=4).contains(&lost), "{lost}");
    assert_eq!(model.counts().alive(), 0, "also the children have an end");
    for task in model.tasks() {
        let until = task.ended_at().expect("an end");
        assert_eq!(model.times(task.id).total(), until - task.spawned_at);
    }
}

#[test]
fn what_a_killed_worker_was_doing_is_told_up_to_its_death() {
    let mut killed = false;
    let (model, _) = run_until(
        1,
        "[[task]]\nname = 'a'\ncount = 2\nsteps = [{ block = '1h' }]",
        |model, _| {
            let held = model.lanes().iter().find_map(|lane| lane.current);
            if let (false, Some(held)) = (killed, held)
                && model.now() - held.start > Nanos::from_millis(100)
            {
                killed = true;
                kill_process(pids(model)[0], Signal::KILL).unwrap();
            }
        },
    );
    let [first, second] = [0, 1].map(|index| &model.tasks()[index]);
    assert_eq!(outcomes(&model), [Some(Outcome::Lost); 2]);
    // The one blocked from its first instant on a lane to the last, the other never got there.
    let times = model.times(first.id);
    assert_eq!(first.polls, 1);
    assert!(times.blocking > Nanos::from_millis(90), "{times:?}");
    assert!(times.blocking.0 > 9 * (times.running + times.suspended).0, "{times:?}");
    let other = model.times(second.id);
    assert_eq!(second.polls, 0);
    assert_eq!(other.queued, other.total(), "{other:?}");
    let lane = model.lanes().iter().find(|lane| lane.kind == LaneKind::Process);
    let (_, held) = model.lane_times(lane.expect("a lane").id);
    assert_eq!(held, times.blocking, "the lane slept all that its task did");
    let record_counts = model.record_counts();
    assert_eq!((record_counts.recorded, record_counts.jobs), (1, 1));
}

#[test]
fn a_run_whose_last_worker_dies_is_over_when_nobody_is_to_come() {
    let mut killed = false;
    let (model, _) = run_until(
        1,
        "[[task]]\nname = 'api'\ncount = 3\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
        |model, _| {
            if !killed && model.record_counts().recorded > 0 {
                kill_process(pids(model)[0], Signal::KILL).unwrap();
                killed = true;
            }
        },
    );
    assert_eq!(outcomes(&model), [Some(Outcome::Lost); 3]);
}

#[test]
fn what_blocks_when_the_run_ends_ends_with_its_process() {
    let mut asked = false;
    let (model, run) = run_until(
        1,
        "[[task]]\nname = 'stubborn'\nsteps = [{ block = '1h' }]",
        |model, run| {
            if !asked && model.counts().blocking > 0 {
                asked = true;
                run.stop();
            }
        },
    );
    assert_eq!(outcomes(&model), [Some(Outcome::Cancelled)]);
    assert_eq!(run.state(), RunState::Ended { left: None });
    let times = model.times(model.tasks()[0].id);
    assert!(times.blocking.0 * 10 > times.total().0 * 9, "{times:?}");
}

#[test]
fn instants_of_several_processes_are_on_one_clock() {
    let (model, run) = run_until(
        2,
        "[[task]]\nname = 'api'\ncount = 4\nrepeat = 40\nsteps = [{ sleep = '1ms' }]",
        |_, _| {},
    );
    assert_eq!(model.counts().completed, 4);
    for task in model.tasks() {
        let (end, _) = task.ended.expect("an end");
        assert!(task.spawned_at < end && end <= model.now());
        assert!(
            model.times(task.id).blocking.0 >= 40_000_000,
            "{:?}",
            model.times(task.id)
        );
    }
    assert_eq!(run.resources().processes, 3);
}

/// A program for `--worker-command`.
fn script(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("worker.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// `tasklab run` of a scenario on so many worker processes, each of which is this program.
fn run_command(scenario: &Path, workers: usize, worker: &Path) -> Command {
    let mut command = Command::new(TASKLAB);
    command.arg("run").arg(scenario);
    command.args([
        "--headless",
        "--executor",
        "processes",
        "--workers",
        &workers.to_string(),
    ]);
    command.arg("--worker-command").arg(worker);
    command
}

/// What `tasklab run` says on two worker processes, which are this shell script.
fn run_with(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let worker = script(
        folder.path(),
        &text.replace("FOLDER", &folder.path().display().to_string()),
    );
    let scenario = folder.path().join("small.toml");
    std::fs::write(
        &scenario,
        "title = 't'\n[[task]]\nname = 'a'\ncount = 4\nsteps = [{ sleep = '1ms' }]\n",
    )
    .unwrap();
    run_command(&scenario, 2, &worker).output().unwrap()
}

#[test]
fn one_worker_that_cannot_be_used_is_told_of_once_and_the_other_does_it_all() {
    let done = run_with(&format!(
        "if mkdir FOLDER/first; then exit 3; fi\nexec {TASKLAB} worker"
    ));
    let (out, err) = (
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    );
    assert!(done.status.success(), "{err}");
    let told: Vec<_> = err.lines().filter(|line| line.contains("cannot be used")).collect();
    assert_eq!(told.len(), 1, "{err}");
    assert!(
        told[0].contains("it ended before it was ready (exit status: 3)"),
        "{err}"
    );
    assert!(out.contains("4 spawned · 4 completed"), "{out}");
}

#[test]
fn a_worker_of_another_version_is_refused_with_both_versions() {
    let done = run_with(r#"echo '{"hello":{"protocol":9999,"program":"tasklab 99.0"}}'; cat >/dev/null"#);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("tasklab 99.0 and speaks version 9999"), "{err}");
    assert!(err.contains("which speaks version 1"), "{err}");
}

#[test]
fn a_worker_may_greet_before_it_is_greeted() {
    for _ in 0..10 {
        let done = run_with(
            "echo '{\"hello\":{\"protocol\":1,\"program\":\"x\"}}'; read first; echo '{\"ready\":{}}'; \
             case $first in *hello*) exit 3;; esac; exit 7",
        );
        let err = String::from_utf8(done.stderr).unwrap();
        assert!(
            err.contains("(exit status: 3)") && !err.contains("(exit status: 7)"),
            "{err}"
        );
    }
}

#[test]
fn a_worker_that_speaks_gibberish_is_dismissed() {
    let done = run_with(
        "read hello; echo '{\"hello\":{\"protocol\":1,\"program\":\"x\"}}'; read begin; echo '{\"ready\":{}}'; read task; echo gibberish; cat >/dev/null",
    );
    let (out, err) = (
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    );
    assert_eq!(done.status.code(), Some(1), "nobody was left to do anything: {err}");
    assert_eq!(
        err.lines()
            .filter(|line| line.contains("that is not a message"))
            .count(),
        2,
        "{err}"
    );
    assert!(out.contains("4 spawned · 4 lost"), "{out}");
    assert!(out.contains("no worker process was left"), "{out}");
}

#[test]
fn workers_that_die_as_soon_as_they_are_ready_are_no_success_and_their_end_is_told() {
    let done = run_with(
        "read hello; echo '{\"hello\":{\"protocol\":1,\"program\":\"x\"}}'; read begin; echo '{\"ready\":{}}'; exit 3",
    );
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("has died (exit status: 3)"), "{err}");
    assert!(!err.contains("can be used: \n"), "{err}");
}

#[test]
fn a_worker_that_says_nothing_is_waited_for_only_as_long_as_anybody_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    let listens = "while read line; do :; done";
    let worker = script(folder.path(), &format!("{}; {listens}", tell_pid(&told)));
    let mut tasklab = start_long("1ms", folder.path(), &worker);
    let pid = read_when_there(&told);
    kill_process(Pid::from_child(&tasklab), Signal::TERM).unwrap();
    // As long as it is waited for, the run has not failed.
    assert_eq!(tasklab.wait().unwrap().code(), Some(143));
    wait_for_end(&pid);
}

/// Shell: writes the process's number into this file, at once and whole.
fn tell_pid(file: &Path) -> String {
    format!("echo $$ > {}.new; mv {0}.new {0}", file.display())
}

/// What is in this file, once it is there.
fn read_when_there(file: &Path) -> String {
    loop {
        if let Ok(text) = std::fs::read_to_string(file) {
            return text.trim().to_owned();
        }
        std::thread::yield_now();
    }
}

/// Until this process is gone, or dead and not yet collected by whoever has inherited it.
fn wait_for_end(pid: &str) {
    let lives = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        std::thread::yield_now();
    }
}

/// `tasklab run` of a task that blocks for so long, on this one worker.
fn start_long(block: &str, folder: &Path, worker: &Path) -> Child {
    let scenario = folder.join("long.toml");
    std::fs::write(
        &scenario,
        format!("title = 't'\n[[task]]\nname = 'a'\nsteps = [{{ block = '{block}' }}]\n"),
    )
    .unwrap();
    run_command(&scenario, 1, worker).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn no_worker_outlives_who_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let (told, said) = (folder.path().join("pid"), folder.path().join("said"));
    let worker = script(
        folder.path(),
        &format!(
            "{}; mkfifo {1}.pipe; tee {1} < {1}.pipe & exec {TASKLAB} worker > {1}.pipe",
            tell_pid(&told),
            said.display()
        ),
    );
    let mut tasklab = start_long("1h", folder.path(), &worker);
    let pid = read_when_there(&told);
    // It is inside the step: so it has said.
    while !std::fs::read_to_string(&said).is_ok_and(|said| said.contains("\"blocking_since\":")) {
        std::thread::yield_now();
    }
    tasklab.kill().unwrap();
    tasklab.wait().unwrap();
    wait_for_end(&pid);
}
