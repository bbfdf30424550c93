//! Tests with harmful input and harmful sizes. tasklab refuses or limits each of them, and the run
//! ends in time.
//!
//! `hostile_workers` has worker programs that break the rules, and `tests/screen/hostile.rs` has
//! terminals, signals and keys.

use crate::support::program::{Process, command_after, run, write_scenario};
use crate::support::wait::DEADLINE;
use rustix::process::Signal;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// Runs a scenario to its end. The run must succeed. Returns the figures of its report.
#[track_caller]
fn report(scenario: &str, options: &[&str]) -> Value {
    let done = run(scenario, &[&["--json"][..], options].concat());
    assert_eq!(done.code, Some(0), "{}", done.err);
    done.json()
}

/// The largest size of a scenario file.
const MIB: usize = 1 << 20;

/// The limit of memory for `check`, in kB, as `ulimit` counts it. `check` must be able to check any
/// file within this limit.
const MEMORY: usize = 100_000;

/// Files of nearly the largest size. The check of each file needs much memory.
fn large_files() -> [(&'static str, String); 4] {
    let mistakes = "a=1\n".repeat(2_600);
    let empty_lines = "\n".repeat(MIB - 1 - mistakes.len());
    let mut cycle = "title = 'x'\n".to_owned();
    for group in 0..999 {
        let next = (group + 1) % 999;
        write!(
            cycle,
            "[[task]]\nname='a{group}'\nstart='called'\nsteps=[{{gather=['a{next}'"
        )
        .expect("a text");
        for other in 0..130 {
            write!(cycle, ",'a{}'", (group * 7 + other * 13) % 999).expect("a text");
        }
        cycle.push_str("]}]\n");
    }
    let group = |name: usize, steps: usize| {
        let steps = "{sleep='1ms'},".repeat(steps);
        format!("[[task]]\nname='a{name}'\nsteps=[{steps}]\n")
    };
    let long_groups: String = (0..70).map(|name| group(name, 1_000)).collect();
    [
        ("very many mistakes", empty_lines + &mistakes),
        ("groups that call each other in a cycle", cycle),
        ("a list of very many steps", format!("title='x'\n{}", group(0, 70_000))),
        (
            "groups with as many steps as possible",
            format!("title='x'\n{long_groups}"),
        ),
    ]
}

#[test]
fn the_largest_files_are_checked_with_little_memory() {
    let folder = tempdir().expect("a folder");
    for (what, text) in large_files() {
        assert!(text.len() > MIB / 2 && text.len() <= MIB, "{what}: {}", text.len());
        let file = write_scenario(folder.path(), "large", &text);
        let mut check = command_after(&format!("ulimit -d {MEMORY}"), &["check", &file]);
        let done = Process::start(&mut check).wait();
        let start: String = done.err.chars().take(2_000).collect();
        assert!(matches!(done.code, Some(0 | 2)), "{what}: {:?}: {start}", done.code);
    }
}

#[test]
fn a_run_of_as_many_groups_as_possible_starts_and_ends() {
    let groups: String = (0..1_000)
        .map(|n| format!("[[task]]\nname='g{n}'\nsteps=['yield']\n"))
        .collect();
    let report = report(&format!("title='x'\n{groups}"), &[]);
    assert_eq!(report["tasks"]["completed"], 1_000);
}

#[test]
fn very_many_threads_do_not_prolong_a_run() {
    for (executor, options) in [
        ("threads", ""),
        ("pool", "workers = 1024\n"),
        ("tokio", "workers = 1024\n"),
    ] {
        let scenario = format!(
            "title = 'x'\nduration = '2s'\n[executor]\nkind = '{executor}'\n{options}\
             [[task]]\nname = 'a'\ncount = 2000\nrepeat = 'forever'\nsteps = [{{ sleep = '10ms' }}, {{ cpu = '10us' }}]\n"
        );
        let report = report(&scenario, &[]);
        let elapsed = report["elapsed_ns"].as_u64().expect("a duration");
        // A thousand threads compete with the thread that ends the run.
        assert!(
            (2_000_000_000..20_000_000_000).contains(&elapsed),
            "{executor}: {elapsed} ns"
        );
        assert_eq!(report["left_running"], Value::Null, "{executor}");
    }
}

#[test]
fn very_many_worker_processes_start() {
    let scenario = "title = 'x'\nduration = '1s'\n\
        [[task]]\nname = 'a'\ncount = 200\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
    let report = report(scenario, &["--executor", "processes", "--workers", "100"]);
    assert_eq!(report["machine"]["processes"], 101);
    // On a busy machine, the run may end before all tasks have arrived.
    let tasks = &report["tasks"];
    assert_eq!(tasks["cancelled"], tasks["spawned"], "{tasks:#}");
    assert_ne!(tasks["spawned"], 0, "{tasks:#}");
}

#[test]
fn a_signal_ends_the_start_of_very_many_worker_processes() {
    let scenario = "title = 'x'\n[[task]]\nname = 'a'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
    let options = ["--json", "--executor", "processes", "--workers", "256"];
    let mut process = Process::start_run(scenario, &options);
    process.wait_until("the scratch folder", |process| !process.temporary_files().is_empty());
    process.signal(Signal::TERM);
    assert_eq!(process.wait().code, Some(143));
}

/// The memory of a process, in kB.
fn memory(process: &Process) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    memory.expect("a size")
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Writes chunks to the port. Stops when the other side closes the connection or stops reading,
/// after `BYTES` bytes, or after `PATIENCE`.
fn flood(address: &str, first: &[u8], mut chunk: impl FnMut(u32) -> Vec<u8>) {
    const BYTES: usize = 16 << 20;
    const PATIENCE: Duration = Duration::from_secs(1);
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let (started, mut written) = (Instant::now(), first.len());
    let mut sound = stream.write_all(first).is_ok();
    for number in 0.. {
        if !sound || written > BYTES || started.elapsed() > 3 * PATIENCE {
            return;
        }
        // Many small frames are written at once.
        let chunks = (0..64).flat_map(|n| chunk(64 * number + n)).collect::<Vec<u8>>();
        written += chunks.len();
        sound = stream.write_all(&chunks).is_ok();
    }
}

#[test]
fn garbage_on_the_port_of_tokio_console_does_not_fill_the_memory() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const HEADERS: u8 = 1;
    // ":method: POST", ":scheme: http", ":path: /", as the static table of HPACK numbers them.
    const POST: &[u8] = &[0x83, 0x86, 0x84];
    let scenario = "title = 'x'\n[[task]]\nname = 'a'\nrepeat = 'forever'\nsteps = [{ sleep = '100ms' }]\n";
    let mut process = Process::start_run(scenario, &["--json", "--console", "127.0.0.1:0"]);
    process.wait_until("the port", |process| process.stderr().ends_with('\n'));
    process.wait_until("the scratch folder", |process| !process.temporary_files().is_empty());
    let told = process.stderr();
    let (_, address) = told.trim_end().rsplit_once("http://").expect("an address");
    let open = [PREFACE, &frame(HEADERS, 4, 1, POST)[..]].concat();
    let unfinished = [PREFACE, &frame(HEADERS, 0, 1, POST)[..]].concat();
    let stream = |number: u32| 2 * number + 1;
    let before = memory(&process);
    flood(address, b"", |_| vec![0xa5; 1024]);
    flood(address, b"GET / HTTP/1.1\r\n", |_| b"x: y\r\n".repeat(32));
    flood(address, PREFACE, |number| {
        frame(6, 0, 0, &u64::from(number).to_be_bytes())
    });
    flood(address, PREFACE, |_| frame(4, 0, 0, &[]));
    flood(address, PREFACE, |number| frame(HEADERS, 4, stream(number), POST));
    flood(address, PREFACE, |number| {
        [
            frame(HEADERS, 4, stream(number), POST),
            frame(3, 0, stream(number), &[0; 4]),
        ]
        .concat()
    });
    flood(address, &unfinished, |_| frame(9, 0, 1, &[0x83; 1024]));
    flood(address, &open, |_| frame(0, 0, 1, &[0; 1024]));
    let after = memory(&process);
    assert!(after < before + 40_000, "{before} kB before, {after} kB after");
    // The port still serves consoles.
    let mut console = TcpStream::connect(address).expect("it listens");
    console.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    console.write_all(PREFACE).expect("it reads");
    std::io::Read::read_exact(&mut console, &mut [0; 9]).expect("it answers");
    process.signal(Signal::TERM);
    assert_eq!(process.wait().code, Some(143));
}
