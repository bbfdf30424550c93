//! Runs without a screen: signals, standard error, and the port for tokio-console.

use crate::support::program::{Finished, Process, command, command_after, entries, run, wait_for_end, write_scenario};
use crate::support::wait::{DEADLINE, wait_until};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, OpenOptions};
use std::io::{PipeReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Stdio};
use tempfile::TempDir;

const ENDLESS: &str =
    "title = 'Endless'\n[[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
const CLUMSY: &str = "title = 'Clumsy'\n[[task]]\nname = 'clumsy'\nsteps = [{ panic = 'dropped the vase' }]\n\
    [[task]]\nname = 'unlucky'\nsteps = [{ fail = 'out of luck' }]\n";

/// Waits until the run has its scratch folder. From then on, a signal ends the run.
#[track_caller]
fn wait_for_scratch_folder(process: &mut Process) {
    process.wait_until("the scratch folder", |process| !process.temporary_files().is_empty());
}

/// Whether a signal is in a mask of a process: `SigIgn:` has the ignored signals, and `SigCgt:` has
/// the caught signals. Returns false on systems without `/proc`.
fn is_in_mask(process: &str, mask: &str, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix(mask));
    bits.is_some_and(|bits| u64::from_str_radix(bits.trim(), 16).expect("bits") >> (signal.as_raw() - 1) & 1 == 1)
}

#[test]
fn a_signal_ends_the_run_and_its_report_is_printed() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        if is_in_mask("self", "SigIgn:", signal) {
            // The test runner ignores this signal, for example because `nohup` started the runner.
            // tasklab inherits the ignored signals. So the test cannot test this signal.
            continue;
        }
        let mut process = Process::start_run(ENDLESS, &["--json"]);
        wait_for_scratch_folder(&mut process);
        process.signal(signal);
        let done = process.wait();
        assert_eq!(done.code, Some(128 + signal.as_raw()), "{signal:?}: {}", done.err);
        let report = done.json();
        assert_eq!(report["tasks"]["cancelled"], report["tasks"]["spawned"], "{signal:?}");
    }
}

