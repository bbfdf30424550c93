//! A task that holds a thread without a core does not compute, and the report says so.

use super::{group, report};
use serde_json::Value;
use std::path::Path;

fn ns(figures: &Value, key: &str) -> f64 {
    let time = figures[key].as_f64();
    time.unwrap_or_else(|| panic!("no {key} in {figures:#}"))
}

fn sum(rows: &Value, key: &str) -> f64 {
    let rows = rows.as_array().expect("a list");
    rows.iter().filter_map(|row| row[key].as_f64()).sum()
}

#[test]
fn jobs_on_more_threads_than_cores_run_mostly_without_a_core() {
    let report = report(include_str!("22-two-pools.toml"));
    let crowd = group(&report, "crowd offload");
    if !Path::new("/proc/self/schedstat").exists() {
        assert_eq!(crowd["off_core_ns"], Value::Null, "{crowd:#}");
        return;
    }
    // With 32 threads on `n` cores, each job is on a core for at most n/32 of its time. The test
    // asks for less, because tasklab does not know the kernel's counts of a thread before the first
    // sample of this thread.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    if cores <= 8 {
        let share = ns(crowd, "off_core_ns") / ns(crowd, "running_ns");
        assert!(share > 0.5, "off core {share} of the time: {crowd:#}");
        // With at most 8 cores, a job among 32 should take at least four times as long as a job
        // alone. The test asks only for twice as long.
        let alone = group(&report, "alone offload");
        let median = |jobs: &Value| ns(&jobs["poll_ns"], "p50");
        assert!(median(crowd) > 2.0 * median(alone), "{alone:#}{crowd:#}");
    }
    // The groups and the lanes have the same sum of off-core times.
    let (groups, lanes) = (
        sum(&report["groups"], "off_core_ns"),
        sum(&report["lanes"], "off_core_ns"),
    );
    assert!((groups - lanes).abs() <= 0.02 * lanes, "groups {groups}, lanes {lanes}");
    for row in report["groups"]
        .as_array()
        .into_iter()
        .chain(report["lanes"].as_array())
        .flatten()
    {
        let off_core = row["off_core_ns"].as_f64().unwrap_or(0.0);
        let computing = ns(row, "running_ns") + row["hogging_ns"].as_f64().unwrap_or(0.0);
        assert!(off_core <= computing, "{row:#}");
    }
}
