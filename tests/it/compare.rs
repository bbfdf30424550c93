//! The subcommands `compare` and `verify`: each run is a process, and the result of all runs is a
//! table or a JSON object.

use crate::support::program::{Finished, Process, command, command_after, is_running, tasklab, write_scenario};
use crate::support::wait::{DEADLINE, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Writes a small scenario with these additional lines to `NAME.toml`, and returns the path of the
/// file.
fn scenario(folder: &Path, name: &str, rest: &str) -> String {
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
    write_scenario(folder, name, &text)
}

#[test]
fn a_comparison_has_a_column_for_each_executor() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenario(folder.path(), "small", "");
    let Finished { code, out, err } = tasklab(&["compare", &file, "--executors", "tokio,pool", "--repeat", "2"]);
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
fn the_json_has_each_executor_that_can_run_the_scenario_and_says_why_others_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let rest = "[expect]\n'pool.overall.completed / tokio.overall.completed' = '== 1'\n'overall.completed' = '> 15'";
    let file = scenario(folder.path(), "small", rest);
    let knob = fs::read_to_string(&file)
        .unwrap()
        .replace("workers = 1", "workers = 1\nevent_interval = 31");
    fs::write(&file, knob).unwrap();
    let done = tasklab(&["compare", &file, "--json", "--seed", "5"]);
    assert_eq!(done.code, Some(3), "15 repetitions do not meet `> 15`: {}", done.out);
    let object = done.json();
    let names = |list: &str| -> Vec<String> {
        let list = object[list].as_array().unwrap().iter();
        list.map(|item| item["executor"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("executors"),
        ["tokio", "current-thread"],
        "the other executors do not have this option"
    );
    assert!(names("left_out").contains(&"pool".to_owned()));
    assert_eq!(object["executors"][0]["completed"]["median"], 15.0);
    let expected = object["expect"].as_array().unwrap();
    assert_eq!(expected[0]["held"], Value::Null, "there was no run on the pool");
    assert_eq!(
        (&expected[1]["measured"], &expected[1]["held"]),
        (&15.0.into(), &false.into())
    );
}

#[test]
fn a_requested_executor_that_cannot_run_the_scenario_is_an_error() {
    let Finished { code, out, err } = tasklab(&["compare", "starved-driver-handoff", "--executors", "tokio,pool"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("`enable_eager_driver_handoff` is an option of tokio"),
        "{err}"
    );
    let Finished { code, err, .. } = tasklab(&["compare", "mixed", "--executors", "tokio,fibers"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("[possible values: tokio, "), "{err}");
}

#[test]
fn the_table_has_a_line_for_a_failed_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenario(folder.path(), "small", "");
    // A run cannot start without a folder for its scratch files.
    let mut command = command_after("export TMPDIR=/nowhere", &["compare", &file, "--executors", "tokio"]);
    let Finished { code, out, .. } = Process::start(&mut command).wait();
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("\nthe run on tokio failed: cannot create scratch files in "),
        "{out}"
    );
}

#[test]
fn verify_prints_in_how_many_rounds_each_expectation_held() {
    let folder = tempfile::tempdir().unwrap();
    let good = scenario(folder.path(), "good", "[expect]\n'overall.completed' = '== 15'");
    let both = "[expect]\n'pool.overall.completed / tokio.overall.completed' = '== 1'";
    let compared = scenario(folder.path(), "compared", both);
    let Finished { code, out, err } = tasklab(&["verify", &good, &compared, "--times", "2"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(
        out.starts_with(&format!("✓ {good}  Small\nexpect   1 of 1 held\n")),
        "{out}"
    );
    assert_eq!(out.matches("held in 2 of 2 rounds").count(), 2, "{out}");
    assert!(out.ends_with("\n2 scenarios, all as expected\n"), "{out}");

    let bad = scenario(folder.path(), "bad", "[expect]\n'overall.completed' = '> 15'");
    let Finished { code, out, .. } = tasklab(&["verify", &bad, &good]);
    assert_eq!(code, Some(3), "{out}");
    assert!(
        out.starts_with(&format!(
            "✗ {bad}  Small\nexpect   0 of 1 held\n✗       15  > 15  overall.completed\n"
        )),
        "{out}"
    );
    assert!(
        out.contains(&format!("\n✓ {good}  Small\n")),
        "a failed scenario does not end the command: {out}"
    );
    assert!(
        out.ends_with(&format!("\n2 scenarios, 1 not as expected: {bad}\n")),
        "{out}"
    );
}

#[test]
fn verify_rejects_an_invalid_scenario_before_it_starts_a_run() {
    let Finished { code, out, err } = tasklab(&["verify", "mixed", "tests/scenarios/bad/zero.toml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
}

/// The process id of a child of this process, or `None` if the process has no child.
fn child_of(process: &Process) -> Option<String> {
    // The kernel lists the children of each thread.
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).ok()?;
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    children
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .next()
}

/// Starts a subcommand on a scenario that takes an hour, and waits until the first run has started.
/// Returns the process of the subcommand, and the process id of its run.
#[track_caller]
fn start_long(subcommand: &str, folder: &Path) -> (Process, String) {
    let file = scenario(folder, "long", "[[task]]\nname = 'long'\nsteps = [{ sleep = '1h' }]");
    let mut process = Process::start(&mut command(&[subcommand, &file]));
    let mut child = None;
    process.wait_until("the process of a run", |process| {
        child = child_of(process);
        child.is_some()
    });
    (process, child.expect("the wait ends when there is a child"))
}

#[test]
fn a_signal_also_ends_the_current_run() {
    let folder = tempfile::tempdir().unwrap();
    for subcommand in ["compare", "verify"] {
        let (process, child) = start_long(subcommand, folder.path());
        process.signal(Signal::TERM);
        assert_eq!(process.wait().code, Some(143), "{subcommand}");
        assert!(
            !Path::new(&format!("/proc/{child}")).exists(),
            "{subcommand} left a process behind"
        );
    }
}

#[test]
fn the_current_run_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    for subcommand in ["compare", "verify"] {
        let (process, child) = start_long(subcommand, folder.path());
        process.kill();
        let what = format!("the end of the run after {subcommand} was killed");
        wait_until(&what, DEADLINE, || !is_running(&child));
    }
}
