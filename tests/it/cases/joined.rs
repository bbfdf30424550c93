//! Futures that are joined in one task cannot run while one of them holds the thread.

use crate::support::program::run;
use serde_json::Value;

const SCENARIO: &str = include_str!("09-joined-in-one-task.toml");

const SECOND: u64 = 1_000_000_000;

/// A figure of a group.
fn figure(report: &Value, group: &str, path: &str) -> u64 {
    let groups = report["groups"].as_array().expect("groups");
    let group = groups.iter().find(|found| found["name"] == group).expect("the group");
    let value = group.pointer(path).and_then(Value::as_u64);
    value.unwrap_or_else(|| panic!("{path} in {group}"))
}

/// Checks that a time is four seconds or a little more.
fn four_seconds(report: &Value, what: &str, time: u64) {
    assert!(
        (4 * SECOND - SECOND / 5..5 * SECOND).contains(&time),
        "{what}: {time} ns\n{report:#}"
    );
}

#[test]
fn a_joined_ticker_stands_still_while_its_sibling_blocks() {
    let report = &run(SCENARIO, &["--json"]).json();
    let figure = |group: &str, path: &str| figure(report, group, path);
    let (joined, spawned) = (
        figure("joined-ticker", "/completed"),
        figure("spawned-ticker", "/completed"),
    );
    // The joined ticker can tick during two of the six seconds.
    assert!((1..=210).contains(&joined), "{joined}\n{report:#}");
    assert!(spawned > 210, "{spawned}\n{report:#}");

    // The timer fires on another worker, so the joined ticker is queued and not unnoticed.
    let late = figure("joined-ticker", "/queued_ns") + figure("joined-ticker", "/unnoticed_ns");
    four_seconds(report, "the joined ticker is late", late);
    let longest = figure("joined-ticker", "/repetition_ns/max");
    four_seconds(report, "the longest tick of the joined ticker", longest);
    let computing = figure("joined-ticker", "/running_ns") + figure("joined-ticker", "/hogging_ns");
    assert!(computing < SECOND, "{report:#}");

    // The task and its lane block while the branch blocks.
    four_seconds(report, "the blocker blocks", figure("blocker", "/blocking_ns"));
    four_seconds(report, "main blocks", figure("main", "/blocking_ns"));
    let lanes = report["lanes"].as_array().expect("lanes").iter();
    let lanes: u64 = lanes.filter_map(|lane| lane["blocking_ns"].as_u64()).sum();
    four_seconds(report, "the lanes block", lanes);

    // Branches do not count as tasks, and their slices do not count as polls.
    assert_eq!(report["tasks"]["spawned"], 2, "{report:#}");
    for (group, branches) in [
        ("main", 0),
        ("blocker", 1),
        ("joined-ticker", 1),
        ("main join", 1),
        ("spawned-ticker", 0),
    ] {
        assert_eq!(figure(group, "/branches"), branches, "{group}\n{report:#}");
        assert_eq!(figure(group, "/spawned"), 1, "{group}\n{report:#}");
    }
    let polls = figure("main", "/polls") + figure("spawned-ticker", "/polls");
    let records = |field: &str| report["records"][field].as_u64().expect("a number");
    assert_eq!(records("polls"), polls + records("after_end"), "{report:#}");
    assert_eq!(report["records"]["matches_tokio"], true, "{report:#}");
}
