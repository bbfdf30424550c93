//! What the report says about channels, locks and semaphores.

use crate::support::program::run;
use serde_json::{Value, json};

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
        // Two jobs wait for 50 ms, and two wait for 100 ms. On a busy machine, the jobs are queued
        // later, and wait less.
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

const EXECUTORS: [&str; 3] = [
    "kind = 'tokio'\nworkers = 2",
    "kind = 'current-thread'",
    "kind = 'threads'",
];

/// Runs the scenario on each kind of executor, and returns the figures of this resource.
#[track_caller]
fn on_each_executor(scenario: &str, name: &str) -> Vec<(&'static str, Value)> {
    let run = |executor| {
        let done = run(&format!("title = 't'\n[executor]\n{executor}\n{scenario}"), &["--json"]);
        assert_eq!(done.code, Some(0), "{executor}: {}{}", done.out, done.err);
        (executor, resource(&done.json(), name))
    };
    EXECUTORS.into_iter().map(run).collect()
}

/// Checks figures of a resource by their JSON pointers.
#[track_caller]
fn assert_figures(executor: &str, resource: &Value, figures: &[(&str, Value)]) {
    for (pointer, expected) in figures {
        let figure = resource.pointer(pointer);
        assert_eq!(figure, Some(expected), "{pointer} on {executor}: {resource:#}");
    }
}

/// A row of `receivers`.
fn receiver(name: &str, received: u64, missed: u64) -> Value {
    json!({ "name": name, "received": received, "missed": missed })
}

#[test]
fn an_unbounded_channel_never_makes_its_sender_wait_and_holds_the_memory_of_all_messages() {
    let scenario = "[[channel]]\nname = 'jobs'\ncapacity = 'unbounded'\nitem = '2KiB'\n\
        [[channel]]\nname = 'go'\ncapacity = 1\n\
        [[task]]\nname = 'receiver'\nsteps = [{ recv = 'go' }, { loop = { times = 900, steps = [{ recv = 'jobs' }] } }]\n\
        [[task]]\nname = 'sender'\nsteps = [{ loop = { times = 1000, steps = [{ send = 'jobs' }] } }, { send = 'go' }]\n";
    for (executor, jobs) in on_each_executor(scenario, "jobs") {
        assert_figures(
            executor,
            &jobs,
            &[
                ("/capacity", Value::Null),
                ("/length/max", json!(1000)),
                ("/length/now", json!(100)),
                ("/length_bytes/max", json!(1000 * 2048)),
                ("/length_bytes/now", json!(100 * 2048)),
                ("/wait_ns/count", json!(0)),
                ("/received", json!(900)),
                ("/missed", Value::Null),
            ],
        );
    }
}

#[test]
fn a_receiver_of_a_watch_channel_skips_to_the_newest_message() {
    let scenario = "[[channel]]\nname = 'config'\nkind = 'watch'\nitem = '1KiB'\n\
        [[channel]]\nname = 'ready'\ncapacity = 1\n[[channel]]\nname = 'go'\ncapacity = 1\n\
        [[task]]\nname = 'sender'\n\
        steps = [{ send = 'config' }, { recv = 'ready' }, { loop = { times = 5, steps = [{ send = 'config' }] } }, { send = 'go' }]\n\
        [[task]]\nname = 'receiver'\n\
        steps = [{ recv = 'config' }, { send = 'ready' }, { recv = 'go' }, { recv = 'config' }]\n";
    for (executor, config) in on_each_executor(scenario, "config") {
        assert_figures(
            executor,
            &config,
            &[
                ("/kind", json!("watch")),
                ("/capacity", Value::Null),
                ("/sent", json!(6)),
                ("/received", json!(2)),
                ("/missed", json!(4)),
                ("/receivers", json!([receiver("receiver", 2, 4)])),
                ("/length/now", json!(1)),
                ("/length_bytes/now", json!(1024)),
                ("/wait_ns/count", json!(0)),
                ("/message_age_ns/count", json!(2)),
            ],
        );
    }
}

