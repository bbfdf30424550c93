//! Tests that the program restores the terminal in every case in which it closes the screen.

use crate::terminal::{DEADLINE, Exit, Terminal, assert_restored};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Signal, kill_process};
use std::env;
use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;
use tasklab::model::{Model, RunInfo};
use tasklab::record::{Batch, RunInstant};
use tasklab::run::{RunState, Source};
use tasklab::signals::Signals;
use tasklab::tui::{self, Options};

#[test]
fn a_terminal_that_is_too_small_shows_a_message_and_ctrl_c_quits() {
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path().to_str().expect("a path");
    let mut terminal = Terminal::start_with(30, 5, &["run", "mixed", "--duration", "1h"], &[("TMPDIR", path)]);
    terminal.wait_for("tasklab needs");
    // In raw mode, Ctrl-C is a key and not a signal.
    terminal.press("\x03");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
    assert!(temporary.path().read_dir().expect("a folder").next().is_none());
}

#[test]
fn a_signal_ends_the_run_restores_the_terminal_and_removes_the_scratch_folder() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().to_str().expect("a path");
        let terminal = Terminal::start_with(100, 30, &["run", "mixed"], &[("TMPDIR", path)]);
        terminal.wait_for("api#");
        assert!(
            temporary.path().read_dir().expect("a folder").next().is_some(),
            "the run has no scratch folder"
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
fn closing_the_terminal_ends_the_run() {
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
    let child = pair.slave.spawn_command(command).expect("tasklab starts");
    drop(pair.slave);
    let mut exit = Exit::of(child);
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let (seen, tasks_are_seen) = mpsc::channel();
    std::thread::spawn(move || {
        let mut parser = vt100::Parser::new(30, 100, 0);
        let mut buffer = [0; 4096];
        while !parser.screen().contents().contains("api#") {
            let read = output.read(&mut buffer).expect("a screen");
            parser.process(&buffer[..read]);
        }
        drop(output);
        seen.send(()).expect("the test waits");
    });
    tasks_are_seen
        .recv_timeout(DEADLINE)
        .expect("the screen shows a task within the deadline");
    // The kernel sends SIGHUP when all handles of the master side are closed. At this time standard
    // error is also closed, so `eprintln!` would panic.
    drop(pair.master);
    let status = exit.wait();
    assert_eq!(status, 128 + Signal::HUP.as_raw() as u32);
}

#[test]
fn ctrl_z_stops_tasklab_and_fg_continues_it() {
    let mut shell = Terminal::run(
        100,
        30,
        {
            let mut command = CommandBuilder::new("sh");
            command.arg("-i");
            command
        },
        &[("PS1", "ready> ")],
    );
    shell.wait_for("ready> ");
    shell.press(&format!(
        "'{}' run mixed --duration 1h\r",
        env!("CARGO_BIN_EXE_tasklab")
    ));
    shell.wait_for("api#");
    shell.press("\x1a");
    shell.wait("the shell", |screen| {
        let text = screen.contents();
        !screen.alternate_screen() && text.contains("Stopped") && text.trim_end().ends_with("ready>")
    });
    // The terminal is not in raw mode any more, so it echoes the typed text.
    shell.press("echo 'on the ''shell'; fg\r");
    shell.wait("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains("api#")
    });
    shell.wait_for("open slices and waits include this time");
    shell.press("?");
    shell.wait_for("keys and glyphs");
    shell.press("?q");
    // Wait until tasklab has ended. Until then, tasklab reads all typed text.
    shell.wait("the shell again", |screen| {
        screen.contents().trim_end().ends_with("ready>")
    });
    shell.press("exit\r");
    let (_, screen, raw) = shell.end();
    assert_restored(&screen);
    let raw = String::from_utf8_lossy(&raw);
    assert!(
        raw.contains("echo 'on the ''shell'; fg"),
        "the terminal did not echo the typed text"
    );
    assert!(raw.contains("\non the shell"), "{raw}");
}

/// A source that panics when it creates the fifth batch.
#[derive(Default)]
struct BrokenSource {
    batches: u64,
    stopped: bool,
}

impl Source for BrokenSource {
    fn drain(&mut self) -> usize {
        0
    }

    fn batch(&mut self) -> Batch {
        self.batches += 1;
        assert!(self.batches < 5, "the drawing thread panics");
        Batch {
            now: RunInstant::from_millis(self.batches * 10),
            ..Batch::default()
        }
    }

    fn state(&self) -> RunState {
        match self.stopped {
            false => RunState::Running,
            true => RunState::Ended { left: None },
        }
    }

    fn inject_block(&mut self, _: Duration) {}

    fn next_cue(&mut self) {}

    fn stop(&mut self) {
        self.stopped = true;
    }
}

/// The test starts its own binary again on a pseudo-terminal, and that process draws the screen.
#[test]
fn a_panic_of_the_drawing_thread_restores_the_terminal_and_is_printed() {
    const DRAW: &str = "TASKLAB_TEST_DRAW";
    if env::var_os(DRAW).is_some() {
        let signals = Signals::listen().expect("signals");
        let mut model = Model::new(RunInfo::default());
        let left = tui::run(&mut BrokenSource::default(), &mut model, &Options::from_env(), &signals);
        panic!("`tui::run` must panic, but it returned {left:?}");
    }
    let mut command = CommandBuilder::new(env::current_exe().expect("a path"));
    command.args([
        "--exact",
        "leaving::a_panic_of_the_drawing_thread_restores_the_terminal_and_is_printed",
        "--nocapture",
    ]);
    let (status, screen, raw) = Terminal::run(100, 30, command, &[(DRAW, "1")]).end();
    assert_ne!(status, 0);
    assert_restored(&screen);
    let raw = String::from_utf8_lossy(&raw);
    let screens: Vec<&str> = raw.split("\x1b[?1049l").collect();
    assert!(
        screens[0].contains("\x1b[?1049h") && screens[0].contains("tasklab"),
        "the screen must be drawn first: {raw}"
    );
    assert!(
        screens[1].contains("the drawing thread panics"),
        "the panic must be printed on the main screen: {raw}"
    );
    assert_eq!(screens.len(), 2, "{raw}");
}
