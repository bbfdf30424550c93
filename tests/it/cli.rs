//! The command line: output, error messages and exit codes.

use crate::support::program::tasklab;
use std::fs;

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
