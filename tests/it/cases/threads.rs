//! A wait on a thread is recorded with its reason.

use super::{group, ms, report};

/// The holder keeps the lock, the permit and the channel for 300 ms each. A waiting thread sleeps
/// in the same system call each time.
#[test]
fn a_wait_on_a_thread_has_the_reason_of_the_wait() {
    for (case, waiter) in [
        (include_str!("waits-on-threads.toml"), "waiter"),
        (include_str!("waits-in-offload.toml"), "waiter offload"),
    ] {
        let report = report(case);
        for reason in ["lock", "semaphore", "channel", "http"] {
            let waited = ms(&report, waiter, &format!("blocked_on.{reason}"));
            assert!(waited > 150.0, "{waiter}: {waited} ms on {reason}");
        }
        let all = group(&report, waiter)["blocked_on"].as_object().expect("a map");
        let sum: f64 = all.values().map(|time| time.as_f64().expect("a number") / 1e6).sum();
        let sleeping = ms(&report, waiter, "sleeping_ns");
        assert!(
            (sum - sleeping).abs() < 0.001,
            "{waiter}: {sum} of {sleeping} ms: {all:?}"
        );
    }
}
