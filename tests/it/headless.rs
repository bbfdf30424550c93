//! Runs without a screen as other programs meet them: signals, standard error, the console's port.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before the test gives up on it. Nothing waits for it if all is well.
const PATIENCE: Duration = Duration::from_secs(60);

const ENDLESS: &str =
    "title = 'Endless'\n[[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
const CLUMSY: &str = "title = 'Clumsy'\n[[task]]\nname = 'clumsy'\nsteps = [{ panic = 'dropped the vase' }]\n\
    [[task]]\nname = 'unlucky'\nsteps = [{ fail = 'out of luck' }]\n";

/// tasklab at work on a scenario, in a folder of its own for what it is given, writes and makes.
struct Lab {
    folder: TempDir,
    child: Child,
}

impl Lab {
    fn start(scenario: &str, arguments: &[&str]) -> Lab {
        Lab::start_through(&mut Command::new(env!("CARGO_BIN_EXE_tasklab")), scenario, arguments)
    }

    /// Through a program that takes tasklab's arguments for its own last ones.
    fn start_through(command: &mut Command, scenario: &str, arguments: &[&str]) -> Lab {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| File::create(folder.path().join(name)).expect("a file");
        let written = folder.path().join("test.toml");
        fs::write(&written, scenario).expect("a scenario");
        fs::create_dir(folder.path().join("tmp")).expect("a folder");
        let child = command
            .arg("run")
            .args(arguments)
            .arg(written)
            .env("TMPDIR", folder.path().join("tmp"))
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("tasklab starts");
        Lab { folder, child }
    }

    /// What is in the place for temporary files.
    fn temporary(&self) -> Vec<PathBuf> {
        inside(&self.folder.path().join("tmp"))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
    }

    /// Waits for the end: the exit status, standard output, standard error.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut status = None;
        until("the end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        let left = self.temporary();
        assert!(left.is_empty(), "{left:?}");
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).expect("text");
        (status.and_then(|status| status.code()), read("out"), read("err"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Of a test that has failed; whoever has ended takes no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "never saw {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Whether a process has this signal in this mask: `SigIgn:`, those it ignores, or `SigCgt:`, those it catches. Where the
/// system has no such file: no.
fn masked(process: &str, mask: &str, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix(mask));
    bits.is_some_and(|bits| u64::from_str_radix(bits.trim(), 16).expect("bits") >> (signal.as_raw() - 1) & 1 == 1)
}

#[test]
fn a_signal_ends_the_run_and_the_report_is_told() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        if masked("self", "SigIgn:", signal) {
            // By whoever runs the tests, as `nohup` and a shell's `&` do; tasklab then ignores it too.
            continue;
        }
        let lab = Lab::start(ENDLESS, &["--json"]);
        until("the scratch folder", || !lab.temporary().is_empty());
        lab.signal(signal);
        let (code, out, err) = lab.end();
        assert_eq!(code, Some(128 + signal.as_raw()), "{signal:?}: {err}");
        let report: serde_json::Value = serde_json::from_str(&out).expect("a report");
        assert_eq!(report["tasks"]["cancelled"], report["tasks"]["spawned"], "{signal:?}");
    }
}

#[test]
fn a_signal_while_files_are_made_leaves_none() {
    let lab = Lab::start(
        "title = 'Large'\n[[task]]\nname = 'reader'\nrepeat = 'forever'\nsteps = [{ file = { read = '1GiB' } }]\n",
        &["--headless"],
    );
    until("a file to read", || {
        lab.temporary().iter().any(|folder| !inside(folder).is_empty())
    });
    lab.signal(Signal::TERM);
    let (code, _, err) = lab.end();
    assert_eq!((code, err.as_str()), (Some(143), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_that_was_ignored_stays_ignored() {
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tasklab")]);
    let lab = Lab::start_through(&mut nohup, ENDLESS, &["--headless"]);
    until("the scratch folder", || !lab.temporary().is_empty());
    let process = lab.child.id().to_string();
    assert!(masked(&process, "SigIgn:", Signal::HUP), "reset");
    assert!(!masked(&process, "SigCgt:", Signal::HUP), "caught");
    assert!(masked(&process, "SigCgt:", Signal::TERM), "not caught");
    lab.signal(Signal::HUP);
    lab.signal(Signal::TERM);
    let (code, out, _) = lab.end();
    assert_eq!(code, Some(143));
    assert!(out.starts_with("Endless · "), "{out}");
}

#[test]
fn the_log_goes_to_standard_error_and_keeps_what_was_asked_for() {
    for (arguments, panic, failure) in [
        (&["--json"][..], true, false),
        (&["--headless"], true, false),
        (&["--json", "--log", "warn"], true, true),
        (&["--json", "--log", "off"], false, false),
    ] {
        let (code, out, err) = Lab::start(CLUMSY, arguments).end();
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        let line = |level: &str, words: &str| err.lines().any(|line| line.contains(level) && line.contains(words));
        assert_eq!(
            line("ERROR  clumsy#0", "dropped the vase"),
            panic,
            "{arguments:?}: {err}"
        );
        assert_eq!(line("WARN   unlucky#0", "out of luck"), failure, "{arguments:?}: {err}");
        assert!(!out.contains("ERROR") && !err.contains('\u{1b}'), "{out}{err}");
    }
}

#[test]
fn where_standard_output_is_no_terminal_there_is_no_screen_and_that_is_said() {
    let (code, out, err) = Lab::start(CLUMSY, &["--log", "off"]).end();
    assert_eq!(code, Some(0));
    assert_eq!(
        err,
        "standard output is not a terminal: running without a screen, as with --headless\n"
    );
    assert!(out.starts_with("Clumsy · "), "{out}");
}

#[test]
fn a_place_for_scratch_files_that_is_none_is_one_clear_line() {
    let mut elsewhere = Command::new("sh");
    elsewhere.args([
        "-c",
        "TMPDIR=/nowhere exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_tasklab"),
    ]);
    let (code, out, err) = Lab::start_through(&mut elsewhere, ENDLESS, &["--json"]).end();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "error: cannot create scratch files in /nowhere (set TMPDIR to use another folder): No such file or directory (os error 2)\n"
    );
}

#[test]
fn a_console_is_served_where_it_is_asked_for() {
    // An address of loopback that nobody else uses, so that its free port stays free.
    let free = TcpListener::bind("127.66.69.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let lab = Lab::start(ENDLESS, &["--json", "--console", &address.to_string()]);
    let mut stream = None;
    until("the console's port", || {
        stream = TcpStream::connect(address).ok();
        stream.is_some()
    });
    let mut stream = stream.expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    // What tokio-console begins with too: HTTP/2's preface and empty SETTINGS. The answer is SETTINGS, frame type 4.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .expect("it listens");
    let mut head = [0; 9];
    stream.read_exact(&mut head).expect("it answers");
    assert_eq!(head[3], 4, "{head:?}");
    until("the scratch folder", || !lab.temporary().is_empty());
    lab.signal(Signal::TERM);
    assert_eq!(lab.end().0, Some(143));
}

#[test]
fn a_console_whose_port_is_taken_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let (code, out, err) = Lab::start(ENDLESS, &["--json", "--console", &address.to_string()]).end();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.starts_with(&format!("error: cannot serve tokio-console on {address}: ")),
        "{err}"
    );
    assert!(
        err.contains("somebody else listens there") && err.lines().count() == 1,
        "{err}"
    );
}
