//! The protocol's document is enough to write a worker: this one was written after it, shares no code with tasklab, and does `sleep`
//! steps. tasklab starts this very program, which is a worker when the environment says so, and the test otherwise.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::env;
use std::io::{self, BufRead, Write};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const ROLE: &str = "TASKLAB_TEST_FOREIGN_WORKER";

fn main() {
    if env::var_os(ROLE).is_some() {
        work();
        return;
    }
    test();
    println!("a worker that shares no code with tasklab works for it: ok");
}

/// `CLOCK_MONOTONIC` in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn say(message: &Value) {
    let mut out = io::stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .expect("somebody who reads");
}

fn work() {
    let mut groups = HashMap::new();
    for line in io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let (kind, body) = message
            .as_object()
            .and_then(|object| object.iter().next())
            .expect("one key");
        match kind.as_str() {
            "hello" => say(&json!({ "hello": { "protocol": 1, "program": "a foreign worker 1.0" } })),
            "begin" => {
                for group in body["groups"].as_array().expect("a list") {
                    groups.insert(group["name"].as_str().expect("a name").to_owned(), group.clone());
                }
                say(&json!({ "ready": {} }));
                say(&json!({ "batch": { "now": now(), "definitions": [
                    { "lane": { "id": 3, "kind": "process", "name": "only" } },
                    { "label": { "id": 9, "text": "a foreign sleep" } },
                ] } }));
            }
            "task" => run(
                &body["task"],
                &groups[body["group"].as_str().expect("a name")],
                body["since"].as_u64().expect("an instant"),
            ),
            "stop" => {
                say(
                    &json!({ "resources": { "cpu": 1, "peak_memory": 2, "voluntary_switches": 3, "involuntary_switches": 4, "processes": 1 } }),
                );
                say(&json!({ "bye": {} }));
                return;
            }
            _ => {}
        }
    }
}

/// Does a task's steps once, and tells of it.
fn run(task: &Value, group: &Value, since: u64) {
    let begun = now();
    let mut records = Vec::new();
    for step in group["steps"].as_array().expect("a list") {
        let start = now();
        sleep(Duration::from_nanos(
            step["sleep"]["fixed"].as_u64().expect("a fixed sleep"),
        ));
        records.push(json!([3, { "step": { "start": start, "task": task, "len": now() - start, "label": 9, "blocking": true } }]));
    }
    let over = now();
    let len = over - begun;
    records.push(json!([3, { "repetition": { "start": begun, "task": task, "len": len, "outcome": "completed" } }]));
    records.push(json!([3, { "slice": { "start": begun, "task": task, "len": len, "queued": begun - since } }]));
    records.push(json!([3, { "ended": { "at": over, "task": task, "outcome": "completed" } }]));
    say(&json!({ "batch": { "now": over, "records": records, "jobs": 0, "log": [
        { "at": over, "level": "error", "task": task, "message": "said by a stranger" },
    ] } }));
}

fn test() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("sleepers.toml");
    std::fs::write(
        &scenario,
        "title = 'Sleepers'\n[[task]]\nname = 'sleeper'\ncount = 5\nsteps = [{ sleep = '2ms' }, { sleep = '3ms' }]\n",
    )
    .unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_tasklab"))
        .arg("run")
        .arg(&scenario)
        .args([
            "--json",
            "--executor",
            "processes",
            "--workers",
            "2",
            "--worker-command",
        ])
        .arg(env::current_exe().unwrap())
        .env(ROLE, "1")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    );
    assert!(done.status.success(), "{err}");
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    assert_eq!(report["tasks"]["spawned"], 5, "{out}");
    let sleeper = &report["groups"][0];
    assert_eq!(sleeper["name"], "sleeper");
    assert_eq!(
        (&sleeper["completed"], &sleeper["repetitions"]),
        (&json!(5), &json!(5)),
        "{sleeper}"
    );
    assert!(sleeper["blocking_ns"].as_u64() >= Some(25_000_000), "{sleeper}");
    assert_eq!(report["lanes"].as_array().map(Vec::len), Some(2), "{out}");
    assert_eq!(err.matches("said by a stranger").count(), 5, "{err}");
}