#[test]
fn a_receiver_that_lags_behind_a_broadcast_loses_the_oldest_messages() {
    // tokio rounds the capacity up to 4.
    let scenario = "[[channel]]\nname = 'news'\nkind = 'broadcast'\ncapacity = 3\nitem = '1KiB'\n\
        [[channel]]\nname = 'ack'\ncapacity = 1\n[[channel]]\nname = 'go'\ncapacity = 1\n\
        [[task]]\nname = 'slow'\nsteps = [{ recv = 'go' }, { loop = { times = 4, steps = [{ recv = 'news' }] } }]\n\
        [[task]]\nname = 'fast'\nsteps = [{ loop = { times = 10, steps = [{ recv = 'news' }, { send = 'ack' }] } }]\n\
        [[task]]\nname = 'sender'\n\
        steps = [{ loop = { times = 10, steps = [{ send = 'news' }, { recv = 'ack' }] } }, { send = 'go' }]\n";
    for (executor, news) in on_each_executor(scenario, "news") {
        assert_figures(
            executor,
            &news,
            &[
                ("/kind", json!("broadcast")),
                ("/capacity", json!(4)),
                ("/sent", json!(10)),
                ("/received", json!(14)),
                ("/missed", json!(6)),
                ("/receivers", json!([receiver("slow", 4, 6), receiver("fast", 10, 0)])),
                ("/length/max", json!(4)),
                ("/length/now", json!(0)),
                ("/length_bytes/now", json!(0)),
            ],
        );
    }
}

#[test]
fn a_branch_that_is_dropped_loses_no_message_of_a_broadcast() {
    let scenario = "[[channel]]\nname = 'news'\nkind = 'broadcast'\ncapacity = 8\n\
        [[channel]]\nname = 'go'\ncapacity = 1\n\
        [[task]]\nname = 'receiver'\nsteps = [\n\
        { select = [[{ recv = 'news' }], [{ sleep = '1ms' }]] },\n\
        { recv = 'go' },\n\
        { loop = { times = 3, steps = [{ select = [[{ recv = 'news' }], [{ sleep = '60s' }]] }] } },\n\
        { offload = [{ recv = 'news' }] }]\n\
        [[task]]\nname = 'sender'\nstart = '20ms'\n\
        steps = [{ loop = { times = 4, steps = [{ send = 'news' }] } }, { send = 'go' }]\n";
    for executor in ["kind = 'tokio'\nworkers = 2", "kind = 'current-thread'"] {
        let done = run(&format!("title = 't'\n[executor]\n{executor}\n{scenario}"), &["--json"]);
        assert_eq!(done.code, Some(0), "{executor}: {}{}", done.out, done.err);
        let news = resource(&done.json(), "news");
        let receivers = json!([receiver("receiver select", 3, 0), receiver("receiver offload", 1, 0)]);
        assert_figures(
            executor,
            &news,
            &[
                ("/received", json!(4)),
                ("/missed", json!(0)),
                ("/receivers", receivers),
            ],
        );
    }
}

#[test]
fn an_offloaded_step_receives_what_was_sent_to_its_task_before() {
    for kind in ["kind = 'watch'", "kind = 'broadcast'\ncapacity = 4"] {
        let scenario = format!(
            "[[channel]]\nname = 'news'\n{kind}\n[[channel]]\nname = 'sent'\ncapacity = 1\n\
             [[channel]]\nname = 'ready'\ncapacity = 1\n\
             [[task]]\nname = 'receiver'\n\
             steps = [{{ send = 'ready' }}, {{ recv = 'sent' }}, {{ offload = [{{ recv = 'news' }}] }}]\n\
             [[task]]\nname = 'sender'\nsteps = [{{ recv = 'ready' }}, {{ send = 'news' }}, {{ send = 'sent' }}]\n"
        );
        for (executor, news) in on_each_executor(&scenario, "news") {
            assert_figures(executor, &news, &[("/sent", json!(1)), ("/received", json!(1))]);
        }
    }
}

