//! The expectations of a scenario: the table, the JSON object, and the exit code.

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Expectations that hold on any machine: a block of 20 ms takes longer than a computation of 10
/// µs.
const HOLDS: &str = r#"
"groups.ticker.repetitions" = "== 8"
"groups.blocker.poll_ns.p50 / groups.ticker.poll_ns.p50" = "> 1"
"tasks.panicked" = "== 0"
"#;

fn scenario(expect: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("expects.toml");
    let text = format!(
        "title = 'Expects'
[executor]
kind = 'tokio'
workers = 1
[[task]]
name = 'ticker'
count = 2
repeat = 4
steps = [{{ cpu = '10us' }}, {{ sleep = '1ms' }}]
[[task]]
name = 'blocker'
steps = [{{ block = '20ms' }}]
[expect]
{expect}"
    );
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

fn run(expect: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let (_folder, file) = scenario(expect);
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_tasklab"))
        .args(["run", &file])
        .args(options)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_run_that_meets_all_expectations_exits_with_0() {
    let (code, out, err) = run(HOLDS, &["--headless"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("\nexpect   3 of 3 held\n✓        8  == 8  groups.ticker.repetitions\n"),
        "{out}"
    );
}

#[test]
fn a_run_that_misses_an_expectation_exits_with_3() {
    let expect = format!("{HOLDS}\n\"groups.ticker.completed\" = \"< 8\"\n\"groups.injected.polls\" = \"> 0\"");
    let (code, out, _) = run(&expect, &["--headless"]);
    assert_eq!(code, Some(3), "{out}");
    assert!(out.contains("\nexpect   3 of 5 held\n"), "{out}");
    assert!(out.contains("\n✗        8  < 8   groups.ticker.completed\n"), "{out}");
    assert!(out.contains("no task of the group `injected` was spawned\n"), "{out}");
}

#[test]
fn the_json_object_has_each_expectation_with_its_result() {
    let expect = format!("{HOLDS}\n\"pool.elapsed_ns / tokio.elapsed_ns\" = \"> 1\"");
    let (code, out, err) = run(&expect, &["--json"]);
    assert_eq!(code, Some(0), "a single run does not check comparisons: {err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let expected = report["expect"].as_array().unwrap();
    let first = &expected[0];
    assert_eq!(first["key"], "groups.ticker.repetitions");
    assert_eq!(
        (&first["wanted"], &first["measured"], &first["held"]),
        (&"== 8".into(), &8.0.into(), &true.into())
    );
    assert_eq!(first["why"], Value::Null);
    assert_eq!(
        (&expected[3]["measured"], &expected[3]["held"]),
        (&Value::Null, &Value::Null)
    );
    assert!(expected[3]["why"].as_str().unwrap().contains("tasklab compare"));
}

#[test]
fn on_another_executor_expectations_are_measured_but_not_checked() {
    for options in [["--executor", "pool", "--headless"], ["--workers", "2", "--headless"]] {
        let (code, out, _) = run("\"groups.ticker.completed\" = \"< 8\"", &options);
        assert_eq!(code, Some(0), "{options:?}: {out}");
        assert!(
            out.contains("\nexpect   not checked\n·        8  < 8  groups.ticker.completed\n"),
            "{options:?}: {out}"
        );
        assert!(out.contains("written for tokio with 1 worker\n"), "{options:?}: {out}");
    }
    let (code, ..) = run(
        "\"groups.ticker.completed\" = \"< 8\"",
        &["--executor", "tokio", "--headless"],
    );
    assert_eq!(code, Some(3), "this is the scenario's own executor");
}

#[test]
fn a_run_that_was_interrupted_is_not_checked() {
    let (_folder, file) = scenario("\"groups.ticker.completed\" = \"== 8\"");
    let text = fs::read_to_string(&file).unwrap();
    // The log shows that the run has started. Without a signal it would last an hour.
    let steps = "steps = [{ fail = 'at work' }]\n[[task]]\nname = 'sleeper'\nsteps = [{ sleep = '1h' }]";
    fs::write(&file, text.replace("steps = [{ block = '20ms' }]", steps)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tasklab"))
        .args(["run", &file, "--headless", "--log", "warn"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut log = Vec::new();
    while !String::from_utf8_lossy(&log).contains("at work") {
        let mut buffer = [0; 256];
        let read = stderr.read(&mut buffer).unwrap();
        assert!(read > 0, "the run ended by itself: {}", String::from_utf8_lossy(&log));
        log.extend_from_slice(&buffer[..read]);
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let done = child.wait_with_output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(143), "{out}");
    assert!(out.contains("\nexpect   not checked\n"), "{out}");
    assert!(out.contains("the run was cut short\n"), "{out}");
}
