//! Tests with terminals that nobody reads, with signals that kill or stop the program, and with
//! impossible sizes. In each case the run ends, and the terminal is restored.

use crate::terminal::{Terminal, assert_restored};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;

#[test]
fn a_signal_ends_a_run_although_nobody_reads_the_terminal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().to_str().expect("a path");
        let mut terminal = Terminal::start_with(200, 60, &["run", "mixed", "--duration", "1h"], &[("TMPDIR", path)]);
        terminal.wait_for("api#");
        terminal.stop_reading();
        kill_process(terminal.pid(), signal).expect("it runs");
        assert_eq!(terminal.wait_for_exit(), 128 + signal.as_raw() as u32, "{signal:?}");
        assert!(
            temporary.path().read_dir().expect("a folder").next().is_none(),
            "{signal:?} left files"
        );
        terminal.read_again();
        let (_, screen, _) = terminal.end();
        assert_restored(&screen);
    }
}

/// No handler runs for these signals, so the guardian restores the terminal.
#[test]
fn the_terminal_is_restored_after_signals_that_kill_the_program() {
    for signal in [Signal::QUIT, Signal::USR1, Signal::ABORT, Signal::KILL] {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().to_str().expect("a path");
        let terminal = Terminal::start_with(100, 30, &["run", "mixed", "--duration", "1h"], &[("TMPDIR", path)]);
        let before = terminal.first_modes().to_owned();
        terminal.wait_for("api#");
        assert_ne!(terminal.modes(), before, "raw mode");
        kill_process(terminal.pid(), signal).expect("it runs");
        terminal.wait_for_last_output();
        assert_eq!(terminal.modes(), before, "the modes of the terminal");
        let (_, screen, _) = terminal.end();
        assert_restored(&screen);
    }
}

fn bash() -> Terminal {
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "-i"]);
    let terminal = Terminal::run(100, 30, command, &[("PS1", "ready> "), ("HISTFILE", "/dev/null")]);
    terminal.wait_for("ready> ");
    terminal
}

/// Waits until the shell has stopped the program and shows its prompt.
#[track_caller]
fn wait_for_prompt(shell: &Terminal, text: &str) {
    shell.wait(&format!("{text} and the prompt"), |screen| {
        let contents = screen.contents();
        !screen.alternate_screen() && contents.contains(text) && contents.trim_end().ends_with("ready>")
    });
}

/// A shell in which Ctrl-Z has stopped a run.
fn with_a_stopped_run() -> Terminal {
    let mut shell = bash();
    shell.press(&format!(
        "'{}' run mixed --duration 1h\r",
        env!("CARGO_BIN_EXE_tasklab")
    ));
    shell.wait_for("api#");
    shell.press("\x1a");
    wait_for_prompt(&shell, "Stopped");
    shell
}

#[test]
fn a_stopped_program_can_be_killed() {
    let mut shell = with_a_stopped_run();
    shell.press("kill %1; wait %1; echo status=$?\r");
    wait_for_prompt(&shell, "status=143");
    shell.press("exit\r");
    let (_, screen, _) = shell.end();
    assert_restored(&screen);
}

#[test]
fn a_program_that_is_continued_with_bg_stops_again_and_can_be_killed() {
    let mut shell = with_a_stopped_run();
    shell.press("clear; bg; until jobs | grep -q Stopped; do sleep 0.1; done; jobs\r");
    wait_for_prompt(&shell, "Stopped");
    shell.press("kill -HUP %1; wait %1; echo status=$?\r");
    wait_for_prompt(&shell, "status=129");
    shell.press("exit\r");
    assert_restored(&shell.end().1);
}

#[test]
fn a_stop_signal_from_outside_restores_the_terminal_and_fg_continues() {
    let mut shell = bash();
    // The screen shows the process id until the program opens its own screen.
    shell.press(&format!(
        "bash -c 'echo pid=$$.; read; exec \"$0\" run mixed --duration 1h' '{}'\r",
        env!("CARGO_BIN_EXE_tasklab")
    ));
    let pid = |text: &str| {
        let number = text.rsplit_once("pid=")?.1.split_once('.')?.0;
        Pid::from_raw(number.parse().ok()?)
    };
    let text = shell.wait("the number of the process", |screen| pid(&screen.contents()).is_some());
    let pid = pid(&text).expect("a number");
    shell.press("\r");
    shell.wait_for("api#");
    kill_process(pid, Signal::TSTP).expect("it runs");
    wait_for_prompt(&shell, "Stopped");
    shell.press("fg\r");
    shell.wait("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains("api#")
    });
    shell.press("q");
    shell.wait("the shell again", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>")
    });
    shell.press("exit\r");
    assert_restored(&shell.end().1);
}

#[test]
fn a_terminal_that_claims_to_be_huge_does_not_fill_the_memory() {
    let mut terminal = Terminal::start(100, 30, &["run", "mixed", "--duration", "1h"]);
    terminal.wait_for("api#");
    terminal.claim_size(u16::MAX, u16::MAX);
    let memory = || {
        let status =
            fs::read_to_string(format!("/proc/{}/status", terminal.pid().as_raw_nonzero())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    // The largest frame that the program draws is much larger than the first frame.
    terminal.wait_for_more("a large frame", 50_000);
    let kilobytes = memory().expect("the program runs");
    assert!(kilobytes < 1_000_000, "{kilobytes} kB");
    terminal.resize(100, 30);
    terminal.wait_for("api#");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}
