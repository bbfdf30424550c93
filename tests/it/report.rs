//! The report of a run without a screen: the JSON object and the table.

use crate::support::program::{self, Finished};
use crate::support::{executors, is_synchronous};
use serde_json::Value;

/// `LATE` stands for a duration that is longer than the timeout.
const SCENARIO: &str = "
title = 'Small'
[[task]]
name = 'api'
count = 3
repeat = 5
steps = [{ cpu = '50us' }, { sleep = '1ms' }]
[[task]]
name = 'late'
timeout = '1ms'
steps = [{ sleep = 'LATE' }]
";

/// Runs the scenario to its end on this executor. `form` is the option that chooses the form of the
/// report.
#[track_caller]
fn run(executor: &str, form: &str) -> Finished {
    // A thread cannot be cancelled, and sleeps to the end. So the sleep of a thread is short. The
    // timeout cancels a future. Therefore the sleep of a future is very long: even a slow machine
    // does not reach the end of this sleep.
    let late = if is_synchronous(executor) { "20ms" } else { "1h" };
    let workers: &[&str] = if executor == "threads" {
        &[]
    } else {
        &["--workers", "1"]
    };
    let options = [&["--executor", executor, form], workers].concat();
    let done = program::run(&SCENARIO.replace("LATE", late), &options);
    assert_eq!(done.code, Some(0), "{executor}: {}", done.err);
    done
}

fn sum(list: &Value, key: &str) -> u64 {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item[key].as_u64().expect("a whole number")).sum()
}

#[test]
fn every_executor_prints_one_json_object_with_consistent_numbers() {
    for executor in executors() {
        let done = run(executor, "--json");
        let report = done.json();
        assert!(done.out.ends_with("}\n") && !done.out.ends_with("\n\n"), "{executor}");
        assert_eq!(report["executor"]["kind"], executor);
        let workers = if executor == "threads" { 0 } else { 1 };
        assert_eq!(report["executor"]["workers"], workers, "{executor}");
        assert_eq!(report["left_running"], Value::Null, "{executor}");

        assert_eq!(report["tasks"]["spawned"], 4, "{executor}");
        assert_eq!(report["tasks"]["running"], 0, "{executor}");
        let groups = &report["groups"];
        assert_eq!(
            (&groups[0]["name"], &groups[0]["repetitions"]),
            (&"api".into(), &15.into())
        );
        assert_eq!(
            (&groups[1]["name"], &groups[1]["timed_out"]),
            (&"late".into(), &1.into())
        );
        assert_eq!(groups[0]["repetition_ns"]["count"], 15, "{executor}");

        let written = report["records"]["written"].as_u64().unwrap();
        assert_eq!(report["records"]["dropped"], 0, "{executor}");
        let in_run = written - report["records"]["after_end"].as_u64().unwrap();
        assert_eq!(sum(groups, "polls"), in_run, "{executor}");
        assert_eq!(sum(&report["lanes"], "slices"), in_run, "{executor}");
        assert_eq!(
            sum(&report["lanes"], "running_ns"),
            sum(groups, "running_ns") + sum(groups, "hogging_ns"),
            "{executor}"
        );
        let polls = &report["tokio"]["polls"];
        if is_synchronous(executor) {
            assert_eq!(
                (polls, &report["records"]["matches_tokio"]),
                (&Value::Null, &Value::Null)
            );
        } else {
            assert!(polls.as_u64() > Some(0), "{executor}: {polls}");
            assert_eq!(report["records"]["matches_tokio"], true, "{executor}");
        }
    }
}

#[test]
fn tasks_that_arrive_every_second_have_a_throughput_of_one_per_second() {
    let scenario = "title = 'Pace'\n[executor]\nkind = 'tokio'\nworkers = 1\n\
        [[task]]\nname = 'beat'\nevery = '300ms'\ncount = 3\nsteps = ['yield']\n";
    let report = program::run(scenario, &["--json"]).json();
    // Three arrivals with a pause of 300 ms count as 0.9 s, although the last task arrives after
    // 0.6 s. This task may be late.
    let throughput = report["groups"][0]["throughput"].as_f64().expect("a number");
    assert!((2.5..3.34).contains(&throughput), "{throughput}");
}

#[test]
fn the_table_fits_into_80_columns_without_colours() {
    let Finished { out, .. } = run("tokio", "--headless");
    assert!(out.starts_with("Small · "), "{out}");
    assert!(out.contains("\ntasks    4 spawned · "), "{out}");
    assert!(out.lines().skip(2).all(|line| line.chars().count() <= 80), "{out}");
    assert!(!out.contains('\u{1b}'));
}