#[test]
fn a_signal_during_the_creation_of_files_leaves_no_file_behind() {
    let mut process = Process::start_run(
        "title = 'Large'\n[[task]]\nname = 'reader'\nrepeat = 'forever'\nsteps = [{ file = { read = '1GiB' } }]\n",
        &["--headless"],
    );
    process.wait_until("a file to read", |process| {
        let folders = process.temporary_files();
        folders.iter().any(|folder| !entries(folder).is_empty())
    });
    process.signal(Signal::TERM);
    let done = process.wait();
    assert_eq!((done.code, done.err.as_str()), (Some(143), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn tasklab_ignores_a_hangup_if_its_parent_ignored_it() {
    let mut nohup = command_after("trap '' HUP", &["run"]);
    let mut process = Process::start_run_of(&mut nohup, ENDLESS, &["--headless"]);
    wait_for_scratch_folder(&mut process);
    let id = process.id().to_string();
    assert!(is_in_mask(&id, "SigIgn:", Signal::HUP), "SIGHUP is no longer ignored");
    assert!(!is_in_mask(&id, "SigCgt:", Signal::HUP), "SIGHUP is caught");
    assert!(is_in_mask(&id, "SigCgt:", Signal::TERM), "SIGTERM is not caught");
    process.signal(Signal::HUP);
    process.signal(Signal::TERM);
    let Finished { code, out, .. } = process.wait();
    assert_eq!(code, Some(143));
    assert!(out.starts_with("Endless · "), "{out}");
}

#[test]
fn standard_error_gets_log_messages_of_the_level_that_the_command_line_sets() {
    for (arguments, panic, failure) in [
        (&["--json"][..], true, false),
        (&["--headless"], true, false),
        (&["--json", "--log", "warn"], true, true),
        (&["--json", "--log", "off"], false, false),
    ] {
        let Finished { code, out, err } = run(CLUMSY, arguments);
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
    let Finished { code, out, err } = run(CLUMSY, &["--log", "off"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        err,
        "standard output is not a terminal: running without a screen, as with --headless\n"
    );
    assert!(out.starts_with("Clumsy · "), "{out}");
}

#[test]
fn a_missing_folder_for_scratch_files_is_an_error_of_one_line() {
    let mut command = command_after("export TMPDIR=/nowhere", &["run"]);
    let Finished { code, out, err } = Process::start_run_of(&mut command, ENDLESS, &["--json"]).wait();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "error: cannot create scratch files in /nowhere (set TMPDIR to use another folder): No such file or directory (os error 2)\n"
    );
}

#[test]
fn tokio_console_is_served_at_the_given_address() {
    // No other program uses this loopback address, so a free port stays free.
    let free = TcpListener::bind("127.66.69.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let mut process = Process::start_run(ENDLESS, &["--json", "--console", &address.to_string()]);
    let mut stream = None;
    process.wait_until("the console's port", |_| {
        stream = TcpStream::connect(address).ok();
        stream.is_some()
    });
    let mut stream = stream.expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    // The test sends what tokio-console sends first: the HTTP/2 preface and an empty SETTINGS
    // frame. The answer is a SETTINGS frame, type 4.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .expect("it listens");
    let mut head = [0; 9];
    stream.read_exact(&mut head).expect("it answers");
    assert_eq!(head[3], 4, "{head:?}");
    wait_for_scratch_folder(&mut process);
    process.signal(Signal::TERM);
    assert_eq!(process.wait().code, Some(143));
}

#[test]
fn a_free_port_for_tokio_console_is_named() {
    let mut process = Process::start_run(ENDLESS, &["--json", "--console", "127.0.0.1:0"]);
    process.wait_until("the port", |process| process.stderr().ends_with('\n'));
    let told = process.stderr();
    let address = told
        .trim_end()
        .strip_prefix("tokio-console can connect to http://")
        .expect(&told);
    TcpStream::connect(address).expect("it listens there");
    wait_for_scratch_folder(&mut process);
    process.signal(Signal::TERM);
    assert_eq!(process.wait().code, Some(143));
}

/// The panics of this scenario are logged on standard error. The messages of these panics do not
/// fit into a pipe.
const NOISY: &str =
    "title = 'Noisy'\nduration = '1s'\n[[task]]\nname = 'noisy'\nrate = 5000\nsteps = [{ panic = 'boom' }]\n";

/// Starts a run whose standard error is a full pipe, which nobody reads. Returns the reading end of
/// the pipe too, and the folder of temporary files.
fn start_unread(scenario: &str) -> (TempDir, Child, PipeReader) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(folder.path(), "test", scenario);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // A write to this handle of the pipe never waits. A write to the program's handle does wait.
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let mut filler = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)
        .expect("the pipe");
    for size in [4096, 1] {
        while filler.write(&vec![b'.'; size]).is_ok() {}
    }
    let child = command(&["run", "--headless", &file])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(writer)
        .spawn()
        .expect("the program");
    (folder, child, reader)
}

#[test]
fn a_run_ends_on_time_although_nobody_reads_standard_error() {
    let (_folder, mut child, _reader) = start_unread(NOISY);
    assert_eq!(wait_for_end(&mut child).code(), Some(0));
}

#[test]
fn a_signal_ends_a_run_although_nobody_reads_standard_error() {
    let (folder, mut child, _reader) = start_unread(&NOISY.replace("'1s'", "'100s'"));
    wait_until("the scratch folder", DEADLINE, || entries(folder.path()).len() == 2);
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert_eq!(wait_for_end(&mut child).code(), Some(143));
    let left = entries(folder.path());
    assert_eq!(left.len(), 1, "only the scenario is left: {left:?}");
}

#[test]
fn a_console_port_that_another_program_uses_is_an_error_of_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let Finished { code, out, err } = run(ENDLESS, &["--json", "--console", &address.to_string()]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.starts_with(&format!("error: cannot serve tokio-console on {address}: ")),
        "{err}"
    );
    assert!(
        err.contains("another program uses this address") && err.lines().count() == 1,
        "{err}"
    );
}
