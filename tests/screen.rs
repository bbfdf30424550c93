//! The binary on a real terminal: a pty whose screen is read back, real keys, real signals.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up on it. Nothing waits for it if all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// tasklab, running on a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Output>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    over: bool,
}

impl Terminal {
    fn start(columns: u16, rows: u16, arguments: &[&str]) -> Terminal {
        Terminal::start_with(columns, rows, arguments, &[])
    }

    fn start_with(columns: u16, rows: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("tasklab starts");
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let screen = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(rows, columns, 0),
                raw: Vec::new(),
                over: false,
            }),
            Condvar::new(),
        ));
        let shared = screen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.lock().unwrap();
                state.parser.process(&buffer[..read]);
                state.raw.extend(&buffer[..read]);
                state.over = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Terminal {
            child,
            master: Some(pair.master),
            keys,
            screen,
            reader: Some(reader),
        }
    }

    /// Waits until the screen is as `wanted`, and returns its text.
    fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> String {
        let start = Instant::now();
        let mut state = self.screen.0.lock().unwrap();
        while !wanted(state.parser.screen()) {
            let text = state.parser.screen().contents();
            assert!(!state.over, "ended before {what}:\n{text}");
            assert!(start.elapsed() < PATIENCE, "never saw {what}:\n{text}");
            state = self.screen.1.wait_timeout(state, PATIENCE).unwrap().0;
        }
        state.parser.screen().contents()
    }

    fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contents().contains(text))
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.screen
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(rows, columns);
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master
            .as_ref()
            .expect("a terminal")
            .resize(size)
            .expect("a new size");
    }

    fn pid(&self) -> Pid {
        let pid = self.child.process_id().expect("a process");
        Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid")
    }

    /// Waits for the end: the exit status and the screen that is left.
    fn end(mut self) -> (u32, vt100::Screen, Vec<u8>) {
        let status = self.child.wait().expect("an end").exit_code();
        self.reader.take().expect("a reader").join().expect("no panic");
        let state = self.screen.0.lock().unwrap();
        (status, state.parser.screen().clone(), state.raw.clone())
    }
}

/// The terminal is as it was: main screen, cursor visible.
fn assert_restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
}

fn scenario(folder: &Path, text: &str) -> String {
    let path = folder.join("test.toml");
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

const HEARTBEAT: &str = "title = 'Pulse'\n[executor]\nkind = 'tokio'\nworkers = 2\n\
    [[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";

#[test]
fn a_run_is_seen_a_block_can_be_injected_and_q_restores_the_terminal() {
    let mut terminal = Terminal::start(120, 36, &["run", "mixed", "--duration", "1h"]);
    let text = terminal.wait_for("heartbeat#0");
    assert!(text.contains("Mixed load") && text.contains("worker 0"), "{text}");
    terminal.press("b");
    terminal.wait_for("injected#0");
    terminal.press("?");
    terminal.wait_for("help");
    terminal.press("?");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

/// Of a run that reached its end, and only of such a one.
#[test]
fn what_was_expected_is_told_after_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let expect = "[expect]\n'groups.heartbeat.completed' = '== 3'\n'tasks.lost' = '> 0'\n";
    let text = HEARTBEAT.replace("'forever'", "3");
    let file = scenario(folder.path(), &format!("{text}{expect}"));
    let mut terminal = Terminal::start(80, 24, &["run", &file]);
    terminal.wait_for("■ ended");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 3);
    assert_restored(&screen);
    let left = screen.contents();
    assert!(left.contains("expect   1 of 2 held"), "{left}");
    assert!(left.contains("✗        0  > 0   tasks.lost"), "{left}");

    let file = scenario(folder.path(), &format!("{HEARTBEAT}{expect}"));
    let mut terminal = Terminal::start(80, 24, &["run", &file]);
    terminal.wait_for("heartbeat#0");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert!(!screen.contents().contains("expect"), "{}", screen.contents());
}

#[test]
fn a_run_that_loses_its_last_worker_shows_it_dead_and_has_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(
        folder.path(),
        &HEARTBEAT.replace("'tokio'\nworkers = 2", "'processes'\nworkers = 1"),
    );
    let mut terminal = Terminal::start(120, 36, &["run", &file]);
    let name = |text: &str| Some(text.split_once("process 0 (")?.1.split_once(')')?.0.to_owned());
    let text = terminal.wait("the worker's lane", |screen| name(&screen.contents()).is_some());
    let pid = name(&text)
        .and_then(|pid| Pid::from_raw(pid.parse().ok()?))
        .expect("a pid");
    kill_process(pid, Signal::KILL).expect("a worker");
    let text = terminal.wait_for("† process 0");
    assert!(text.contains("dead"), "{text}");
    terminal.wait_for("■ ended");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 1);
    assert_restored(&screen);
    assert!(
        screen.contents().contains("no worker process was left"),
        "{}",
        screen.contents()
    );
}

