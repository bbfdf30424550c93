//! Tests of tasks that wait in the LIFO slot of a worker, or behind other jobs in the blocking
//! pool. The queue lengths that tokio reports do not show these waits.

use super::{assert_seconds, group, ms, report};

#[test]
fn the_last_child_of_a_busy_parent_is_queued_until_the_parent_awaits() {
    let report = report(include_str!("01-last-spawned-stuck.toml"));
    let (first, last) = (group(&report, "first"), group(&report, "last"));
    assert_seconds(
        "the parent blocks",
        &group(&report, "parent")["blocking_ns"],
        (3.0, 3.5),
    );
    assert_seconds("the last child is queued", &last["queued_ns"], (2.7, 3.5));
    assert_seconds("its delay", &last["delay_ns"]["max"], (2.7, 3.5));
    assert_seconds("the first child is queued", &first["queued_ns"], (0.0, 1.5));
    for child in [first, last] {
        assert_eq!(child["tasks"]["completed"], 1, "{child:#}");
        assert_eq!(child["unnoticed_ns"], 0, "{child:#}");
    }
}

#[test]
fn without_the_lifo_slot_no_child_of_a_busy_parent_waits() {
    let report = report(include_str!("01b-slot-off.toml"));
    assert_seconds(
        "the parent blocks",
        &group(&report, "parent")["blocking_ns"],
        (3.0, 3.5),
    );
    for child in ["first", "last"] {
        let figures = group(&report, child);
        assert_seconds(child, &figures["queued_ns"], (0.0, 1.5));
        assert_eq!(figures["tasks"]["completed"], 1, "{figures:#}");
    }
}

#[test]
fn lookups_behind_a_full_pool_time_out_although_each_is_short() {
    let report = report(include_str!("05-lookup-timeouts.toml"));
    // A lookup arrives every 200 ms. The lookups that arrive from 1.0 s to 4.5 s exceed their
    // timeout.
    let timed_out = group(&report, "lookup")["timed_out"].as_u64().expect("a count");
    assert!(
        (14..=22).contains(&timed_out),
        "{timed_out} lookups timed out: {report:#}"
    );
    // The jobs wait for up to 4 s. The jobs do not hold their threads for long.
    let job = group(&report, "lookup offload");
    assert_seconds("the longest wait of a job", &job["delay_ns"]["max"], (3.3, 4.5));
    assert_seconds("the median job", &job["poll_ns"]["p50"], (0.005, 0.1));
    let orphaned = job["orphaned"].as_u64().expect("a count");
    assert!(
        orphaned.abs_diff(timed_out) <= 3,
        "{timed_out} lookups timed out: {job:#}"
    );
    let reports = group(&report, "report offload");
    assert_seconds("a report that waits", &reports["delay_ns"]["max"], (1.8, 2.5));
    assert_seconds("a report", &reports["poll_ns"]["p50"], (2.0, 2.4));
    // The lookups wait for the pool, and not for the server.
    let (on_pool, on_server) = (
        ms(&report, "lookup", "waiting_on.offload"),
        ms(&report, "lookup", "suspended_on.http"),
    );
    assert!(on_pool > 6_000.0, "{on_pool} ms on the pool");
    assert!(
        on_server < 0.4 * on_pool,
        "{on_server} ms on http, {on_pool} ms on the pool"
    );
    let resources = report["resources"].as_array().expect("a list");
    let pool = resources.iter().find(|it| it["kind"] == "pool").expect("the pool");
    assert_eq!(
        (&pool["capacity"], &pool["holders"]["max"]),
        (&4.into(), &4.into()),
        "{pool:#}"
    );
    assert_seconds("the longest wait in the pool", &pool["wait_ns"]["max"], (3.3, 4.5));
    assert!(pool["length"]["max"].as_u64() >= Some(15), "{pool:#}");
}
