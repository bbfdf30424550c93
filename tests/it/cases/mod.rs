//! Scenarios with known results: the figures of the report must agree with these results.
//!
//! The first lines of each scenario state the results. Most scenarios are small forms of faults
//! that people have reported. The tolerances are wide enough for a busy machine with two cores.

mod branch_deadlocks;
mod deadlocks;
mod findings;
mod hidden_queues;
mod joined;
mod off_core;
mod open_at_the_end;
mod queues;
mod readiness;
mod threads;

use crate::support::program::run;
use serde_json::Value;

/// Runs a scenario, and returns the figures of its report.
#[track_caller]
fn report(scenario: &str) -> Value {
    run(scenario, &["--json"]).json()
}

/// The figures of the group with this name.
#[track_caller]
fn group<'a>(report: &'a Value, name: &str) -> &'a Value {
    let groups = report["groups"].as_array().expect("a list of groups");
    let group = groups.iter().find(|group| group["name"] == name);
    group.unwrap_or_else(|| panic!("no group {name} in {report:#}"))
}

/// The relative difference between a second of tasklab's clock and a second of the kernel. tasklab
/// calibrates its clock when it starts, see "The clock" in `docs/src/how-it-works.md`.
const CLOCK_ERROR: f64 = 0.001;

/// Checks that a duration is between two bounds in seconds of the kernel's clock.
#[track_caller]
fn assert_seconds(what: &str, duration: &Value, (from, to): (f64, f64)) {
    let seconds = duration.as_u64().expect("a duration in nanoseconds") as f64 / 1e9;
    assert!(
        (from * (1.0 - CLOCK_ERROR)..=to).contains(&seconds),
        "{what}: {seconds} s is not within {from}..{to} s"
    );
}

/// The sum of a group's times in all states, in nanoseconds.
fn sum_of_states(group: &Value) -> u64 {
    let states = [
        "running_ns",
        "hogging_ns",
        "blocking_ns",
        "sleeping_ns",
        "queued_ns",
        "unnoticed_ns",
        "waiting_ns",
        "suspended_ns",
    ];
    states
        .iter()
        .map(|state| group[state].as_u64().expect("a duration"))
        .sum()
}

/// A duration of a group in milliseconds, such as `suspended_on.timer`.
#[track_caller]
fn ms(report: &Value, name: &str, path: &str) -> f64 {
    let figure = path.split('.').fold(group(report, name), |at, key| &at[key]);
    // A map of reasons contains only reasons with a time above zero.
    figure.as_f64().unwrap_or(0.0) / 1e6
}
