//! Slices, waits and repetitions that are open when the run ends count up to this instant. The
//! report shows the state in which they really are at this instant.

use super::{assert_seconds, group, report, sum_of_states};
use serde_json::Value;

/// At the end of the run, the ticker is unnoticed or queued. Checks the duration of this state.
///
/// On a busy machine, one poll of the driver may wake both the ticker and the task that holds the
/// thread. Then the ticker is queued behind this task, and not unnoticed.
#[track_caller]
fn assert_starved(ticker: &Value, sum: (f64, f64), longest: (f64, f64)) {
    let was_woken = ticker["delay_ns"]["max"].as_u64() >= Some(500_000_000);
    let state = if was_woken { "queued_ns" } else { "unnoticed_ns" };
    assert_seconds(state, &ticker[state], sum);
    assert_seconds("the longest lateness", &ticker["lateness_ns"]["max"], longest);
}

#[test]
fn a_task_that_starves_when_the_run_ends_was_unnoticed() {
    let report = report(include_str!("25-starved-at-the-end.toml"));
    assert_seconds("the run", &report["elapsed_ns"], (2.5, 2.7));
    let ticker = group(&report, "ticker");
    // On a busy machine, the ticks before the block are late too.
    assert_starved(ticker, (0.9, 2.4), (0.9, 1.7));
    assert_seconds("suspended", &ticker["suspended_ns"], (0.1, 1.3));
    assert_eq!(ticker["tasks"]["cancelled"], 1, "{ticker:#}");
    let blocker = group(&report, "blocker");
    assert_seconds("blocking", &blocker["blocking_ns"], (0.9, 1.6));
    assert_seconds("the repetition", &blocker["repetition_ns"]["max"], (0.9, 1.6));
    assert_seconds("the poll", &blocker["poll_ns"]["max"], (0.9, 1.6));
    assert_eq!(blocker["timed_out"], 1, "{blocker:#}");
}

#[test]
fn a_task_that_starves_until_shortly_before_the_end_was_unnoticed() {
    let report = report(include_str!("25b-control.toml"));
    assert_seconds("the run", &report["elapsed_ns"], (3.5, 3.7));
    let ticker = group(&report, "ticker");
    assert_starved(ticker, (1.7, 3.3), (1.7, 2.4));
    let blocker = group(&report, "blocker");
    assert_seconds("blocking", &blocker["blocking_ns"], (2.0, 2.4));
    assert_eq!(blocker["timed_out"], 1, "{blocker:#}");
}

#[test]
fn a_computation_that_is_past_its_limit_at_the_end_has_timed_out() {
    let report = report(include_str!("18-timeout-never-fires.toml"));
    assert_seconds("the run", &report["elapsed_ns"], (7.0, 7.3));
    let greedy = group(&report, "greedy");
    assert_eq!(greedy["timed_out"], 1, "{greedy:#}");
    assert_eq!(greedy["tasks"]["timed_out"], 1, "{greedy:#}");
    assert_seconds("the repetition", &greedy["repetition_ns"]["max"], (5.2, 6.1));
    let ticker = group(&report, "ticker");
    assert_starved(ticker, (5.2, 6.9), (5.2, 6.1));
    assert_seconds("suspended", &ticker["suspended_ns"], (0.1, 1.5));
}

#[test]
fn work_that_cannot_be_stopped_counts_up_to_the_end() {
    let report = report(include_str!("left-behind.toml"));
    assert_seconds("the run", &report["elapsed_ns"], (0.8, 1.0));
    let block = group(&report, "block");
    assert_seconds("sleeping", &block["sleeping_ns"], (0.6, 0.9));
    assert_seconds("the slice", &block["poll_ns"]["max"], (0.6, 0.9));
    assert_eq!(
        (&block["polls"], &block["timed_out"]),
        (&1.into(), &1.into()),
        "{block:#}"
    );
    assert_seconds("the repetition", &block["repetition_ns"]["max"], (0.6, 0.9));
    assert_eq!(block["tasks"]["running"], 1, "{block:#}");
    let waits = group(&report, "waits");
    assert_seconds("queued", &waits["queued_ns"], (0.4, 0.7));
    assert_seconds("the delay", &waits["delay_ns"]["max"], (0.4, 0.7));
    assert_eq!(waits["polls"], 0, "{waits:#}");
}

#[test]
fn every_kind_of_wait_counts_up_to_the_end() {
    let report = report(include_str!("open-waits.toml"));
    assert_seconds("the run", &report["elapsed_ns"], (1.2, 1.4));
    for (name, waits, reason) in [
        ("locked", "waiting_on", "lock"),
        ("sleeper", "suspended_on", "timer"),
        ("hog", "waiting_on", "offload"),
    ] {
        assert_seconds(name, &group(&report, name)[waits][reason], (0.7, 1.1));
    }
    let hog = group(&report, "hog offload");
    assert_seconds("sleeping", &hog["sleeping_ns"], (0.7, 1.1));
    let behind = group(&report, "behind offload");
    assert_seconds("queued", &behind["queued_ns"], (0.6, 1.0));
    assert_seconds("the delay", &behind["delay_ns"]["max"], (0.6, 1.0));
}

#[test]
fn the_states_of_a_task_add_up_to_its_lifetime() {
    let scenarios = [
        include_str!("12-sum-exceeds-span.toml"),
        include_str!("left-behind.toml"),
        include_str!("open-waits.toml"),
    ];
    for scenario in scenarios {
        let report = report(scenario);
        let groups = report["groups"].as_array().expect("a list of groups");
        let single: Vec<_> = groups.iter().filter(|group| group["spawned"] == 1).collect();
        assert!(!single.is_empty());
        for group in single {
            assert_eq!(group["span_ns"], sum_of_states(group), "{group:#}");
        }
    }
}
