//! Worker processes: what happens, and what tasklab reports, if workers die or cannot be used.

use crate::support::program::{Finished, Process, TASKLAB, command, is_running, tasklab, write_scenario};
use crate::support::run::TestRun;
use crate::support::wait::{DEADLINE, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tasklab::model::{Lane, Model, State, Task};
use tasklab::record::{LaneKind, Nanos, Outcome};

/// Starts a run of these tasks on worker processes.
#[track_caller]
fn start(workers: usize, tasks: &str) -> TestRun {
    TestRun::start(&format!(
        "title = 'test'\n[executor]\nkind = 'processes'\nworkers = {workers}\n{tasks}"
    ))
}

fn process_lanes(model: &Model) -> impl Iterator<Item = &Lane> {
    model.lanes().iter().filter(|lane| lane.kind == LaneKind::Process)
}

/// The worker processes that have a lane. The name of the lane contains the number of the process.
fn pids(model: &Model) -> Vec<Pid> {
    let pid = |name: &str| Pid::from_raw(name.split_once('(')?.1.strip_suffix(')')?.parse().ok()?);
    process_lanes(model)
        .map(|lane| pid(&lane.name).unwrap_or_else(|| panic!("no pid in {}", lane.name)))
        .collect()
}

/// Kills the first worker process of the run.
fn kill_first_worker(run: &TestRun) -> Pid {
    let victim = pids(&run.model)[0];
    kill_process(victim, Signal::KILL).expect("the worker runs");
    victim
}

fn outcomes(model: &Model) -> Vec<Option<Outcome>> {
    let outcome = |task: &Task| task.ended.map(|(_, outcome)| outcome);
    model.tasks().iter().map(outcome).collect()
}

#[test]
fn a_killed_worker_loses_its_own_tasks_and_no_others() {
    let mut run = start(
        2,
        "[[task]]\nname = 'api'\ncount = 6\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]\n\
         [[task]]\nname = 'family'\nrepeat = 'forever'\nsteps = [{ gather = [[{ sleep = '5ms' }], [{ sleep = '5ms' }]] }]",
    );
    run.until("all tasks on two workers", |run| {
        run.model.tasks().len() >= 9 && pids(&run.model).len() == 2
    });
    let victim = kill_first_worker(&run);
    run.until("a lost task", |run| outcomes(&run.model).contains(&Some(Outcome::Lost)));
    let recorded = run.model.record_counts().recorded;
    run.until("50 more slices of the other worker", |run| {
        run.model.record_counts().recorded > recorded + 50
    });
    run.stop_and_join();

    let model = &run.model;
    let (dead, living): (Vec<_>, Vec<_>) = process_lanes(model).partition(|lane| lane.is_dead());
    assert_eq!((dead.len(), living.len()), (1, 1));
    assert!(
        dead[0].name.ends_with(&format!("({})", victim.as_raw_nonzero())),
        "{}",
        dead[0].name
    );
    // Seven tasks have no parent, and each worker had three or four of these tasks. The tasks of
    // the killed worker are lost, and the end of the run cancels the others.
    let children = run.find_group("family gather").map(|group| group.id);
    let roots = model.tasks().iter().filter(|task| task.group != children);
    let mut lost = 0;
    for task in roots {
        match model.state(task.id) {
            State::Ended(Outcome::Lost) => lost += 1,
            State::Ended(Outcome::Cancelled) => {}
            other => panic!("{}: {other:?}", model.task_name(task.id)),
        }
    }
    assert!((3..=4).contains(&lost), "{lost} lost tasks");
    assert_eq!(model.counts().alive(), 0, "children have an end too");
    for task in model.tasks() {
        let end = task.ended_at().expect("no task is alive");
        assert_eq!(model.times(task.id).total(), end - task.spawned_at);
    }
}

#[test]
fn the_times_of_a_killed_worker_end_at_its_death() {
    let mut run = start(1, "[[task]]\nname = 'a'\ncount = 2\nsteps = [{ block = '1h' }]");
    run.until("a task that has blocked for 100 ms", |run| {
        let current = run.model.lanes().iter().find_map(|lane| lane.current);
        current.is_some_and(|current| run.model.now() - current.start > Nanos::from_millis(100))
    });
    kill_first_worker(&run);
    run.join();

    let model = &run.model;
    let [first, second] = [0, 1].map(|index| &model.tasks()[index]);
    assert_eq!(outcomes(model), [Some(Outcome::Lost); 2]);
    // The first task blocked its lane from its first instant to the death of the worker. The second
    // task never had a lane.
    let times = model.times(first.id);
    assert_eq!(first.polls, 1);
    assert!(times.sleeping > Nanos::from_millis(90), "{times:?}");
    assert!(
        times.sleeping.0 > 9 * (times.running + times.suspended()).0,
        "{times:?}"
    );
    let other = model.times(second.id);
    assert_eq!(second.polls, 0);
    assert_eq!(other.queued, other.total(), "{other:?}");
    let lane = process_lanes(model).next().expect("the worker has a lane");
    let (_, blocked) = model.lane_times(lane.id);
    assert_eq!(
        blocked, times.sleeping,
        "the lane and its task were blocked for the same time"
    );
    let record_counts = model.record_counts();
    assert_eq!((record_counts.recorded, record_counts.jobs), (1, 1));
}

#[test]
fn a_run_ends_when_its_last_worker_dies_after_all_tasks_have_arrived() {
    let mut run = start(
        1,
        "[[task]]\nname = 'api'\ncount = 3\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
    );
    run.until("a first slice", |run| run.model.record_counts().recorded > 0);
    kill_first_worker(&run);
    run.join();
    assert_eq!(outcomes(&run.model), [Some(Outcome::Lost); 3]);
}

#[test]
fn a_task_that_blocks_at_the_end_of_the_run_ends_with_its_process() {
    let mut run = start(1, "[[task]]\nname = 'stubborn'\nsteps = [{ block = '1h' }]");
    run.until("a sleeping task", |run| run.model.counts().sleeping > 0);
    assert_eq!(run.stop_and_join(), None);
    assert_eq!(outcomes(&run.model), [Some(Outcome::Cancelled)]);
    // The block counts up to the end of the run, and not up to the death of the process.
    let task = &run.model.tasks()[0];
    assert_eq!(task.ended_at(), Some(run.model.now()));
    let times = run.model.times(task.id);
    assert!(times.sleeping > times.running, "{times:?}");
}

#[test]
fn instants_of_several_processes_are_on_one_clock() {
    let mut run = start(
        2,
        "[[task]]\nname = 'api'\ncount = 4\nrepeat = 40\nsteps = [{ sleep = '1ms' }]",
    );
    run.join();
    let model = &run.model;
    assert_eq!(model.counts().completed, 4);
    for task in model.tasks() {
        let end = task.ended_at().expect("the run has ended");
        assert!(task.spawned_at < end && end <= model.now());
        let times = model.times(task.id);
        assert!(times.sleeping >= Nanos::from_millis(40), "{times:?}");
    }
    assert_eq!(run.source.usage().processes, 3);
}

/// Writes a shell script that is a worker program, and returns its path.
fn write_worker(folder: &Path, script: &str) -> String {
    let path = folder.join("worker.sh");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The arguments that run a scenario on worker processes of this program.
fn arguments<'a>(scenario: &'a str, workers: &'a str, worker: &'a str) -> [&'a str; 9] {
    [
        "run",
        scenario,
        "--headless",
        "--executor",
        "processes",
        "--workers",
        workers,
        "--worker-command",
        worker,
    ]
}

/// Runs four short tasks on two worker processes of this shell script. `FOLDER` in the script
/// stands for a folder that the workers share.
#[track_caller]
fn run_on_workers(script: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let script = script.replace("FOLDER", folder.path().to_str().unwrap());
    let worker = write_worker(folder.path(), &script);
    let scenario = write_scenario(
        folder.path(),
        "small",
        "title = 't'\n[[task]]\nname = 'a'\ncount = 4\nsteps = [{ sleep = '1ms' }]\n",
    );
    tasklab(&arguments(&scenario, "2", &worker))
}

#[test]
fn an_unusable_worker_is_reported_once_and_the_other_worker_runs_all_tasks() {
    let Finished { code, out, err } = run_on_workers(&format!(
        "if mkdir FOLDER/first; then exit 3; fi\nexec {TASKLAB} worker"
    ));
    assert_eq!(code, Some(0), "{err}");
    let reports: Vec<_> = err.lines().filter(|line| line.contains("cannot be used")).collect();
    assert_eq!(reports.len(), 1, "{err}");
    assert!(
        reports[0].contains("it ended before it was ready (exit status: 3)"),
        "{err}"
    );
    assert!(out.contains("4 spawned · 4 completed"), "{out}");
}

/// The version of the protocol, according to its document.
fn protocol_version() -> u32 {
    let document = include_str!("../../src/executor/processes/PROTOCOL.md");
    let version = document
        .split_once("Version ")
        .and_then(|(_, rest)| rest.split_once('.'));
    version.expect("a version").0.parse().expect("a number")
}

/// The command of a shell script that sends the `hello` of a worker.
fn send_hello(version: u32) -> String {
    format!(r#"echo '{{"hello":{{"protocol":{version},"program":"my worker 3"}}}}'"#)
}

/// The commands of a shell script that make a worker ready for tasks.
fn become_ready() -> String {
    let hello = send_hello(protocol_version());
    format!("read hello; {hello}; read begin; echo '{{\"ready\":{{}}}}'")
}

#[test]
fn a_worker_of_another_version_is_refused_and_both_versions_are_named() {
    let ours = protocol_version();
    for version in [1, 9999] {
        let Finished { code, err, .. } = run_on_workers(&format!("{}; cat >/dev/null", send_hello(version)));
        assert_eq!(code, Some(1), "{err}");
        assert!(
            err.contains(&format!(
                "it is my worker 3 and speaks version {version} of the protocol"
            )),
            "{err}"
        );
        assert!(err.contains(&format!("which speaks version {ours}")), "{err}");
    }
}

#[test]
fn a_worker_may_send_hello_before_it_reads_hello() {
    for _ in 0..10 {
        // Exit status 3 means that the first message to the worker is a `hello`.
        let Finished { err, .. } = run_on_workers(&format!(
            "{}; read first; echo '{{\"ready\":{{}}}}'; case $first in *hello*) exit 3;; esac; exit 7",
            send_hello(protocol_version())
        ));
        assert!(
            err.contains("(exit status: 3)") && !err.contains("(exit status: 7)"),
            "{err}"
        );
    }
}

#[test]
fn a_worker_that_sends_an_invalid_message_loses_its_tasks() {
    let Finished { code, out, err } = run_on_workers(&format!(
        "{}; read task; echo gibberish; cat >/dev/null",
        become_ready()
    ));
    assert_eq!(code, Some(1), "no worker is left: {err}");
    assert_eq!(err.matches("that is not a message").count(), 2, "{err}");
    assert!(out.contains("4 spawned · 4 lost"), "{out}");
    assert!(out.contains("no worker process was left"), "{out}");
}

#[test]
fn workers_that_die_as_soon_as_they_are_ready_are_reported_and_the_run_fails() {
    let Finished { code, err, .. } = run_on_workers(&format!("{}; exit 3", become_ready()));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("has died (exit status: 3)"), "{err}");
    assert!(!err.contains("can be used: \n"), "{err}");
}

/// Starts a run of one task that blocks for this time, on one worker process of this shell script.
fn start_blocking(time: &str, folder: &Path, script: &str) -> Process {
    let worker = write_worker(folder, script);
    let scenario = write_scenario(
        folder,
        "long",
        &format!("title = 't'\n[[task]]\nname = 'a'\nsteps = [{{ block = '{time}' }}]\n"),
    );
    Process::start(&mut command(&arguments(&scenario, "1", &worker)))
}

/// The part of a shell script that writes a process number to this file: `$$` for the script, `$!`
/// for its last background process.
fn write_pid(pid: &str, file: &Path) -> String {
    // The script writes a new file and then renames it. So the file is never empty under its final
    // name.
    format!("echo {pid} > {0}.new; mv {0}.new {0}", file.display())
}

/// Waits until the worker's script has written its process number to this file, and returns this
/// number.
#[track_caller]
fn read_pid(process: &mut Process, file: &Path) -> String {
    process.wait_until("the start of the worker", |_| file.exists());
    fs::read_to_string(file).unwrap().trim().to_owned()
}

#[track_caller]
fn wait_for_end_of(worker: &str) {
    wait_until("the end of the worker", DEADLINE, || !is_running(worker));
}

#[test]
fn a_signal_ends_the_wait_for_a_worker_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("{}; while read line; do :; done", write_pid("$$", &file));
    let mut process = start_blocking("1ms", folder.path(), &script);
    let worker = read_pid(&mut process, &file);
    process.signal(Signal::TERM);
    // The exit code shows that a signal ended the run. The run has not failed: the worker could
    // still have answered.
    assert_eq!(process.wait().code, Some(143));
    wait_for_end_of(&worker);
}

