//! The program in a process of its own.
//!
//! `tests/foreign_worker.rs` includes this file too, so this file must not use the library.

use super::wait::{DEADLINE, wait_until};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::Value;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// The path of the program that cargo has built.
pub(crate) const TASKLAB: &str = env!("CARGO_BIN_EXE_tasklab");

/// The environment variable with the path of another build of the program, such as a release build.
/// `.ci/repeat-cases` sets it.
const OTHER_BUILD: &str = "TASKLAB_TEST_BINARY";

/// The path of the program that the tests start.
fn program() -> OsString {
    env::var_os(OTHER_BUILD).unwrap_or_else(|| TASKLAB.into())
}

/// The command that starts the program with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments);
    command
}

/// The command that starts a shell. The shell runs `setup`, and then replaces itself with the
/// program and these arguments.
pub(crate) fn command_after(setup: &str, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{setup}; exec \"$0\" \"$@\"")])
        .arg(program())
        .args(arguments);
    shell
}

/// Runs the program with these arguments to its end.
#[track_caller]
pub(crate) fn tasklab(arguments: &[&str]) -> Finished {
    Process::start(&mut command(arguments)).wait()
}

/// Runs `tasklab run` on a scenario with these options to its end.
#[track_caller]
pub(crate) fn run(scenario: &str, options: &[&str]) -> Finished {
    Process::start_run(scenario, options).wait()
}

/// Writes a scenario to `NAME.toml` in this folder, and returns the path of the file.
pub(crate) fn write_scenario(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(format!("{name}.toml"));
    fs::write(&file, text).expect("the folder is writable");
    file.to_str().expect("a path of UTF-8").to_owned()
}

/// The exit code and the output of a process that has ended.
pub(crate) struct Finished {
    /// The exit code. `None` if a signal killed the process.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Finished {
    /// The standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let Finished { out, err, .. } = self;
        serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}:\n{out}{err}"))
    }
}

/// A running process, with a folder for its scenario, its output and its temporary files.
///
/// If a test fails, this value is dropped, and the drop kills the process.
pub(crate) struct Process {
    folder: TempDir,
    child: Child,
}

impl Process {
    /// Starts a command without standard input.
    pub(crate) fn start(command: &mut Command) -> Process {
        Process::start_in(new_folder(), command)
    }

    /// Starts `tasklab run` on a scenario with these options.
    pub(crate) fn start_run(scenario: &str, options: &[&str]) -> Process {
        Process::start_run_of(&mut command(&["run"]), scenario, options)
    }

    /// Adds these options and the file of a scenario to a command of `tasklab run`, and starts the
    /// command.
    pub(crate) fn start_run_of(command: &mut Command, scenario: &str, options: &[&str]) -> Process {
        let folder = new_folder();
        let file = write_scenario(folder.path(), "test", scenario);
        Process::start_in(folder, command.args(options).arg(file))
    }

    fn start_in(folder: TempDir, command: &mut Command) -> Process {
        let file = |name: &str| File::create(folder.path().join(name)).expect("the folder is writable");
        fs::create_dir(folder.path().join("tmp")).expect("the folder is writable");
        let child = command
            .env("TMPDIR", folder.path().join("tmp"))
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("the command starts");
        Process { folder, child }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The files and folders in the process's folder for temporary files.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        entries(&self.folder.path().join("tmp"))
    }

    /// What the process has written to standard output until now.
    pub(crate) fn stdout(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("out")).expect("the file exists")
    }

    /// What the process has written to standard error until now.
    pub(crate) fn stderr(&self) -> String {
        // The last character may be half written.
        let bytes = fs::read(self.folder.path().join("err")).expect("the file exists");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process has not been awaited yet");
    }

    /// Kills the process, so that it cannot clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process has not been awaited yet");
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// If the process ends before that, or after [`DEADLINE`].
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, mut condition: impl FnMut(&Process) -> bool) {
        let mut ended = false;
        let mut holds = false;
        wait_until(what, DEADLINE, || {
            // The test asks first whether the process has ended, and then checks the condition. So
            // the condition sees everything that the process did.
            ended = self.has_ended();
            holds = condition(self);
            holds || ended
        });
        assert!(holds, "the process ended before {what}: {}", self.stderr());
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    /// If the process leaves temporary files, or does not end within [`DEADLINE`].
    #[track_caller]
    pub(crate) fn wait(mut self) -> Finished {
        let status = wait_for_end(&mut self.child);
        let left = self.temporary_files();
        assert!(left.is_empty(), "temporary files were left: {left:?}");
        Finished {
            code: status.code(),
            out: self.read("out"),
            err: self.read("err"),
        }
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be awaited").is_some()
    }

    fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).expect("the file exists");
        String::from_utf8(bytes).expect("the program writes UTF-8")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process.
///
/// # Panics
/// If the process does not end within [`DEADLINE`].
#[track_caller]
pub(crate) fn wait_for_end(child: &mut Child) -> ExitStatus {
    // After its end, a process keeps its number until its parent waits for it.
    if let Ok(ended) = pidfd_open(Pid::from_child(child), PidfdFlags::empty()) {
        let deadline = Timespec::try_from(DEADLINE).expect("a short time");
        let ready = poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&deadline));
        assert_ne!(ready, Ok(0), "waited {DEADLINE:?} for the end of the process");
    }
    // If an earlier wait has received the status, `child` still has this status.
    child.wait().expect("a child process")
}

/// The files and folders in a folder. Empty if the folder does not exist.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Whether a process runs. A zombie counts as ended. The new parent of a zombie may never await it.
pub(crate) fn is_running(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.contains("State:") && !status.contains("State:\tZ")
}

fn new_folder() -> TempDir {
    tempfile::tempdir().expect("the system's folder for temporary files is writable")
}
