//! A task is ready at the first instant at which a correct, idle runtime could run it.

use super::{ms, report};
use serde_json::Value;

/// How long the threads of all lanes waited for a core, in milliseconds.
fn waits_for_cores(report: &Value) -> f64 {
    let lanes = report["lanes"].as_array().expect("a list").iter();
    lanes.filter_map(|lane| lane["off_cpu_ns"].as_f64()).sum::<f64>() / 1e6
}

/// Checks that the group was unnoticed only for a small part of its waits, and returns how long it
/// was suspended, or waited for its branches, in milliseconds.
fn assert_noticed(report: &Value, group: &str) -> f64 {
    let unnoticed = ms(report, group, "unnoticed_ns");
    let suspended = ms(report, group, "suspended_ns") + ms(report, group, "waiting_on.join");
    // On a busy machine, the thread that polls the driver may wait for a core. During this time, a
    // ready task is unnoticed.
    assert!(
        unnoticed < 0.35 * suspended + waits_for_cores(report),
        "{group}: {unnoticed} ms unnoticed, {suspended} ms suspended"
    );
    suspended
}

#[test]
fn the_rounding_of_timers_does_not_count_as_unnoticed() {
    let report = report(include_str!("17-sleep-zero.toml"));
    for group in ["zero", "short"] {
        let suspended = assert_noticed(&report, group);
        let (rounding, resolution) = (
            ms(&report, group, "timer_rounding_ns"),
            ms(&report, group, "timer_resolution_ns"),
        );
        assert!(
            rounding > 500.0 && rounding <= 1.1 * suspended,
            "{group}: {rounding} of {suspended} ms"
        );
        assert!((0.5..1.2).contains(&resolution), "{group}: {resolution} ms");
    }
}

#[test]
fn the_rounding_of_timers_does_not_count_as_unnoticed_for_a_task_that_polls_the_sleeping_branches() {
    let report = report(include_str!("17b-joined-sleeps.toml"));
    for group in ["joiner", "first", "second"] {
        assert_noticed(&report, group);
    }
}

#[test]
fn a_timer_is_late_while_the_driver_is_polled_rarely() {
    let (rarely, always) = (
        report(include_str!("03-driver-every-61.toml")),
        report(include_str!("03b-every-poll.toml")),
    );
    let median = |report: &Value| ms(report, "ticker", "lateness_ns.p50");
    assert!(median(&rarely) > 15.0, "every 61 polls: {} ms", median(&rarely));
    assert!(
        median(&always) < 0.5 * median(&rarely),
        "every poll: {} ms",
        median(&always)
    );
}

#[test]
fn waits_for_a_connection_and_a_reply_become_unnoticed_during_a_block() {
    let report = report(include_str!("26b-connect-behind-block.toml"));
    for caller in ["first-call", "warm-call"] {
        let (unnoticed, late) = (
            ms(&report, caller, "unnoticed_ns"),
            ms(&report, caller, "lateness_ns.max"),
        );
        assert!(
            (700.0..1500.0).contains(&unnoticed),
            "{caller}: {unnoticed} ms unnoticed"
        );
        assert!((700.0..1500.0).contains(&late), "{caller}: {late} ms late");
        let on_http = ms(&report, caller, "suspended_on.http");
        assert!(on_http < 300.0, "{caller}: {on_http} ms suspended on http");
    }
}

#[test]
fn async_file_work_queues_for_the_blocking_pool() {
    let report = report(include_str!("27-file-behind-pool.toml"));
    for job in ["reader offload", "reader-offload offload"] {
        let queued = ms(&report, job, "queued_ns");
        assert!((2700.0..3500.0).contains(&queued), "{job}: {queued} ms queued");
    }
    for reader in ["reader", "reader-offload"] {
        let waits = ms(&report, reader, "suspended_on.file");
        assert!((2700.0..3500.0).contains(&waits), "{reader}: {waits} ms for its job");
    }
}
