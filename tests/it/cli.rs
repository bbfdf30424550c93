//! The command line: output, error messages and exit codes.

use crate::support::program::{Process, command, command_after, tasklab};
use std::fs;
use std::process::Command;

#[test]
fn check_reports_valid_and_invalid_files() {
    let done = tasklab(&[
        "check",
        "scenarios/mixed.toml",
        "tests/scenarios/bad/pool.toml",
        "no-such",
        "timeouts",
    ]);
    assert_eq!(done.code, Some(2));
    let out: Vec<_> = done.out.lines().collect();
    assert_eq!(
        out,
        [
            "scenarios/mixed.toml: ok: Mixed load: 4 groups, 45 tasks, 4 cues; tokio with 2 workers for 30s",
            "timeouts: ok: Timeouts: 3 groups, 21 tasks, 5 cues; tokio with 2 workers for 22s",
        ]
    );
    assert!(
        done.err.contains("\n --> tests/scenarios/bad/pool.toml:5:18\n"),
        "{}",
        done.err
    );
    assert!(done.err.contains("pool.toml: 6 errors\n"), "{}", done.err);
    assert!(done.err.contains("error: there is no file `no-such`"), "{}", done.err);
    assert!(!done.err.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn check_of_valid_scenarios_prints_nothing_on_stderr() {
    let done = tasklab(&["check", "mixed", "starved-driver.toml"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    assert_eq!(done.out.lines().count(), 2);
}

#[test]
fn check_takes_overrides() {
    let done = tasklab(&["check", "starved-driver-handoff", "--executor", "pool"]);
    assert_eq!(done.code, Some(2));
    assert!(
        done.err.contains("`enable_eager_driver_handoff` is an option of tokio"),
        "{}",
        done.err
    );
    assert!(
        done.err.contains("the executor is chosen by --executor"),
        "{}",
        done.err
    );
}

#[test]
fn run_rejects_an_invalid_scenario_before_it_starts() {
    let done = tasklab(&["run", "--headless", "tests/scenarios/bad/zero.toml"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("zero.toml: 18 errors\n"), "{}", done.err);
}

#[test]
fn list_prints_every_scenario_with_its_description() {
    let done = tasklab(&["list"]);
    assert_eq!(done.code, Some(0));
    for builtin in tasklab::scenario::builtin::BUILTIN {
        let line = done
            .out
            .lines()
            .find(|line| line.split_whitespace().next() == Some(builtin.name));
        assert!(
            line.is_some_and(|line| line.ends_with(&builtin.scenario().about)),
            "{}",
            done.out
        );
    }
}

#[test]
fn schema_prints_the_schema_of_scenarios_or_of_reports() {
    let done = tasklab(&["schema"]);
    assert_eq!((done.code, done.out), (Some(0), tasklab::scenario::schema()));
    let done = tasklab(&["schema", "--report"]);
    assert_eq!((done.code, done.out), (Some(0), tasklab::report::schema()));
}

#[test]
fn completions_cover_public_subcommands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = tasklab(&["completions", shell]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{shell}");
        assert!(done.out.contains("compare") && done.out.contains("headless"), "{shell}");
    }
    let done = tasklab(&["completions", "bash"]);
    assert!(
        !done.out.contains("tasklab,docs") && !done.out.contains("tasklab,worker"),
        "hidden subcommands"
    );
}

#[test]
fn man_prints_one_page_or_writes_all_pages() {
    let done = tasklab(&["man"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    assert!(
        done.out.contains(".TH tasklab 1") && done.out.contains("tasklab\\-compare(1)"),
        "{}",
        done.out
    );

    let folder = tempfile::tempdir().unwrap();
    let done = tasklab(&["man", "--dir", folder.path().to_str().unwrap()]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    assert!(page("tasklab.1").contains(".TH tasklab 1"));
    assert!(page("tasklab-run.1").contains("headless"));
    assert!(
        !folder.path().join("tasklab-worker.1").exists(),
        "hidden subcommands have no page"
    );

    let done = tasklab(&["man", "--dir", "/nonexistent"]);
    assert_eq!(done.code, Some(1));
    assert!(
        done.err.contains("cannot write manual pages into /nonexistent"),
        "{}",
        done.err
    );
}

#[test]
fn an_invalid_command_line_exits_with_2_and_an_explanation() {
    for (args, message) in [
        (&["run"][..], "SCENARIO"),
        (
            &["run", "mixed", "--executor", "threadpool"],
            "[possible values: tokio, current-thread, pool, threads, processes]",
        ),
        (
            &["run", "mixed", "--duration", "5"],
            "it has no unit; write it as 500ms, 20s or 2m",
        ),
        (&["run", "mixed", "--duration", "-5s"], "it is negative"),
        (
            &["run", "mixed", "--duration", "25h"],
            "the run's duration is longer than 24h",
        ),
        (&["run", "mixed", "--workers", "-1"], "it is not a whole number from 0"),
        (&["run", "mixed", "--seed", "-1"], "it is not a whole number from 0"),
        (
            &["run", "mixed", "--scale", "-1"],
            "the scale is -1, but it must be between 0.05 and 1",
        ),
        (
            &["run", "mixed", "--console", "0.0.0.0:6669"],
            "it is not a loopback address",
        ),
        (
            &["run", "mixed", "--log", "loud"],
            "[possible values: off, error, warn, info, debug, trace]",
        ),
        (&["check"], "FILE"),
        (&["lisst"], "similar subcommand exists: 'list'"),
    ] {
        let done = tasklab(args);
        assert_eq!(done.code, Some(2), "{args:?}");
        assert!(done.err.contains(message), "{args:?}: {}", done.err);
    }
}

#[test]
fn a_file_that_cannot_be_read_gets_a_message_of_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let latin = file("latin.toml", b"title = \"x\"\nabout = \"caf\xe9\"\n");
    let big = file("big.toml", &vec![b'#'; (1 << 20) + 1]);
    let inside = format!("{latin}/x.toml");
    let missing = folder.path().join("mixd.toml").to_str().unwrap().to_owned();
    for (what, message) in [
        (
            latin.as_str(),
            format!("`{latin}` is not a text file: line 2 is not UTF-8"),
        ),
        (&big, format!("`{big}` is larger than 1MiB, the maximum size of a scenario")),
        (
            "scenarios",
            "`scenarios` is a directory, but a scenario must be a file".to_owned(),
        ),
        (
            &inside,
            format!("`{inside}` cannot be read: Not a directory (os error 20)"),
        ),
        ("spawn_blocking", did_you_mean("spawn_blocking", "spawn-blocking")),
        ("scenarios/mixd.toml", did_you_mean("scenarios/mixd.toml", "mixed")),
        (&missing, did_you_mean(&missing, "mixed")),
        (
            "\u{1b}[2J",
            "there is no file `\\u{1b}[2J` and no built-in scenario with this name: `tasklab list` shows the built-in scenarios".to_owned(),
        ),
    ] {
        let done = tasklab(&["check", what]);
        assert_eq!((done.code, done.err), (Some(2), format!("error: {message}\n")));
    }
}

fn did_you_mean(what: &str, similar: &str) -> String {
    format!("there is no file `{what}` and no built-in scenario with this name: did you mean `{similar}`?")
}

/// Creates a named pipe in this folder.
fn pipe(folder: &std::path::Path) -> String {
    let path = folder.join("pipe").to_str().expect("a path of UTF-8").to_owned();
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    path
}

#[test]
fn a_pipe_is_read_and_a_pipe_without_a_writer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = pipe(folder.path());
    for command in [&["check"][..], &["run", "--headless"]] {
        let done = tasklab(&[command, &[&path]].concat());
        assert_eq!(done.code, Some(2));
        assert_eq!(
            done.err,
            format!(
                "error: `{path}` is a pipe that no program has written to for 3 s: write the scenario into it, or name a file\n"
            )
        );
    }
    let mut reader = Process::start(&mut command(&["check", &path]));
    // The program reads the text from the pipe in several parts.
    let text = fs::read("scenarios/mixed.toml").unwrap();
    let mut pipe = fs::File::options().write(true).open(&path).expect("a reader");
    for part in text.chunks(1000) {
        std::io::Write::write_all(&mut pipe, part).expect("a reader");
    }
    drop(pipe);
    reader.wait_until("the result", |process| !process.stdout().is_empty());
    assert_eq!(reader.wait().code, Some(0));
}

#[test]
fn text_from_outside_cannot_control_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let evil = folder.path().join("\u{1b}[2J\u{202e}.toml");
    let good = fs::read("scenarios/mixed.toml").unwrap();
    fs::write(&evil, good).unwrap();
    let evil = evil.to_str().unwrap();
    let worker = ["run", "mixed", "--headless", "--executor", "processes"];
    for (done, code) in [
        (tasklab(&["check", evil]), 0),
        (
            tasklab(&["check", evil, "--executor", "current-thread", "--workers", "4"]),
            2,
        ),
        (tasklab(&["run", "mixed", "--headless", "--duration", "\u{1b}[2J"]), 2),
        (tasklab(&["\u{1b}[2J"]), 2),
        (
            tasklab(&[&worker[..], &["--worker-command", "/nowhere/\u{1b}[2J"]].concat()),
            1,
        ),
        (
            Process::start(&mut command_after(
                "export TMPDIR='/nowhere/\u{1b}[2J'",
                &["run", "mixed", "--headless"],
            ))
            .wait(),
            1,
        ),
        (tasklab(&["man", "--dir", "/nowhere/\u{1b}[2J"]), 1),
    ] {
        let shown = format!("{}{}", done.out, done.err);
        assert_eq!(done.code, Some(code), "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        assert!(shown.contains("\\u{1b}[2J"), "{shown:?}");
    }
}

#[test]
fn a_scenario_is_refused_only_for_files_that_it_certainly_needs() {
    let one = "title = 'One'\n[[task]]\nname = 'a'\nsteps = [{ sleep = '1ms' }]\n";
    let mut few = command_after("ulimit -n 64", &["run"]);
    let done = Process::start_run_of(&mut few, one, &["--headless", "--workers", "2"]).wait();
    assert_eq!(done.code, Some(0), "{}", done.err);
    let many = "title = 'Many'\n[[task]]\nname = 'a'\ncount = 40\nsteps = [{ http = '/' }]\n";
    let mut few = command_after("ulimit -n 64", &["run"]);
    let done = Process::start_run_of(&mut few, many, &["--headless", "--executor", "threads"]).wait();
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(done.err.contains("needs 92 open files at once"), "{}", done.err);
}