#[test]
fn a_run_ends_only_after_the_last_output_of_a_killed_worker_was_handled() {
    let folder = tempfile::tempdir().unwrap();
    // The unknown field has no effect, but an unoptimised build needs seconds to read this field.
    // tasklab waits for a shorter time for more output of a killed worker.
    let batch = folder.path().join("batch");
    let unknown = "[],".repeat(20_000_000);
    fs::write(&batch, format!(r#"{{"batch":{{"now":1,"unknown":[{unknown}0]}}}}"#)).unwrap();
    let script = format!(
        "{}; read task; read stop; cat {}; echo; while read line; do :; done",
        become_ready(),
        batch.display()
    );
    let worker = write_worker(folder.path(), &script);
    let scenario = write_scenario(
        folder.path(),
        "short",
        "title = 't'\nduration = '100ms'\n[[task]]\nname = 'a'\nsteps = [{ sleep = '1h' }]\n",
    );
    let Finished { code, out, err } = tasklab(&arguments(&scenario, "1", &worker));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("1 spawned · 1 cancelled"), "{out}{err}");
}

#[test]
fn a_run_ends_even_if_another_process_keeps_the_output_of_a_killed_worker_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!(
        "{}; setsid sleep 600 & {}; while read line; do :; done",
        become_ready(),
        write_pid("$!", &file)
    );
    let mut process = start_blocking("1ms", folder.path(), &script);
    let sleeper = read_pid(&mut process, &file);
    process.signal(Signal::TERM);
    // The worker ignores the order to stop, so tasklab kills it.
    assert_eq!(process.wait().code, Some(143));
    assert!(is_running(&sleeper), "the sleeper kept the output open");
    let sleeper = Pid::from_raw(sleeper.parse().expect("a number")).expect("not zero");
    kill_process(sleeper, Signal::KILL).expect("the sleeper runs");
}

#[test]
fn a_worker_ends_when_the_process_that_started_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("pid"), folder.path().join("output"));
    let script = format!(
        "{}; mkfifo {1}.pipe; tee {1} < {1}.pipe & exec {TASKLAB} worker > {1}.pipe",
        write_pid("$$", &file),
        output.display()
    );
    let mut process = start_blocking("1h", folder.path(), &script);
    let worker = read_pid(&mut process, &file);
    process.wait_until("the worker's message that it is in the step", |_| {
        fs::read_to_string(&output).is_ok_and(|output| output.contains("\"blocking_since\":"))
    });
    process.kill();
    wait_for_end_of(&worker);
}
