//! `compare` and `verify` from outside: each run is a process, and what comes of them is a table or an object.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn scenario(folder: &Path, name: &str, rest: &str) -> String {
    let file = folder.join(format!("{name}.toml"));
    let text = format!(
        "title = 'Small'
[executor]
workers = 1
[[task]]
name = 'api'
count = 3
repeat = 5
steps = [{{ cpu = '50us' }}, {{ sleep = '1ms' }}]
{rest}"
    );
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tasklab"));
    command.args(args);
    command
}

fn tasklab(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_comparison_has_a_column_for_each_executor() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenario(folder.path(), "small", "");
    let (code, out, err) = tasklab(&["compare", &file, "--executors", "tokio,pool", "--repeat", "2"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let heading = out.lines().nth(2).unwrap();
    assert_eq!(
        heading.split_whitespace().collect::<Vec<_>>(),
        ["tokio", "pool"],
        "{out}"
    );
    let finished = out.lines().find(|line| line.starts_with("finished")).unwrap();
    assert_eq!(
        finished.split_whitespace().collect::<Vec<_>>(),
        ["finished", "15", "15"],
        "{out}"
    );
    assert!(out.contains("\napi\n") && !out.contains('\u{1b}'), "{out}");
}

#[test]
fn its_json_has_every_executor_that_can_run_it_and_says_why_others_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let rest = "[expect]\n'pool.overall.completed / tokio.overall.completed' = '== 1'\n'overall.completed' = '> 15'";
    let file = scenario(folder.path(), "small", rest);
    let knob = fs::read_to_string(&file)
        .unwrap()
        .replace("workers = 1", "workers = 1\nevent_interval = 31");
    fs::write(&file, knob).unwrap();
    let (code, out, _) = tasklab(&["compare", &file, "--json", "--seed", "5"]);
    assert_eq!(code, Some(3), "more than 15 are not completed: {out}");
    let object: Value = serde_json::from_str(&out).unwrap();
    let names = |list: &str| -> Vec<String> {
        let list = object[list].as_array().unwrap().iter();
        list.map(|it| it["executor"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("executors"),
        ["tokio", "current-thread"],
        "the others lack the knob"
    );
    assert!(names("left_out").contains(&"pool".to_owned()));
    assert_eq!(object["executors"][0]["completed"]["median"], 15.0);
    let expected = object["expect"].as_array().unwrap();
    assert_eq!(expected[0]["held"], Value::Null, "it was not run on the pool");
    assert_eq!(
        (&expected[1]["measured"], &expected[1]["held"]),
        (&15.0.into(), &false.into())
    );
}

#[test]
fn an_executor_that_was_asked_for_and_cannot_is_an_error() {
    let (code, out, err) = tasklab(&["compare", "starved-driver-handoff", "--executors", "tokio,pool"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("`enable_eager_driver_handoff` is a knob of tokio"),
        "{err}"
    );
    let (code, _, err) = tasklab(&["compare", "mixed", "--executors", "tokio,fibers"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("[possible values: tokio, "), "{err}");
}

#[test]
fn a_run_that_fails_is_a_line_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenario(folder.path(), "small", "");
    // Without a place for the scratch folder no run begins.
    let Output { status, stdout, .. } = command(&["compare", &file, "--executors", "tokio"])
        .env("TMPDIR", folder.path().join("nowhere"))
        .output()
        .unwrap();
    let out = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(1), "{out}");
    assert!(
        out.contains("\nfailed on tokio: cannot create scratch files in "),
        "{out}"
    );
}

#[test]
fn verify_says_what_held_and_how_often() {
    let folder = tempfile::tempdir().unwrap();
    let good = scenario(folder.path(), "good", "[expect]\n'overall.completed' = '== 15'");
    let both = "[expect]\n'pool.overall.completed / tokio.overall.completed' = '== 1'";
    let compared = scenario(folder.path(), "compared", both);
    let (code, out, err) = tasklab(&["verify", &good, &compared, "--times", "2"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(
        out.starts_with(&format!("✓ {good}  Small\nexpect   1 of 1 held\n")),
        "{out}"
    );
    assert_eq!(out.matches("held 2 of 2 times").count(), 2, "{out}");
    assert!(out.ends_with("\n2 scenarios, all as expected\n"), "{out}");

    let bad = scenario(folder.path(), "bad", "[expect]\n'overall.completed' = '> 15'");
    let (code, out, _) = tasklab(&["verify", &bad, &good]);
    assert_eq!(code, Some(3), "{out}");
    assert!(
        out.starts_with(&format!(
            "✗ {bad}  Small\nexpect   0 of 1 held\n✗       15  > 15  overall.completed\n"
        )),
        "{out}"
    );
    assert!(
        out.contains(&format!("\n✓ {good}  Small\n")),
        "one that fails does not end it: {out}"
    );
    assert!(
        out.ends_with(&format!("\n2 scenarios, 1 not as expected: {bad}\n")),
        "{out}"
    );
}

#[test]
fn verify_refuses_a_bad_scenario_before_anything_runs() {
    let (code, out, err) = tasklab(&["verify", "mixed", "tests/scenarios/bad/zero.toml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
}

/// The process that a process runs now, if it runs one.
fn child_of(process: &Child) -> Option<i32> {
    let id = process.id();
    // Threads have children of their own.
    let threads = fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    children
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .find_map(|id| id.parse().ok())
}

/// A subcommand while the process of a run is at work for it, which would take an hour.
fn under_way(subcommand: &str, folder: &Path) -> (Child, i32) {
    let file = scenario(folder, "long", "[[task]]\nname = 'long'\nsteps = [{ sleep = '1h' }]");
    let mut process = command(&[subcommand, &file])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        if let Some(child) = child_of(&process) {
            return (process, child);
        }
        assert_eq!(process.try_wait().unwrap(), None, "it goes on for hours");
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_ends_the_run_that_is_under_way_too() {
    let folder = tempfile::tempdir().unwrap();
    for subcommand in ["compare", "verify"] {
        let (mut process, child) = under_way(subcommand, folder.path());
        kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(143), "{subcommand}");
        assert!(
            !Path::new(&format!("/proc/{child}")).exists(),
            "{subcommand} left a process behind"
        );
    }
}

#[test]
fn a_run_does_not_outlive_who_is_killed_while_it_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    for subcommand in ["compare", "verify"] {
        let (mut process, child) = under_way(subcommand, folder.path());
        process.kill().unwrap();
        process.wait().unwrap();
        // Whoever takes it in may leave it as a zombie, which runs no more.
        let runs = || {
            let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
            status.contains("State:") && !status.contains("State:\tZ")
        };
        while runs() {
            std::thread::yield_now();
        }
    }
}
