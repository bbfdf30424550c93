//! Tests of the program on a pseudo-terminal, with real keys and real signals.

mod hostile;
mod leaving;
mod terminal;

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use terminal::{Terminal, assert_restored};

/// Writes a scenario file and returns its path.
fn write_scenario(folder: &Path, text: &str) -> String {
    let path = folder.join("test.toml");
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

const HEARTBEAT: &str = "title = 'Pulse'\n[executor]\nkind = 'tokio'\nworkers = 2\n\
    [[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";

#[test]
fn keys_inject_a_block_show_help_and_quit() {
    let mut terminal = Terminal::start(120, 36, &["run", "mixed", "--duration", "1h"]);
    // The first frame may be drawn before the first lane exists, and the test may have received
    // only a part of a frame.
    terminal.wait_for_all(&["Mixed load", "worker 0", "api#"]);
    terminal.press("b");
    terminal.wait_for("injected#0");
    terminal.press("?");
    terminal.wait_for("keys and glyphs");
    terminal.press("?");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

#[test]
fn expectations_are_printed_after_the_screen_only_if_the_run_reached_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let expect = "[expect]\n'groups.heartbeat.completed' = '== 3'\n'tasks.lost' = '> 0'\n";
    let text = HEARTBEAT.replace("'forever'", "3");
    let file = write_scenario(folder.path(), &format!("{text}{expect}"));
    let mut terminal = Terminal::start(80, 24, &["run", &file]);
    terminal.wait_for("■ ended");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 3);
    assert_restored(&screen);
    let left = screen.contents();
    assert!(left.contains("expect   1 of 2 held"), "{left}");
    assert!(left.contains("✗        0  > 0   tasks.lost"), "{left}");

    let file = write_scenario(folder.path(), &format!("{HEARTBEAT}{expect}"));
    let mut terminal = Terminal::start(80, 24, &["run", &file]);
    terminal.wait_for("heartbeat#0");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert!(!screen.contents().contains("expect"), "{}", screen.contents());
}

#[test]
fn a_run_that_loses_its_last_worker_process_shows_the_dead_process_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(
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
    terminal.wait_for_all(&["† process 0", "dead"]);
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
fn a_run_that_is_quit_after_the_death_of_its_workers_fails() {
    let arguments = ["run", "mixed", "--executor", "processes", "--workers", "2"];
    let mut terminal = Terminal::start(120, 36, &arguments);
    let pids = |text: &str| -> Vec<Pid> {
        let names = text.split("process ").skip(1);
        let pids = names.filter_map(|rest| rest.split_once('(')?.1.split_once(')')?.0.parse().ok());
        pids.filter_map(Pid::from_raw).collect()
    };
    let text = terminal.wait("two workers", |screen| pids(&screen.contents()).len() == 2);
    for worker in pids(&text) {
        kill_process(worker, Signal::KILL).expect("a worker");
    }
    terminal.wait_for_all(&["† process 0", "† process 1"]);
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 1, "{}", screen.contents());
    assert_restored(&screen);
}

#[test]
fn a_deadlocked_run_stays_on_the_screen_with_the_sentence_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(folder.path(), include_str!("../it/cases/31-deadlock-no-end.toml"));
    let mut terminal = Terminal::start(120, 36, &["run", &file]);
    // The caption and the log.
    let sentence = "deadlock: one waits for ledger, held by two; two waits for accounts, held by one";
    terminal.wait("the sentence, twice", |screen| {
        screen.contents().matches(sentence).count() == 2
    });
    terminal.press("?");
    terminal.wait_for("keys and glyphs");
    terminal.press("?");
    terminal.wait("the sentence, twice again", |screen| {
        screen.contents().matches(sentence).count() == 2
    });
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 1);
    assert_restored(&screen);
    assert!(screen.contents().contains(sentence), "{}", screen.contents());
}

#[test]
fn the_screen_follows_the_terminals_size() {
    let mut terminal = Terminal::start(80, 24, &["run", "mixed", "--duration", "1h"]);
    terminal.wait_for("api#");
    terminal.resize(200, 60);
    // Tasks now use rows that did not exist before.
    terminal.wait("a task on row 30", |screen| {
        let rows: Vec<String> = screen.rows(0, 200).collect();
        rows.iter().skip(30).any(|row| row.contains("api#"))
    });
    terminal.resize(30, 5);
    terminal.wait_for("tasklab needs");
    terminal.resize(100, 30);
    terminal.wait_for("api#");
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

#[test]
fn the_log_shows_messages_of_the_chosen_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(
        folder.path(),
        &format!("{HEARTBEAT}[[task]]\nname = 'unlucky'\nsteps = [{{ fail = 'out of luck' }}]\n"),
    );
    // At `trace`, tokio logs every timer.
    for (level, expected) in [("info", "out of luck"), ("trace", "TRACE")] {
        let mut terminal = Terminal::start(120, 36, &["run", &file, "--log", level]);
        let text = terminal.wait_for(expected);
        assert_eq!(text.contains("TRACE"), level == "trace", "{text}");
        if level == "info" {
            // tasklab logs the result of its calibration.
            terminal.wait_for("units of cpu work per ms");
        }
        terminal.press("q");
        assert_eq!(terminal.end().0, 0);
    }
}

#[test]
fn the_screen_keeps_working_while_the_runtime_is_blocked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(
        folder.path(),
        "title = 'Stuck'\n[executor]\nkind = 'current-thread'\n\
         [[task]]\nname = 'stuck'\nsteps = [{ block = '1h' }]\n",
    );
    let mut terminal = Terminal::start(100, 30, &["run", &file]);
    // The slice is still open, so it is not recorded yet. Nevertheless, the screen shows the slice.
    terminal.wait("a blocking task", |screen| screen.contents().contains("1 blocking"));
    let clock = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let before = clock(&terminal.wait_for("blocking"));
    terminal.wait("a later clock", |screen| clock(&screen.contents()) != before);
    terminal.press("q");
    let (status, screen, raw) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
    let raw = String::from_utf8_lossy(&raw);
    assert!(raw.contains("left behind a thread that could not be stopped: worker 0"));
}

#[test]
fn a_panicking_task_is_logged_and_does_not_damage_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write_scenario(
        folder.path(),
        &format!("{HEARTBEAT}[[task]]\nname = 'clumsy'\nsteps = [{{ panic = 'dropped the vase' }}]\n"),
    );
    let mut terminal = Terminal::start(120, 36, &["run", &file]);
    // The log message arrives while the poll is still unwinding. The end of the task is recorded
    // later. The row of a new task appears only at the next change of the order.
    terminal.wait_for_all(&["dropped the vase", "1 panicked", "heartbeat#0"]);
    terminal.press("q");
    let (status, screen, _) = terminal.end();
    assert_eq!(status, 0);
    assert_restored(&screen);
}

#[test]
fn with_no_color_set_tasklab_writes_no_colours() {
    let mut terminal = Terminal::start_with(100, 30, &["run", "mixed", "--duration", "1h"], &[("NO_COLOR", "1")]);
    terminal.wait_for("api#");
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
