//! Tests a worker that shares no code with tasklab: only `src/executor/processes/PROTOCOL.md` was
//! used to write it. The test shows that the document is enough to write a worker. The worker can
//! do `sleep` steps.
//!
//! tasklab starts this program as its worker. If the environment variable [`ROLE`] is set, the
//! program is the worker. Otherwise, the program is the test.

#[path = "it/support/program.rs"]
#[allow(dead_code, reason = "other tests use the rest of this module")]
mod program;
#[path = "it/support/wait.rs"]
#[allow(dead_code, reason = "other tests use the rest of this module")]
mod wait;

use program::{Process, command};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::env;
use std::io::{self, BufRead, Write};
use std::thread::sleep;
use std::time::Duration;

const ROLE: &str = "TASKLAB_TEST_FOREIGN_WORKER";

fn main() {
    if env::var_os(ROLE).is_some() {
        work();
        return;
    }
    test();
    println!("a worker that shares no code with tasklab can run tasks: ok");
}

/// `CLOCK_MONOTONIC` in nanoseconds: all instants of the protocol are on this clock.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn send(message: &Value) {
    let mut out = io::stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .expect("tasklab reads until the worker has ended");
}

/// Answers the messages of tasklab, until tasklab asks the worker to stop.
fn work() {
    let mut groups = HashMap::new();
    for line in io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let fields = message.as_object().and_then(|object| object.iter().next());
        let (kind, body) = fields.expect("one key");
        match kind.as_str() {
            "hello" => send(&json!({ "hello": { "protocol": 2, "program": "a foreign worker 1.0" } })),
            "begin" => {
                for group in body["groups"].as_array().expect("a list") {
                    groups.insert(group["name"].as_str().expect("a name").to_owned(), group.clone());
                }
                send(&json!({ "ready": {} }));
                send(&json!({ "batch": { "now": now(), "definitions": [
                    { "lane": { "id": 3, "kind": "process", "name": "only" } },
                    { "label": { "id": 9, "text": "a foreign sleep" } },
                ] } }));
            }
            "task" => run_task(
                &body["task"],
                &groups[body["group"].as_str().expect("a name")],
                body["since"].as_u64().expect("an instant"),
            ),
            "stop" => {
                send(&json!({ "resources": {
                    "cpu": 1, "peak_memory": 2, "voluntary_switches": 3, "involuntary_switches": 4,
                    "processes": 1,
                } }));
                send(&json!({ "bye": {} }));
                return;
            }
            _ => {}
        }
    }
}

/// Does the steps of a task once, and sends their records. `since` is the instant at which the task
/// arrived.
fn run_task(task: &Value, group: &Value, since: u64) {
    let start = now();
    let mut records = Vec::new();
    for step in group["steps"].as_array().expect("a list") {
        let step_start = now();
        let nanos = step["sleep"]["fixed"].as_u64().expect("a fixed sleep");
        sleep(Duration::from_nanos(nanos));
        let len = now() - step_start;
        records.push(json!([3, { "step": {
            "start": step_start, "task": task, "len": len, "label": 9, "blocking": true,
        } }]));
    }
    let end = now();
    let len = end - start;
    records.push(json!([3, { "repetition": { "start": start, "task": task, "len": len, "outcome": "completed" } }]));
    records.push(json!([3, { "slice": { "start": start, "task": task, "len": len, "queued": start - since } }]));
    records.push(json!([3, { "ended": { "at": end, "task": task, "outcome": "completed" } }]));
    send(&json!({ "batch": { "now": end, "records": records, "jobs": 0, "log": [
        { "at": end, "level": "error", "task": task, "message": "a message of the foreign worker" },
    ] } }));
}

fn test() {
    let worker = env::current_exe().expect("the path of this program");
    let mut command = command(&["run", "--json", "--executor", "processes", "--workers", "2"]);
    command.arg("--worker-command").arg(worker).env(ROLE, "1");
    let scenario =
        "title = 'Sleepers'\n[[task]]\nname = 'sleeper'\ncount = 5\nsteps = [{ sleep = '2ms' }, { sleep = '3ms' }]\n";
    let done = Process::start_run_of(&mut command, scenario, &[]).wait();
    assert_eq!(done.code, Some(0), "{}", done.err);
    let report = done.json();
    assert_eq!(report["tasks"]["spawned"], 5, "{report}");
    let sleeper = &report["groups"][0];
    assert_eq!(sleeper["name"], "sleeper");
    assert_eq!(
        (&sleeper["completed"], &sleeper["repetitions"]),
        (&json!(5), &json!(5)),
        "{sleeper}"
    );
    assert!(sleeper["sleeping_ns"].as_u64() >= Some(25_000_000), "{sleeper}");
    assert_eq!(report["lanes"].as_array().map(Vec::len), Some(2), "{report}");
    assert_eq!(
        done.err.matches("a message of the foreign worker").count(),
        5,
        "{}",
        done.err
    );
}
