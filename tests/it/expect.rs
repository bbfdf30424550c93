//! The expectations of a scenario: the table, the JSON object, and the exit code.

use crate::support::program::{Finished, Process, run};
use rustix::process::Signal;
use serde_json::Value;

/// Expectations that hold on any machine: a block of 20 ms takes longer than a computation of 10
/// µs.
const HOLDS: &str = r#"
"groups.ticker.repetitions" = "== 8"
"groups.blocker.poll_ns.p50 / groups.ticker.poll_ns.p50" = "> 1"
"tasks.panicked" = "== 0"
"#;

/// A scenario of a few milliseconds with these expectations.
fn scenario(expect: &str) -> String {
    format!(
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
    )
}

#[test]
fn a_run_that_meets_all_expectations_exits_with_0() {
    let Finished { code, out, err } = run(&scenario(HOLDS), &["--headless"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("\nexpect   3 of 3 held\n✓        8  == 8  groups.ticker.repetitions\n"),
        "{out}"
    );
}

#[test]
fn a_run_that_misses_an_expectation_exits_with_3() {
    let expect = format!("{HOLDS}\n\"groups.ticker.completed\" = \"< 8\"\n\"groups.injected.polls\" = \"> 0\"");
    let Finished { code, out, .. } = run(&scenario(&expect), &["--headless"]);
    assert_eq!(code, Some(3), "{out}");
    assert!(out.contains("\nexpect   3 of 5 held\n"), "{out}");
    assert!(out.contains("\n✗        8  < 8   groups.ticker.completed\n"), "{out}");
    assert!(out.contains("no task of the group `injected` was spawned\n"), "{out}");
}

#[test]
fn the_json_object_has_each_expectation_with_its_result() {
    let expect = format!("{HOLDS}\n\"pool.elapsed_ns / tokio.elapsed_ns\" = \"> 1\"");
    let done = run(&scenario(&expect), &["--json"]);
    assert_eq!(
        done.code,
        Some(0),
        "a single run does not check comparisons: {}",
        done.err
    );
    let report = done.json();
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
    let scenario = scenario("\"groups.ticker.completed\" = \"< 8\"");
    for options in [["--executor", "pool", "--headless"], ["--workers", "2", "--headless"]] {
        let Finished { code, out, .. } = run(&scenario, &options);
        assert_eq!(code, Some(0), "{options:?}: {out}");
        assert!(
            out.contains("\nexpect   not checked\n·        8  < 8  groups.ticker.completed\n"),
            "{options:?}: {out}"
        );
        assert!(out.contains("written for tokio with 1 worker\n"), "{options:?}: {out}");
    }
    let done = run(&scenario, &["--executor", "tokio", "--headless"]);
    assert_eq!(done.code, Some(3), "this is the scenario's own executor");
}

#[test]
fn expectations_that_were_not_tested_are_counted_and_fail_a_strict_run() {
    let scenario = scenario("\"groups.ticker.completed\" = \"== 8\"");
    for (options, code) in [
        (&["--headless", "--workers", "2"][..], Some(0)),
        (&["--headless", "--workers", "2", "--strict"], Some(3)),
        (&["--headless", "--strict"], Some(0)),
    ] {
        let done = run(&scenario, options);
        assert_eq!(done.code, code, "{options:?}: {}", done.err);
        let says_so = done.err.contains("1 of 1 expectations were not tested");
        assert_eq!(says_so, options.contains(&"--workers"), "{options:?}: {}", done.err);
    }
}

#[test]
fn a_run_that_was_interrupted_is_not_checked() {
    let scenario = scenario("\"groups.ticker.completed\" = \"== 8\"");
    // The log shows that the run has started. Without a signal, the run would last an hour.
    let steps = "steps = [{ fail = 'at work' }]\n[[task]]\nname = 'sleeper'\nsteps = [{ sleep = '1h' }]";
    let scenario = scenario.replace("steps = [{ block = '20ms' }]", steps);
    let mut process = Process::start_run(&scenario, &["--headless", "--log", "warn"]);
    process.wait_until("the failure in the log", |process| process.stderr().contains("at work"));
    process.signal(Signal::TERM);
    let Finished { code, out, .. } = process.wait();
    assert_eq!(code, Some(143), "{out}");
    assert!(out.contains("\nexpect   not checked\n"), "{out}");
    assert!(out.contains("the run was cut short\n"), "{out}");
}
