//! Worker programs that break the rules of the protocol. Such a program must not fill the memory,
//! falsify the counts, or prevent the end of the run. The log says what each program did.

use crate::support::program::{Finished, tasklab, write_scenario};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The code with which each worker program begins. The worker uses the parent's version of the
/// protocol, and waits for its first task, `t`.
const BASE: &str = r#"#!/usr/bin/env python3
import json, os, sys, time
def get():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
def now(): return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
def batch(definitions=[], records=[], log=[]):
    lane = {"lane": {"id": 0, "kind": "process", "name": "main"}}
    say({"batch": {"now": now(), "definitions": [lane] + definitions, "records": records, "log": log}})
say({"hello": {"protocol": get()["hello"]["protocol"], "program": "hostile"}})
begin = get()["begin"]
say({"ready": {}})
t = get()["task"]["task"]
"#;

/// Runs five tasks for two seconds on one worker. The worker executes this code after its first
/// task has arrived.
#[track_caller]
fn run_on(worker: &str) -> Finished {
    run_for("2s", worker)
}

/// Like [`run_on`], for a run of this duration.
#[track_caller]
fn run_for(duration: &str, worker: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("worker.py");
    fs::write(&program, format!("{BASE}{worker}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let scenario = write_scenario(
        folder.path(),
        "small",
        &format!(
            "title = 't'\nduration = '{duration}'\n\
             [[task]]\nname = 'a'\ncount = 5\nrepeat = 'forever'\nsteps = [{{ sleep = '10ms' }}]\n"
        ),
    );
    tasklab(&[
        "run",
        &scenario,
        "--headless",
        "--executor",
        "processes",
        "--workers",
        "1",
        "--worker-command",
        program.to_str().unwrap(),
    ])
}

/// Checks that the worker was killed for this reason, and that its tasks are lost.
#[track_caller]
fn assert_killed(worker: &str, why: &str) {
    // On a slow machine, the worker may need some seconds before it breaks the rule.
    let Finished { code, out, err } = run_for("8s", worker);
    assert_eq!(code, Some(1), "no worker is left: {err}");
    let reports = err
        .lines()
        .filter(|line| line.contains(why) && line.contains("it was killed"));
    assert_eq!(reports.count(), 1, "{err}");
    assert!(out.contains("5 lost"), "{out}");
}

#[test]
fn a_worker_that_ends_a_task_twice_is_killed() {
    let end = r#"end = [0, {"ended": {"at": now(), "task": t, "outcome": "completed"}}]"#;
    let Finished { code, out, err } = run_on(&format!("{end}\nbatch(records=[end, end])\ntime.sleep(60)"));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("ends task 1 twice") || err.contains("twice: it was killed"),
        "{err}"
    );
    assert!(out.contains("5 spawned"), "{out}");
    let Finished { err, .. } = run_on(&format!(
        "{end}\nbatch(records=[end])\nbatch(records=[end])\ntime.sleep(60)"
    ));
    assert!(err.contains("twice: it was killed"), "{err}");
}

#[test]
fn a_worker_that_defines_too_many_groups_is_killed() {
    assert_killed(
        "for k in range(0, 65535, 5000):\n    \
             batch([{\"group\": {\"id\": j, \"name\": \"g%d\" % j}} for j in range(k, min(k + 5000, 65535))])\n\
         time.sleep(60)",
        "defines too many groups: a run can have 10000",
    );
}

#[test]
fn a_worker_that_spawns_too_many_tasks_is_killed() {
    let Finished { code, out, err } = run_on(
        "def spawned(j):\n    \
             return [65535, {\"spawned\": {\"at\": now(), \"task\": begin[\"first_task\"] + j, \"index\": j, \"group\": 0, \"parent\": t}}]\n\
         batch([{\"group\": {\"id\": 0, \"name\": \"a\"}}])\n\
         for k in range(0, 1020000, 20000):\n    \
             batch(records=[spawned(j) for j in range(k, k + 20000)])\n\
         time.sleep(60)",
    );
    // On a slow machine, the run may end before the worker has spawned so many tasks.
    let is_killed = err.contains("spawns more than the 1000000 tasks that its steps may spawn");
    assert!(is_killed || code == Some(0), "{err}{out}");
}

#[test]
fn a_flood_of_log_messages_is_bounded_and_the_rest_is_counted() {
    let Finished { code, err, .. } = run_on(
        "line = {\"at\": now(), \"level\": \"error\", \"target\": \"x\", \"message\": \"m\" * 200}\n\
         while True: batch(log=[line] * 1000)",
    );
    assert_eq!(code, Some(0), "{err}");
    let kept = err.lines().filter(|line| line.contains("mmmm")).count();
    assert!((1..20_000).contains(&kept), "{kept} lines");
}

#[test]
fn a_worker_counts_as_dead_even_if_its_child_keeps_the_pipes_open() {
    let Finished { code, out, err } = run_on(
        "if os.fork() == 0:\n    \
             os.setsid()\n    \
             time.sleep(20)\n    \
             sys.exit()\n\
         os._exit(0)",
    );
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("has died (exit status: 0)"), "{err}");
    assert!(out.contains("5 spawned · 5 lost"), "{out}");
}