#[test]
fn after_two_branches_have_received_at_once_each_message_arrives_once() {
    // In the first poll of `join`, both branches begin to wait before `go` is sent.
    let scenario = "[[channel]]\nname = 'go'\ncapacity = 1\n[[channel]]\nname = 'ack'\ncapacity = 9\n\
        [[channel]]\nname = 'end'\ncapacity = 1\n\
        [[task]]\nname = 'receiver'\nsteps = [\n\
        { join = [[{ recv = 'news' }], [{ recv = 'news' }], [{ send = 'go' }]] },\n\
        { send = 'ack' },\n\
        { select = [\n\
        [{ loop = { times = 'forever', steps = [{ recv = 'news' }, { send = 'ack' }] } }],\n\
        [{ recv = 'end' }]] }]\n\
        [[task]]\nname = 'sender'\nsteps = [{ recv = 'go' },\n\
        { loop = { times = 4, steps = [{ send = 'news' }, { recv = 'ack' }] } }, { send = 'end' }]\n";
    for kind in ["kind = 'watch'", "kind = 'broadcast'\ncapacity = 4"] {
        let scenario = format!("[[channel]]\nname = 'news'\n{kind}\n{scenario}");
        for executor in ["kind = 'tokio'\nworkers = 2", "kind = 'current-thread'"] {
            let done = run(&format!("title = 't'\n[executor]\n{executor}\n{scenario}"), &["--json"]);
            assert_eq!(done.code, Some(0), "{executor}: {}{}", done.out, done.err);
            let receivers = json!([receiver("receiver join", 2, 0), receiver("receiver select", 3, 0)]);
            let figures = [("/sent", json!(4)), ("/received", json!(5)), ("/receivers", receivers)];
            assert_figures(executor, &resource(&done.json(), "news"), &figures);
        }
    }
}

#[test]
fn a_wait_for_a_message_of_a_fan_out_channel_has_the_reason_channel_and_can_be_abandoned() {
    for kind in ["kind = 'watch'", "kind = 'broadcast'\ncapacity = 4"] {
        let scenario = format!(
            "title = 't'\n[executor]\nkind = 'current-thread'\n[[channel]]\nname = 'news'\n{kind}\n\
             [[task]]\nname = 'hasty'\ntimeout = '50ms'\nsteps = [{{ recv = 'news' }}]\n"
        );
        let done = run(&scenario, &["--json"]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        let news = resource(&done.json(), "news");
        assert_figures(
            kind,
            &news,
            &[
                ("/abandoned", json!(1)),
                ("/received", json!(0)),
                ("/receive_wait_ns/count", json!(1)),
            ],
        );
        let hasty = &done.json()["groups"][0];
        // The limit is 50 ms from the start of the first poll. On a busy machine, this poll may
        // take a part of the time.
        let of = |state: &str| hasty[state].as_u64().expect("a duration");
        assert!(of("waiting_ns") + of("running_ns") >= 49_000_000, "{hasty}");
        assert_eq!(hasty["waiting_on"]["channel"], hasty["waiting_ns"], "{hasty}");
    }
}

#[test]
fn a_task_on_a_thread_blocks_on_a_fan_out_channel() {
    let scenario = "title = 't'\n[executor]\nkind = 'threads'\n[[channel]]\nname = 'news'\nkind = 'watch'\n\
        [[task]]\nname = 'receiver'\nsteps = [{ recv = 'news' }]\n\
        [[task]]\nname = 'sender'\nstart = '100ms'\nsteps = [{ send = 'news' }]\n";
    let done = run(scenario, &["--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let receiver = &done.json()["groups"][0];
    assert!(
        receiver["blocked_on"]["channel"].as_u64() >= Some(20_000_000),
        "{receiver}"
    );
}
