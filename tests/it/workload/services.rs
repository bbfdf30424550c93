//! Tests of the scratch folder and of the loopback service. Tasks and other programs use the
//! service.

use super::captured_log::log_messages_with;
use super::harness::*;
use crate::support::wait::DEADLINE;
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tasklab::record::{Nanos, Outcome, Slice};
use tasklab::scenario::steps::{Block, File, FileOp, Gather, Offload};
use tasklab::scenario::{How, Repeat, Step, TaskSpec};
use tasklab::workload::{Labels, Services, ServicesError};
use tokio::runtime::Builder;
use tracing::Level;

#[test]
fn a_request_is_one_wait_and_causes_no_extra_poll() {
    let requests = 20;
    let mut scenario = scenario(vec![task("api", requests, vec![http()])]);
    scenario.http.latency = fixed(3 * MS);
    let observed = Harness::new(&scenario).on_current_thread();
    assert_eq!(observed.repetitions("api").len() as u64, requests);
    // There is one poll to connect, one poll per request, and one poll for the last reply.
    let polls = observed.slices("api").len() as u64;
    assert!(polls <= requests + 2, "{polls} polls");
    assert_eq!(
        observed.tasks.len(),
        1,
        "a request spawns no task: {:?}",
        observed.tasks
    );
}

#[test]
fn a_reply_that_arrives_while_the_only_worker_blocks_is_unnoticed() {
    let blocker = task("blocker", 6, vec![sleep(20 * MS), Step::Block(Block(fixed(60 * MS)))]);
    let api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    let mut scenario = scenario(vec![blocker, api]);
    scenario.http.latency = fixed(5 * MS);
    let harness = Harness::new(&scenario);
    // The only worker blocks while the reply arrives, and polls the driver only afterwards.
    let observed = harness.start(Builder::new_current_thread()).join_first(1);
    let blocks = observed.slices("blocker");
    let noticed_late = observed.slices("api").iter().any(|slice| {
        let woken = slice.start - slice.queued.get();
        let ready = woken - slice.unnoticed.get();
        let end = |block: &Slice| block.start + block.len.get();
        blocks
            .iter()
            .any(|block| slice.unnoticed.get() > Nanos::ZERO && block.start < ready && end(block) <= woken)
    });
    assert!(noticed_late, "no reply arrived during a block");
}

#[test]
fn the_service_can_be_changed_while_it_runs() {
    let mut api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    api.timeout = Some(fixed(50 * MS));
    let mut scenario = scenario(vec![api]);
    scenario.http.latency = fixed(FOREVER);
    let harness = Harness::new(&scenario);
    let mut running = harness.start(two_workers());
    running.until_repetition(Outcome::TimedOut);
    harness.services.http().set_behaviour(Some(fixed(Duration::ZERO)), None);
    // This request needs a new connection, because the old connection was dropped with its request.
    running.until_repetition(Outcome::Completed);
    harness.services.http().set_behaviour(None, Some(1.0));
    running.until_repetition(Outcome::Failed);
    harness.services.stop().request(tasklab::probe::now());
    let observed = running.join();
    assert_eq!(observed.repetitions("api")[0], Outcome::TimedOut);
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
}

#[test]
fn without_the_service_repetitions_fail_and_other_tasks_continue_to_run() {
    let api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    let harness = Harness::new(&scenario(vec![api, task("other", 3, vec![sleep(MS)])]));
    let mut running = harness.start(two_workers());
    running.until_repetition(Outcome::Completed);
    harness.services.http().stop();
    // The first repetition fails because its connection breaks. The second repetition fails because
    // no new connection can be made.
    running.until_repetition(Outcome::Failed);
    running.until_repetition(Outcome::Failed);
    harness.services.stop().request(tasklab::probe::now());
    let observed = running.join();
    assert_eq!(observed.outcome("api"), Outcome::Cancelled);
    assert_eq!(observed.outcome("other"), Outcome::Completed);

    let harness = Harness::new(&scenario(vec![task("api", 2, vec![http()])]));
    harness.services.http().stop();
    assert_eq!(harness.on_threads().repetitions("api"), [Outcome::Failed; 2]);
}

