//! Deadlocks: a run names its deadlocks and fails. If no task of the run can ever continue, the run
//! also ends.

use crate::support::program::{Finished, run, tasklab, write_scenario};
use crate::support::run::TestRun;
use serde_json::Value;
use tempfile::tempdir;

const ONE_PERMIT_TWICE: &str = include_str!("28-one-permit-twice.toml");
const CROSSED_LOCKS: &str = include_str!("29-crossed-locks.toml");
const CROSSED_LOCKS_WITHOUT_END: &str = include_str!("31-deadlock-no-end.toml");
const SECOND_CONNECTION: &str = include_str!("07-second-connection.toml");
const GUARD_ACROSS_AWAIT: &str = include_str!("10-guard-across-await.toml");
const SENTENCE: &str = "deadlock: one waits for ledger, held by two; two waits for accounts, held by one";

/// Runs the scenario, which must fail with a deadlock. Returns the report.
#[track_caller]
fn failed_report(scenario: &str) -> Value {
    let done = run(scenario, &["--json"]);
    assert_eq!(done.code, Some(1), "{}", done.err);
    done.json()
}

#[test]
fn a_deadlocked_run_without_a_duration_ends_with_the_sentence() {
    let Finished { code, out, err } = run(CROSSED_LOCKS_WITHOUT_END, &["--headless"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains(SENTENCE), "{err}");
    let lines: Vec<_> = out.lines().map(str::trim).collect();
    assert!(lines.join(" ").contains(SENTENCE), "{out}");
}

#[test]
fn crossed_locks_are_a_deadlock_from_the_second_lock_on() {
    let report = failed_report(CROSSED_LOCKS);
    let deadlocks = report["deadlocks"].as_array().expect("a list");
    assert_eq!(deadlocks.len(), 1, "{deadlocks:?}");
    assert_eq!(deadlocks[0]["sentence"], SENTENCE);
    // Both tasks sleep for 50 ms before they take their second locks.
    assert!(deadlocks[0]["since_ns"].as_u64() >= Some(50_000_000), "{deadlocks:?}");
    let waits = deadlocks[0]["waits"].as_array().expect("a list");
    let summary = |wait: &Value| {
        format!(
            "{} {} {} {}",
            wait["task"], wait["kind"], wait["waits_for"], wait["held_by"]
        )
    };
    let waits: Vec<_> = waits.iter().map(summary).collect();
    assert_eq!(
        waits,
        [r#""one" "lock" "ledger" ["two"]"#, r#""two" "lock" "accounts" ["one"]"#]
    );
    // The report shows what tasks held and awaited at the end.
    for resource in report["resources"].as_array().expect("a list") {
        assert_eq!(
            (&resource["holders"]["now"], &resource["length"]["now"]),
            (&Value::from(1), &Value::from(1))
        );
        assert!(resource["wait_ns"]["max"].as_u64() >= Some(500_000_000), "{resource}");
    }
}

#[test]
fn crossed_locks_are_found_on_every_executor_that_shares_memory() {
    for executor in ["tokio", "current-thread", "pool", "threads"] {
        let text = CROSSED_LOCKS_WITHOUT_END.replace(
            "kind = \"tokio\"\nworkers = 2",
            &match executor {
                "tokio" | "pool" => format!("kind = \"{executor}\"\nworkers = 2"),
                executor => format!("kind = \"{executor}\""),
            },
        );
        let mut run = TestRun::start(&text);
        run.until("a deadlock", |run| {
            !run.model.deadlocks().is_empty() && run.model.is_hopeless()
        });
        assert_eq!(run.model.deadlocks()[0].sentence, SENTENCE, "{executor}");
        assert_eq!(run.stop_and_join(), None, "{executor}");
        assert_eq!(run.model.deadlocks().len(), 1, "{executor}");
    }
}

#[test]
fn tasks_that_hold_all_permits_and_want_one_more_are_a_deadlock() {
    let report = failed_report(SECOND_CONNECTION);
    let sentence = report["deadlocks"][0]["sentence"].as_str().expect("a sentence");
    assert_eq!(
        sentence,
        "deadlock: request#0, request#1, request#2, request#3 and 6 more wait for connections, held by the same tasks"
    );
    assert_eq!(report["deadlocks"][0]["waits"].as_array().map(Vec::len), Some(10));
}

#[test]
fn with_one_task_fewer_than_permits_there_is_no_deadlock() {
    let scenario = SECOND_CONNECTION.replace("count = 10", "count = 9");
    let done = run(&scenario, &["--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(done.json()["deadlocks"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_timeout_around_a_wait_prevents_a_deadlock() {
    let waits = "{ lock = { name = \"ledger\", steps = [{ sleep = \"5ms\" }] } }";
    let limited = format!("{{ timeout = {{ after = \"60s\", steps = [{waits}] }} }}");
    let scenario = CROSSED_LOCKS.replace(waits, &limited);
    assert_ne!(scenario, CROSSED_LOCKS);
    let done = run(&scenario, &["--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(done.json()["deadlocks"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_scenario_that_takes_the_only_permit_twice_is_refused() {
    let folder = tempdir().expect("a folder");
    let file = write_scenario(folder.path(), "twice", ONE_PERMIT_TWICE);
    for subcommand in ["check", "run"] {
        let Finished { code, err, .. } = tasklab(&[subcommand, &file]);
        assert_eq!(code, Some(2), "{subcommand}: {err}");
        assert!(
            err.contains("all permits of the semaphore `pool` are already held"),
            "{subcommand}: {err}"
        );
    }
}

#[test]
fn threads_that_all_wait_for_a_queued_task_are_a_deadlock() {
    let scenario = "title = 'Full pool'\n[executor]\nkind = 'pool'\nworkers = 2\n\
        [[channel]]\nname = 'answers'\ncapacity = 4\n\
        [[task]]\nname = 'asker'\ncount = 2\nsteps = [{ sleep = '20ms' }, { recv = 'answers' }]\n\
        [[task]]\nname = 'answerer'\nstart = '10ms'\nsteps = [{ send = 'answers' }]\n";
    let Finished { code, err, .. } = run(scenario, &["--headless"]);
    assert_eq!(code, Some(1), "{err}");
    let sentence = "deadlock: asker#0, asker#1 wait for a message of answers, to which only answerer could send; \
        answerer waits for a thread, held by asker#0, asker#1";
    assert!(err.contains(sentence), "{err}");
    // With a third thread, `answerer` runs and sends one message. But two tasks wait for a message.
    let done = run(&scenario.replace("workers = 2", "workers = 3"), &["--headless"]);
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(done.err.contains("no task can ever continue: asker#"), "{}", done.err);
}

#[test]
fn parents_that_hold_what_their_children_wait_for_are_a_deadlock() {
    // One parent alone would leave a permit for its child, so the reader accepts the scenario.
    let scenario = "title = 'Parent'\n[executor]\nkind = 'tokio'\nworkers = 2\n\
        [[semaphore]]\nname = 'slots'\npermits = 2\n\
        [[task]]\nname = 'parent'\ncount = 2\nsteps = [{ semaphore = { name = 'slots', steps = [{ sleep = '500ms' }, { gather = ['child'] }] } }]\n\
        [[task]]\nname = 'child'\nstart = 'called'\nsteps = [{ semaphore = { name = 'slots', steps = ['yield'] } }]\n";
    let Finished { code, err, .. } = run(scenario, &["--headless"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("wait for slots, held by parent#0, parent#1"), "{err}");
    assert!(err.contains("parent#0 waits for its children child#"), "{err}");
}

#[test]
fn a_std_mutex_across_an_await_is_a_deadlock_on_one_thread() {
    let report = failed_report(GUARD_ACROSS_AWAIT);
    assert_eq!(
        report["deadlocks"][0]["sentence"],
        "deadlock: user#0 waits for a thread, held by user#1; user#1 waits for state, held by user#0"
    );
    let two_workers = GUARD_ACROSS_AWAIT.replace("kind = \"current-thread\"", "kind = \"tokio\"\nworkers = 2");
    let done = run(&two_workers, &["--json"]);
    assert_eq!(done.code, Some(0), "the other worker runs the holder: {}", done.err);
}

#[test]
fn a_deadlock_of_some_tasks_does_not_end_the_run_of_the_others() {
    let scenario = CROSSED_LOCKS.to_owned()
        + "[[task]]\nname = \"ticker\"\nrepeat = \"forever\"\nsteps = [{ sleep = \"10ms\" }]\n";
    let report = failed_report(&scenario);
    assert!(
        report["elapsed_ns"].as_u64() >= Some(1_000_000_000),
        "the run lasts as long as planned"
    );
    assert_eq!(report["deadlocks"][0]["sentence"], SENTENCE);
}

/// Runs the scenario on each executor, until it has one deadlock with this sentence.
#[track_caller]
fn deadlock_on_every_executor(rest: &str, sentence: &str) {
    for executor in [
        "kind = 'tokio'\nworkers = 2",
        "kind = 'current-thread'",
        "kind = 'threads'",
    ] {
        let mut run = TestRun::start(&format!("title = 'Stuck'\n[executor]\n{executor}\n{rest}"));
        run.until("a deadlock", |run| !run.model.deadlocks().is_empty());
        assert_eq!(run.model.deadlocks()[0].sentence, sentence, "{executor}");
        assert_eq!(run.stop_and_join(), None, "{executor}");
        assert_eq!(run.model.deadlocks().len(), 1, "{executor}");
    }
}

#[test]
fn readers_that_want_to_write_what_the_other_reads_are_a_deadlock() {
    let task = |name: &str, reads: &str, writes: &str| {
        format!(
            "[[task]]\nname = '{name}'\nsteps = [{{ rwlock = {{ name = '{reads}', access = 'read', steps = [{{ sleep = '50ms' }}, \
             {{ rwlock = {{ name = '{writes}', access = 'write', steps = ['yield'] }} }}] }} }}]\n"
        )
    };
    let tasks = task("one", "accounts", "ledger") + &task("two", "ledger", "accounts");
    deadlock_on_every_executor(
        &tasks,
        "deadlock: one waits to write ledger, held by two; two waits to write accounts, held by one",
    );
}

#[test]
fn a_second_read_behind_a_waiting_writer_is_a_deadlock() {
    let read = |steps: &str| format!("{{ rwlock = {{ name = 'config', access = 'read', steps = [{steps}] }} }}");
    let twice = read(&format!(
        "{{ notify = 'go' }}, {{ sleep = '100ms' }}, {}",
        read("'yield'")
    ));
    let write = "{ rwlock = { name = 'config', access = 'write', steps = ['yield'] } }";
    let tasks = format!(
        "[[task]]\nname = 'reader'\nsteps = [{twice}]\n[[task]]\nname = 'writer'\nsteps = [{{ notified = 'go' }}, {write}]\n"
    );
    deadlock_on_every_executor(
        &tasks,
        "deadlock: reader waits to read config, behind writer; writer waits to write config, held by reader",
    );
    let without_writer = format!("title = 't'\n[[task]]\nname = 'reader'\nsteps = [{twice}]\n");
    let done = run(&without_writer, &["--json"]);
    assert_eq!(done.code, Some(0), "readers do not exclude each other: {}", done.err);
}

#[test]
fn a_barrier_that_can_never_be_complete_is_a_deadlock() {
    let barrier = |size| format!("[[barrier]]\nname = 'phase'\ntasks = {size}\n");
    let others = "[[task]]\nname = 'ticker'\nrepeat = 'forever'\nsteps = [{ sleep = '10ms' }]\n";
    let alone = "[[task]]\nname = 'one'\nrepeat = 2\nsteps = [{ barrier = 'phase' }]\n\
        [[task]]\nname = 'two'\nsteps = [{ barrier = 'phase' }]\n";
    deadlock_on_every_executor(
        &(barrier(2) + alone + others),
        "deadlock: one waits for 1 more task at phase, but no other task can arrive",
    );
    let within = |name: &str, pause| {
        format!(
            "[[task]]\nname = '{name}'\nsteps = [{{ sleep = '{pause}ms' }}, \
             {{ lock = {{ name = 'ledger', steps = [{{ barrier = 'phase' }}] }} }}]\n"
        )
    };
    deadlock_on_every_executor(
        &(barrier(2) + &within("first", 1) + &within("second", 100)),
        "deadlock: first waits for 1 more task at phase, where only second could arrive; \
         second waits for ledger, held by first",
    );
}

#[test]
fn a_wait_for_a_notification_that_no_task_can_send_is_a_deadlock() {
    let tasks = |sends_again: &str| {
        format!(
            "[[task]]\nname = 'notifier'\nsteps = [{{ notify = {{ name = 'go', all = true }} }}{sends_again}]\n\
             [[task]]\nname = 'late'\nstart = '50ms'\nsteps = [{{ notified = 'go' }}]\n\
             [[task]]\nname = 'ticker'\nrepeat = 'forever'\nsteps = [{{ sleep = '10ms' }}]\n"
        )
    };
    deadlock_on_every_executor(
        &tasks(""),
        "deadlock: late waits for a notification of go, which no task sends any more",
    );
    let in_time = "title = 't'\nduration = '1s'\n".to_owned() + &tasks(", { sleep = '600ms' }, { notify = 'go' }");
    let done = run(&in_time, &["--json"]);
    assert_eq!(done.code, Some(0), "the notifier can still notify: {}", done.err);
    let ready = done.json()["resources"][0].clone();
    let counts = ["sent", "received", "lost", "stored"].map(|key| ready[key].as_u64());
    assert_eq!(counts, [Some(2), Some(1), Some(1), Some(0)], "{ready}");
}

#[test]
fn the_report_has_the_figures_of_barriers_and_read_write_locks() {
    let scenario = "title = 'Shared'\n[executor]\nkind = 'tokio'\nworkers = 2\n\
        [[barrier]]\nname = 'phase'\ntasks = 3\n\
        [[task]]\nname = 'phased'\ncount = 3\nrepeat = 4\nsteps = [{ sleep = '1ms..3ms' }, { barrier = 'phase' }]\n\
        [[task]]\nname = 'reader'\ncount = 2\nsteps = [{ rwlock = { name = 'config', access = 'read', steps = [{ sleep = '100ms' }] } }]\n\
        [[task]]\nname = 'writer'\nstart = '20ms'\nsteps = [{ rwlock = { name = 'config', access = 'write', steps = ['yield'] } }]\n\
        [expect]\n'resources.phase.generations' = '== 4'\n'resources.phase.wait_ns.count' = '== 8'\n\
        'resources.phase.length.max' = '== 2'\n'resources.phase.arrived' = '== 0'\n\
        'resources.config.reads' = '== 2'\n'resources.config.acquired' = '== 3'\n\
        'resources.config.holders.max' = '== 2'\n'resources.config.wait_ns.count' = '== 1'\n\
        'resources.config.read_wait_ns.count' = '== 0'\n";
    let done = run(scenario, &["--headless"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.out, done.err);
    for heading in ["barrier ", "rwlock "] {
        assert!(done.out.contains(heading), "{}", done.out);
    }
}

#[test]
fn a_task_that_waits_for_an_item_that_no_task_sends_any_more_can_never_continue() {
    for kind in ["kind = 'watch'", "kind = 'broadcast'\ncapacity = 4"] {
        for executor in ["kind = 'current-thread'", "kind = 'threads'"] {
            let scenario = format!(
                "title = 't'\n[executor]\n{executor}\n[[channel]]\nname = 'news'\n{kind}\n\
                 [[task]]\nname = 'reader'\nsteps = [{{ recv = 'news' }}, {{ recv = 'news' }}]\n\
                 [[task]]\nname = 'writer'\nsteps = [{{ send = 'news' }}, {{ sleep = '300ms' }}]\n"
            );
            let report = failed_report(&scenario);
            let sentence =
                "no task can ever continue: reader waits for a message of news, to which no task sends any more";
            assert_eq!(report["deadlocks"][0]["sentence"], sentence, "{executor} {kind}");
            let news = &report["resources"][0];
            assert_eq!(
                (&news["received"], &news["sent"]),
                (&Value::from(1), &Value::from(1)),
                "{news}"
            );
        }
    }
}
