//! The findings of scenarios with known causes: the rule and the culprit, but no times. A busy
//! machine may add findings, for example that it is busy.

use super::report;
use serde_json::Value;

/// Checks that the findings contain this rule with this culprit.
#[track_caller]
fn assert_found(report: &Value, rule: &str, culprit: &str) {
    let findings = report["findings"].as_array().expect("a list of findings");
    assert!(
        findings
            .iter()
            .any(|finding| finding["rule"] == rule && finding["culprit"] == culprit),
        "no finding {rule} of {culprit}: {findings:#?}"
    );
}

#[test]
fn a_block_that_makes_a_child_wait_is_found() {
    let report = report(include_str!("01-last-spawned-stuck.toml"));
    assert_found(&report, "blocked-worker", "parent");
}

#[test]
fn jobs_that_fill_the_pool_are_found() {
    assert_found(
        &report(include_str!("27-file-behind-pool.toml")),
        "full-pool",
        "hog offload",
    );
}

#[test]
fn a_task_that_never_awaits_is_found_while_it_runs() {
    let report = report(include_str!("18-timeout-never-fires.toml"));
    assert_found(&report, "hogged-worker", "greedy");
}

#[test]
fn a_deadlock_is_found() {
    assert_found(&report(include_str!("29-crossed-locks.toml")), "deadlock", "ledger");
}

#[test]
fn a_queue_that_grows_is_found() {
    let scenario = include_str!("15-queue-grows.toml").replace("duration = \"2s\"", "duration = \"6s\"");
    assert_found(&report(&scenario), "growing-queue", "batches");
}

#[test]
fn a_lock_that_is_held_during_a_request_is_found() {
    let scenario = r#"
        title = "Lock convoy"
        duration = "2s"
        [executor]
        kind = "tokio"
        workers = 2
        [http]
        latency = "250ms"
        [[task]]
        name = "holder"
        repeat = "forever"
        steps = [{ lock = { name = "cache", steps = [{ http = "/rates" }] } }, { sleep = "20ms" }]
        [[task]]
        name = "convoy"
        count = 6
        repeat = "forever"
        steps = [{ lock = { name = "cache", steps = [{ cpu = "1ms" }] } }, { sleep = "20ms..40ms" }]
    "#;
    assert_found(&report(scenario), "lock-convoy", "cache");
}
