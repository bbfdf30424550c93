//! What the report says about channels, locks and semaphores.

use crate::support::program::run;
use serde_json::Value;

const QUEUE_GROWS: &str = include_str!("15-queue-grows.toml");

/// The figures of the resource with this name.
#[track_caller]
fn resource(report: &Value, name: &str) -> Value {
    let resources = report["resources"].as_array().expect("a list of resources");
    let resource = resources.iter().find(|resource| resource["name"] == name);
    resource
        .unwrap_or_else(|| panic!("no resource {name} in {report:#}"))
        .clone()
}

#[test]
fn a_growing_queue_has_a_growing_length_and_older_and_older_items() {
    let done = run(QUEUE_GROWS, &["--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let queue = resource(&done.json(), "batches");
    let number = |pointer: &str| {
        queue
            .pointer(pointer)
            .and_then(Value::as_f64)
            .unwrap_or_else(|| panic!("{pointer}: {queue}"))
    };
    let (sent, received) = (number("/sent"), number("/received"));
    // In each round of about 10 ms, ten messages are sent and one message is received.
    assert!(sent > 5.0 * received && received > 0.0, "{queue}");
    assert!(
        number("/length/max") <= sent && number("/length/max") >= sent - received,
        "{queue}"
    );
    // The length grows evenly, so its mean is about half of the length at the end.
    let share = number("/length/mean") / (sent - received);
    assert!((0.25..0.75).contains(&share), "{queue}");
    // After 2 s, the receiver has reached the messages of the first fifth of a second.
    assert!(number("/oldest_message_ns/max") > 1e9, "{queue}");
    assert!(number("/message_age_ns/p50") > 2e8, "{queue}");
    assert_eq!(number("/wait_ns/count"), 0.0, "nobody waits: {queue}");
}

#[test]
fn the_waits_and_holds_of_a_lock_are_in_the_report() {
    let scenario = "title = 'Lock'\n[executor]\nkind = 'current-thread'\n\
        [[task]]\nname = 'user'\ncount = 4\nsteps = [{ lock = { name = 'cache', steps = [{ sleep = '200ms' }] } }]\n\
        [expect]\n\"resources.cache.acquired\" = '== 4'\n\"resources.cache.length.max\" = '== 3'\n\
        \"resources.cache.wait_ns.max\" = '>= 500ms'\n\"resources.cache.held_ns.p50\" = '>= 200ms'\n";
    let done = run(scenario, &["--json"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let lock = resource(&done.json(), "cache");
    assert_eq!(
        (&lock["wait_ns"]["count"], &lock["holders"]["max"]),
        (&Value::from(3), &Value::from(1))
    );
    assert_eq!(
        (&lock["sent"], &lock["oldest_message_ns"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn jobs_that_wait_for_a_thread_are_in_the_report() {
    let jobs = "[[task]]\nname = 'job'\ncount = 6\nsteps = [{ offload = [{ block = '50ms' }] }]\n";
    for (executor, pool) in [
        ("kind = 'current-thread'\nmax_blocking_threads = 2", "blocking threads"),
        ("kind = 'pool'\nworkers = 2", "pool threads"),
    ] {
        let scenario =
            format!("title = 'Pool'\n[executor]\n{executor}\n{jobs}[expect]\n\"resources.{pool}.acquired\" = '== 6'\n");
        let done = run(&scenario, &["--json"]);
        assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
        let pool = resource(&done.json(), pool);
        assert_eq!(
            (&pool["kind"], &pool["capacity"]),
            (&Value::from("pool"), &Value::from(2)),
            "{pool}"
        );
        // Two jobs wait for 50 ms, and two wait for 100 ms. On a busy machine, they are queued
        // later,
        // and wait less.
        assert!(pool["wait_ns"]["max"].as_u64() >= Some(80_000_000), "{pool}");
        assert!(pool["held_ns"]["p50"].as_u64() >= Some(49_000_000), "{pool}");
        assert_eq!(pool["holders"]["max"], 2, "{pool}");
        assert!(pool["length"]["max"].as_u64() >= Some(4), "{pool}");
    }
}

#[test]
fn a_wait_that_times_out_is_abandoned() {
    let scenario = "title = 'Permit'\n[executor]\nkind = 'current-thread'\n[[semaphore]]\nname = 'slots'\npermits = 1\n\
        [[task]]\nname = 'holder'\nsteps = [{ semaphore = { name = 'slots', steps = [{ sleep = '200ms' }] } }]\n\
        [[task]]\nname = 'hasty'\nstart = '20ms'\ntimeout = '30ms'\nsteps = [{ semaphore = { name = 'slots', steps = ['yield'] } }]\n";
    let done = run(scenario, &["--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let semaphore = resource(&done.json(), "slots");
    assert_eq!(
        (&semaphore["acquired"], &semaphore["abandoned"]),
        (&Value::from(1), &Value::from(1))
    );
    assert!(semaphore["wait_ns"]["max"].as_u64() >= Some(30_000_000), "{semaphore}");
}
