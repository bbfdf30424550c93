//! The loopback service and the scratch folder, as tasks and as strangers meet them.

use super::journal::lines_about;
use super::lab::*;
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tasklab::record::{Nanos, Outcome, Slice};
use tasklab::scenario::{FileOp, How, Repeat, Step, TaskSpec};
use tasklab::workload::{Labels, Services, ServicesError};
use tokio::runtime::Builder;
use tracing::Level;

#[test]
fn a_request_is_one_wait_and_no_poll_is_wasted() {
    let requests = 20;
    let mut scenario = scenario(vec![task("api", requests, vec![http()])]);
    scenario.http.latency = fixed(3 * MS);
    let seen = Lab::new(&scenario).on_current_thread();
    assert_eq!(seen.repetitions("api").len() as u64, requests);
    // One to connect, one per request, and the last, which sees the last reply.
    let polls = seen.slices("api").len() as u64;
    assert!(polls <= requests + 2, "{polls} polls");
    assert_eq!(seen.tasks.len(), 1, "nothing else was spawned: {:?}", seen.tasks);
}

#[test]
fn a_reply_that_nobody_notices_is_seen() {
    let blocker = task("blocker", 6, vec![sleep(20 * MS), Step::Block(fixed(60 * MS))]);
    let api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    let mut scenario = scenario(vec![blocker, api]);
    scenario.http.latency = fixed(5 * MS);
    let lab = Lab::new(&scenario);
    // The only worker blocks while the reply comes. When it is done, the driver notices.
    let seen = lab.start(Builder::new_current_thread()).join_first(1);
    let blocks = seen.slices("blocker");
    let noticed_late = seen.slices("api").iter().any(|slice| {
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
fn the_service_changes_its_ways_while_it_runs() {
    let mut api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    api.timeout = Some(fixed(50 * MS));
    let mut scenario = scenario(vec![api]);
    scenario.http.latency = fixed(FOR_EVER);
    let lab = Lab::new(&scenario);
    let mut running = lab.start(two_workers());
    running.until_repetition(Outcome::TimedOut);
    lab.services.http().set(Some(fixed(Duration::ZERO)), None);
    // Over a new connection, for the old one went down with its request.
    running.until_repetition(Outcome::Completed);
    lab.services.http().set(None, Some(1.0));
    running.until_repetition(Outcome::Failed);
    lab.services.stop().request();
    let seen = running.join();
    assert_eq!(seen.repetitions("api")[0], Outcome::TimedOut);
    assert_eq!(seen.outcome("api"), Outcome::Cancelled);
}

#[test]
fn without_the_service_repetitions_fail_and_the_run_goes_on() {
    let api = TaskSpec {
        repeat: Repeat::Forever,
        ..task("api", 1, vec![http()])
    };
    let lab = Lab::new(&scenario(vec![api, task("other", 3, vec![sleep(MS)])]));
    let mut running = lab.start(two_workers());
    running.until_repetition(Outcome::Completed);
    lab.services.http().stop();
    // The connection breaks, and then none can be made.
    running.until_repetition(Outcome::Failed);
    running.until_repetition(Outcome::Failed);
    lab.services.stop().request();
    let seen = running.join();
    assert_eq!(seen.outcome("api"), Outcome::Cancelled);
    assert_eq!(seen.outcome("other"), Outcome::Completed);

    let lab = Lab::new(&scenario(vec![task("api", 2, vec![http()])]));
    lab.services.http().stop();
    assert_eq!(lab.on_threads().repetitions("api"), [Outcome::Failed; 2]);
}

/// Asks as any program on this machine could.
fn ask(services: &Services, path: &str) -> String {
    let mut stream = TcpStream::connect(services.http().address()).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn the_service_is_a_real_http_server() {
    let services = Services::start(&scenario(vec![]), &mut Labels::new(), &|| false).unwrap();
    let weather = ask(&services, "/weather");
    assert!(weather.starts_with("HTTP/1.1 200 OK\r\n"), "{weather}");
    assert!(weather.contains("content-type: application/json"), "{weather}");
    let (_, body) = weather.split_once("\r\n\r\n").unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["celsius"].is_number());
    assert!(ask(&services, "/any/other").ends_with(r#"{"path":"/any/other"}"#));
    services.http().set(None, Some(1.0));
    assert!(ask(&services, "/weather").starts_with("HTTP/1.1 500 "));
    services.reset_http();
    assert!(ask(&services, "/weather").starts_with("HTTP/1.1 200 "));
    let address = services.http().address();
    assert!(address.ip().is_loopback());
    services.shut_down().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_scratch_folder_holds_what_is_read_and_written_and_then_is_gone() {
    let steps = vec![
        file(FileOp::Read, How::Async),
        Step::Offload(vec![file(FileOp::Write, How::Sync)]),
    ];
    let lab = Lab::new(&scenario(vec![task("files", 1, steps)]));
    let folder = lab.services.scratch().path().to_owned();
    let sizes = || {
        std::fs::read_dir(&folder)
            .unwrap()
            .map(|f| f.unwrap().metadata().unwrap().len())
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes(), [3000]);
    let seen = lab.on_tokio();
    assert_eq!(seen.outcome("files"), Outcome::Completed);
    assert_eq!(sizes(), [3000, 3000]);
    lab.services.shut_down().unwrap();
    assert!(!folder.exists());
    drop(lab);
    let dropped = Services::start(&scenario(vec![]), &mut Labels::new(), &|| false).unwrap();
    let folder = dropped.scratch().path().to_owned();
    assert!(folder.exists());
    drop(dropped);
    assert!(!folder.exists());
}

#[test]
fn who_writes_again_and_again_takes_the_room_of_one_file() {
    let branch = inline(vec![file(FileOp::Write, How::Async)]);
    let steps = vec![
        file(FileOp::Write, How::Offload),
        file(FileOp::Write, How::Sync),
        Step::Gather(vec![branch]),
    ];
    let scenario = scenario(vec![task("writer", 5, steps)]);
    for on_tokio in [true, false] {
        let lab = Lab::new(&scenario);
        let seen = if on_tokio { lab.on_tokio() } else { lab.on_threads() };
        assert_eq!(seen.repetitions("writer"), [Outcome::Completed; 5]);
        assert_eq!(std::fs::read_dir(lab.services.scratch().path()).unwrap().count(), 1);
    }
}

/// Whatever is written to `/dev/full` finds the disk full.
#[test]
fn a_full_disk_fails_the_repetition_with_one_clear_line() {
    for how in [How::Async, How::Sync, How::Offload] {
        let tasks = vec![
            task("writer", 1, vec![file(FileOp::Write, how)]),
            task("other", 1, vec![cpu(MS / 10)]),
        ];
        let lab = Lab::new(&scenario(tasks));
        let folder = lab.services.scratch().path();
        let first = folder.join(format!("written-{}-0", std::process::id()));
        std::os::unix::fs::symlink("/dev/full", first).unwrap();
        let seen = lab.on_tokio();
        assert_eq!(seen.repetitions("writer"), [Outcome::Failed], "{how:?}");
        assert_eq!(seen.outcome("other"), Outcome::Completed);
        let lines = lines_about(&folder.display().to_string());
        let [(Level::ERROR, line)] = &lines[..] else {
            panic!("{how:?}: {lines:?}")
        };
        assert!(line.contains("No space left on device"), "{line}");
    }
}

#[test]
fn a_start_that_is_cancelled_between_two_pieces_of_a_file_leaves_nothing() {
    let large = Step::File {
        op: FileOp::Read,
        size: 1 << 30,
        how: How::Sync,
    };
    let asked = Cell::new(0);
    let third = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let reader = scenario(vec![task("reader", 1, vec![large])]);
    let started = Services::start(&reader, &mut Labels::new(), &third);
    assert!(matches!(started, Err(ServicesError::Cancelled(_))));
    assert_eq!(asked.get(), 3, "nobody asks again, or writes, after that");
}

#[test]
fn a_file_that_cannot_be_had_fails_the_repetition_and_not_the_run() {
    for how in [How::Async, How::Sync, How::Offload] {
        let tasks = vec![
            task("reader", 25, vec![file(FileOp::Read, how)]),
            task("writer", 25, vec![file(FileOp::Write, how)]),
        ];
        let lab = Lab::new(&scenario(tasks));
        let folder = lab.services.scratch().path().display().to_string();
        lab.services.scratch().remove().unwrap();
        let seen = lab.on_tokio();
        assert_eq!(seen.repetitions("reader"), [Outcome::Failed; 25], "{how:?}");
        assert_eq!(seen.repetitions("writer"), [Outcome::Failed; 25], "{how:?}");
        for op in ["read", "write"] {
            // The first and the tenth.
            let lines = lines_about(&format!("cannot {op} a file in {folder}"));
            assert_eq!(lines.len(), 2, "{how:?}: {lines:?}");
        }
    }
}