#[test]
fn the_screen_follows_the_terminals_size() {
    let mut terminal = Terminal::start(80, 24, &["run", "mixed", "--duration", "1h"]);
    terminal.wait_for("heartbeat#0");
    terminal.resize(200, 60);
    // More rows than before hold tasks.
    terminal.wait("a task on row 30", |screen| {
        let rows: Vec<String> = screen.rows(0, 200).collect();
        rows.iter().skip(30).any(|row| row.contains("api#"))
    });
    terminal.resize(30, 5);
    terminal.wait_for("tasklab needs");
    terminal.resize(100, 30);
    terminal.wait_for("heartbeat#0");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_ctrl_c_leaves_it() {
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path().to_str().expect("a path");
    let mut terminal = Terminal::start_with(30, 5, &["run", "mixed", "--duration", "1h"], &[("TMPDIR", path)]);
    terminal.wait_for("tasklab needs");
    // In raw mode that is a key and no signal.
    terminal.press("\x03");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
    assert!(temporary.path().read_dir().expect("a folder").next().is_none());
}

#[test]
fn the_log_shows_what_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(
        folder.path(),
        &format!("{HEARTBEAT}[[task]]\nname = 'unlucky'\nsteps = [{{ fail = 'out of luck' }}]\n"),
    );
    // At `trace`, tokio tells of every timer, line upon line.
    for (level, words) in [("info", "out of luck"), ("trace", "TRACE")] {
        let mut terminal = Terminal::start(120, 36, &["run", &file, "--log", level]);
        let text = terminal.wait_for(words);
        assert_eq!(text.contains("TRACE"), level == "trace", "{text}");
        terminal.press("q");
        assert_eq!(terminal.end().0, 0);
    }
}

#[test]
fn a_blocked_runtime_leaves_the_screen_alive() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(
        folder.path(),
        "title = 'Stuck'\n[executor]\nkind = 'current-thread'\n\
         [[task]]\nname = 'stuck'\nsteps = [{ block = '1h' }]\n",
    );
    let mut terminal = Terminal::start(100, 30, &["run", &file]);
    // The slice is open and grows on screen: no record of it exists yet.
    terminal.wait("one blocking task", |screen| screen.contents().contains("1 blocking"));
    let clock = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let before = clock(&terminal.wait_for("blocking"));
    terminal.wait("the clock go on", |screen| clock(&screen.contents()) != before);
    terminal.press("q");
    let (status, screen, raw) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
    let raw = String::from_utf8_lossy(&raw);
    assert!(raw.contains("left behind a thread that could not be stopped: worker 0"));
}

#[test]
fn a_panicking_task_is_a_line_of_the_log_and_the_screen_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(
        folder.path(),
        &format!("{HEARTBEAT}[[task]]\nname = 'clumsy'\nsteps = [{{ panic = 'dropped the vase' }}]\n"),
    );
    let mut terminal = Terminal::start(120, 36, &["run", &file]);
    // The message comes while the poll still unwinds, its end after it, and a new task's row when rows may next move.
    terminal.wait("the message, the end and the other task", |screen| {
        let text = screen.contents();
        ["dropped the vase", "1 panicked", "heartbeat#0"]
            .iter()
            .all(|words| text.contains(words))
    });
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

#[test]
fn a_signal_ends_the_run_restores_the_terminal_and_removes_the_scratch_folder() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().to_str().expect("a path");
        let terminal = Terminal::start_with(100, 30, &["run", "mixed"], &[("TMPDIR", path)]);
        terminal.wait_for("heartbeat#0");
        assert!(
            temporary.path().read_dir().expect("a folder").next().is_some(),
            "no scratch folder"
        );
        kill_process(terminal.pid(), signal).expect("a process");
        let (status, screen, _) = terminal.end();
        assert_eq!(status, 128 + signal.as_raw() as u32, "{signal:?}");
        assert_restored(&screen);
        assert!(
            temporary.path().read_dir().expect("a folder").next().is_none(),
            "{signal:?} left files"
        );
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_run() {
    let size = PtySize {
        rows: 30,
        cols: 100,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).expect("a pty");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
    command.args(["run", "mixed", "--duration", "1h"]);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("tasklab starts");
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let mut parser = vt100::Parser::new(30, 100, 0);
    let mut buffer = [0; 4096];
    while !parser.screen().contents().contains("heartbeat#0") {
        let read = output.read(&mut buffer).expect("a screen");
        parser.process(&buffer[..read]);
    }
    // Only when every handle on the terminal's side is closed does the kernel hang up. Standard error is gone then too:
    // whoever writes to it carelessly panics.
    drop((output, pair.master));
    let status = child.wait().expect("an end").exit_code();
    assert_eq!(status, 128 + Signal::HUP.as_raw() as u32);
}

#[test]
fn without_colours_states_are_told_by_their_glyphs() {
    let mut terminal = Terminal::start_with(100, 30, &["run", "mixed", "--duration", "1h"], &[("NO_COLOR", "1")]);
    terminal.wait_for("heartbeat#0");
    terminal.press("q");
    let (_, _, raw) = terminal.end();
    let raw = String::from_utf8_lossy(&raw);
    let colours = raw.split("\x1b[").filter(|rest| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        let numbers: Vec<&str> = rest[..end].split(';').collect();
        rest[end..].starts_with('m')
            && numbers
                .iter()
                .any(|n| matches!(*n, "38" | "48") || n.len() == 2 && n.starts_with(['3', '4']) && !n.ends_with('9'))
    });
    assert_eq!(colours.count(), 0);
}
