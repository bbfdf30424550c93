//! Runs without a screen: signals, standard error, and the port for tokio-console.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A test fails if a condition takes longer than this.
const DEADLINE: Duration = Duration::from_secs(60);

const ENDLESS: &str =
    "title = 'Endless'\n[[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
const CLUMSY: &str = "title = 'Clumsy'\n[[task]]\nname = 'clumsy'\nsteps = [{ panic = 'dropped the vase' }]\n\
    [[task]]\nname = 'unlucky'\nsteps = [{ fail = 'out of luck' }]\n";

/// A running tasklab process, with a folder for its scenario, its output and its temporary files.
struct Process {
    folder: TempDir,
    child: Child,
}

impl Process {
    fn start(scenario: &str, arguments: &[&str]) -> Process {
        Process::start_through(&mut Command::new(env!("CARGO_BIN_EXE_tasklab")), scenario, arguments)
    }

    /// Starts a wrapper program, with the arguments of tasklab as its last arguments.
    fn start_through(command: &mut Command, scenario: &str, arguments: &[&str]) -> Process {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| File::create(folder.path().join(name)).expect("a file");
        let scenario_file = folder.path().join("test.toml");
        fs::write(&scenario_file, scenario).expect("a scenario");
        fs::create_dir(folder.path().join("tmp")).expect("a folder");
        let child = command
            .arg("run")
            .args(arguments)
            .arg(scenario_file)
            .env("TMPDIR", folder.path().join("tmp"))
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("tasklab starts");
        Process { folder, child }
    }

    fn temporary_files(&self) -> Vec<PathBuf> {
        entries(&self.folder.path().join("tmp"))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
    }

    /// Waits for the end, and returns the exit code, standard output and standard error.
    fn wait(mut self) -> (Option<i32>, String, String) {
        let mut status = None;
        wait_until("the end of the process", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        let left = self.temporary_files();
        assert!(left.is_empty(), "temporary files were left: {left:?}");
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).expect("text");
        (status.and_then(|status| status.code()), read("out"), read("err"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process still runs only if the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Whether a signal is in a mask of a process: `SigIgn:` has the ignored signals, `SigCgt:` the
/// caught ones. False on systems without `/proc`.
fn is_in_mask(process: &str, mask: &str, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix(mask));
    bits.is_some_and(|bits| u64::from_str_radix(bits.trim(), 16).expect("bits") >> (signal.as_raw() - 1) & 1 == 1)
}

#[test]
fn a_signal_ends_the_run_and_its_report_is_printed() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        if is_in_mask("self", "SigIgn:", signal) {
            // The test runner ignores it, as after `nohup` or a shell's `&`. tasklab inherits that.
            continue;
        }
        let process = Process::start(ENDLESS, &["--json"]);
        wait_until("the scratch folder", || !process.temporary_files().is_empty());
        process.signal(signal);
        let (code, out, err) = process.wait();
        assert_eq!(code, Some(128 + signal.as_raw()), "{signal:?}: {err}");
        let report: serde_json::Value = serde_json::from_str(&out).expect("a report");
        assert_eq!(report["tasks"]["cancelled"], report["tasks"]["spawned"], "{signal:?}");
    }
}

#[test]
fn a_signal_during_the_creation_of_files_leaves_none() {
    let process = Process::start(
        "title = 'Large'\n[[task]]\nname = 'reader'\nrepeat = 'forever'\nsteps = [{ file = { read = '1GiB' } }]\n",
        &["--headless"],
    );
    wait_until("a file to read", || {
        process
            .temporary_files()
            .iter()
            .any(|folder| !entries(folder).is_empty())
    });
    process.signal(Signal::TERM);
    let (code, _, err) = process.wait();
    assert_eq!((code, err.as_str()), (Some(143), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn an_ignored_hangup_stays_ignored() {
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tasklab")]);
    let process = Process::start_through(&mut nohup, ENDLESS, &["--headless"]);
    wait_until("the scratch folder", || !process.temporary_files().is_empty());
    let id = process.child.id().to_string();
    assert!(is_in_mask(&id, "SigIgn:", Signal::HUP), "SIGHUP is no longer ignored");
    assert!(!is_in_mask(&id, "SigCgt:", Signal::HUP), "SIGHUP is caught");
    assert!(is_in_mask(&id, "SigCgt:", Signal::TERM), "SIGTERM is not caught");
    process.signal(Signal::HUP);
    process.signal(Signal::TERM);
    let (code, out, _) = process.wait();
    assert_eq!(code, Some(143));
    assert!(out.starts_with("Endless · "), "{out}");
}

#[test]
fn the_log_goes_to_standard_error_with_the_level_of_the_command_line() {
    for (arguments, panic, failure) in [
        (&["--json"][..], true, false),
        (&["--headless"], true, false),
        (&["--json", "--log", "warn"], true, true),
        (&["--json", "--log", "off"], false, false),
    ] {
        let (code, out, err) = Process::start(CLUMSY, arguments).wait();
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        let has_line =
            |level: &str, message: &str| err.lines().any(|line| line.contains(level) && line.contains(message));
        assert_eq!(
            has_line("ERROR  clumsy#0", "dropped the vase"),
            panic,
            "{arguments:?}: {err}"
        );
        assert_eq!(
            has_line("WARN   unlucky#0", "out of luck"),
            failure,
            "{arguments:?}: {err}"
        );
        assert!(!out.contains("ERROR") && !err.contains('\u{1b}'), "{out}{err}");
    }
}

#[test]
fn without_a_terminal_the_run_has_no_screen_and_says_so() {
    let (code, out, err) = Process::start(CLUMSY, &["--log", "off"]).wait();
    assert_eq!(code, Some(0));
    assert_eq!(
        err,
        "standard output is not a terminal: running without a screen, as with --headless\n"
    );
    assert!(out.starts_with("Clumsy · "), "{out}");
}

#[test]
fn a_missing_folder_for_scratch_files_is_an_error_of_one_line() {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "TMPDIR=/nowhere exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_tasklab"),
    ]);
    let (code, out, err) = Process::start_through(&mut shell, ENDLESS, &["--json"]).wait();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "error: cannot create scratch files in /nowhere (set TMPDIR to use another folder): No such file or directory (os error 2)\n"
    );
}

#[test]
fn tokio_console_is_served_at_the_given_address() {
    // No other program uses this loopback address, so its free port stays free.
    let free = TcpListener::bind("127.66.69.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let process = Process::start(ENDLESS, &["--json", "--console", &address.to_string()]);
    let mut stream = None;
    wait_until("the console's port", || {
        stream = TcpStream::connect(address).ok();
        stream.is_some()
    });
    let mut stream = stream.expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    // Like tokio-console: the HTTP/2 preface and an empty SETTINGS frame. The answer is a SETTINGS
    // frame, type 4.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .expect("it listens");
    let mut head = [0; 9];
    stream.read_exact(&mut head).expect("it answers");
    assert_eq!(head[3], 4, "{head:?}");
    wait_until("the scratch folder", || !process.temporary_files().is_empty());
    process.signal(Signal::TERM);
    assert_eq!(process.wait().0, Some(143));
}

#[test]
fn a_used_console_port_is_an_error_of_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let (code, out, err) = Process::start(ENDLESS, &["--json", "--console", &address.to_string()]).wait();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.starts_with(&format!("error: cannot serve tokio-console on {address}: ")),
        "{err}"
    );
    assert!(
        err.contains("another program listens there") && err.lines().count() == 1,
        "{err}"
    );
}