/// Sends a request. Any program on this machine can send such a request.
fn request(services: &Services, path: &str) -> String {
    let mut stream = TcpStream::connect(services.http().address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply within the deadline");
    reply
}

#[test]
fn the_service_is_a_real_http_server() {
    let services = Services::start(&scenario(vec![]), &mut Labels::new(), &|| false).unwrap();
    let weather = request(&services, "/weather");
    assert!(weather.starts_with("HTTP/1.1 200 OK\r\n"), "{weather}");
    assert!(weather.contains("content-type: application/json"), "{weather}");
    let (_, body) = weather.split_once("\r\n\r\n").unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["celsius"].is_number());
    assert!(request(&services, "/any/other").ends_with(r#"{"path":"/any/other"}"#));
    services.http().set_behaviour(None, Some(1.0));
    assert!(request(&services, "/weather").starts_with("HTTP/1.1 500 "));
    services.reset_http();
    assert!(request(&services, "/weather").starts_with("HTTP/1.1 200 "));
    let address = services.http().address();
    assert!(address.ip().is_loopback());
    services.shut_down().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_scratch_folder_holds_all_files_and_is_removed_at_the_end() {
    let steps = vec![
        file(FileOp::Read, How::Async),
        Step::Offload(Offload(vec![file(FileOp::Write, How::Sync)])),
    ];
    let harness = Harness::new(&scenario(vec![task("files", 1, steps)]));
    let folder = harness.services.scratch().path().to_owned();
    let sizes = || {
        std::fs::read_dir(&folder)
            .unwrap()
            .map(|f| f.unwrap().metadata().unwrap().len())
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes(), [3000]);
    let observed = harness.on_tokio();
    assert_eq!(observed.outcome("files"), Outcome::Completed);
    assert_eq!(sizes(), [3000, 3000]);
    harness.services.shut_down().unwrap();
    assert!(!folder.exists());
    drop(harness);
    let dropped = Services::start(&scenario(vec![]), &mut Labels::new(), &|| false).unwrap();
    let folder = dropped.scratch().path().to_owned();
    assert!(folder.exists());
    drop(dropped);
    assert!(!folder.exists());
}

#[test]
fn a_task_that_writes_again_and_again_uses_one_file() {
    let branch = steps_branch(vec![file(FileOp::Write, How::Async)]);
    let steps = vec![
        file(FileOp::Write, How::Offload),
        file(FileOp::Write, How::Sync),
        Step::Gather(Gather(vec![branch])),
    ];
    let scenario = scenario(vec![task("writer", 5, steps)]);
    for on_tokio in [true, false] {
        let harness = Harness::new(&scenario);
        let observed = if on_tokio {
            harness.on_tokio()
        } else {
            harness.on_threads()
        };
        assert_eq!(observed.repetitions("writer"), [Outcome::Completed; 5]);
        assert_eq!(std::fs::read_dir(harness.services.scratch().path()).unwrap().count(), 1);
    }
}

/// A write to `/dev/full` fails because the disk is full.
#[test]
fn a_full_disk_fails_the_repetition_with_one_log_message() {
    for how in [How::Async, How::Sync, How::Offload] {
        let tasks = vec![
            task("writer", 1, vec![file(FileOp::Write, how)]),
            task("other", 1, vec![cpu(MS / 10)]),
        ];
        let harness = Harness::new(&scenario(tasks));
        let folder = harness.services.scratch().path();
        let first = folder.join(format!("written-{}-0", std::process::id()));
        std::os::unix::fs::symlink("/dev/full", first).unwrap();
        let observed = harness.on_tokio();
        assert_eq!(observed.repetitions("writer"), [Outcome::Failed], "{how:?}");
        assert_eq!(observed.outcome("other"), Outcome::Completed);
        let messages = log_messages_with(&folder.display().to_string());
        let [(Level::ERROR, message)] = &messages[..] else {
            panic!("{how:?}: {messages:?}")
        };
        assert!(message.contains("No space left on device"), "{message}");
    }
}

#[test]
fn a_start_can_be_cancelled_while_a_file_is_written() {
    let large = Step::File(File {
        op: FileOp::Read,
        size: 1 << 30,
        how: How::Sync,
    });
    let calls = Cell::new(0);
    let cancelled = || {
        calls.set(calls.get() + 1);
        calls.get() == 3
    };
    let reader = scenario(vec![task("reader", 1, vec![large])]);
    let started = Services::start(&reader, &mut Labels::new(), &cancelled);
    assert!(matches!(started, Err(ServicesError::Cancelled(_))));
    assert_eq!(calls.get(), 3, "the start ends at once");
}

#[test]
fn a_missing_file_fails_the_repetition_and_not_the_run() {
    for how in [How::Async, How::Sync, How::Offload] {
        let tasks = vec![
            task("reader", 25, vec![file(FileOp::Read, how)]),
            task("writer", 25, vec![file(FileOp::Write, how)]),
        ];
        let harness = Harness::new(&scenario(tasks));
        let folder = harness.services.scratch().path().display().to_string();
        harness.services.scratch().remove().unwrap();
        let observed = harness.on_tokio();
        assert_eq!(observed.repetitions("reader"), [Outcome::Failed; 25], "{how:?}");
        assert_eq!(observed.repetitions("writer"), [Outcome::Failed; 25], "{how:?}");
        for op in ["read", "write"] {
            // Only the first and the tenth error are logged.
            let messages = log_messages_with(&format!("cannot {op} a file in {folder}"));
            assert_eq!(messages.len(), 2, "{how:?}: {messages:?}");
        }
    }
}
