//! Tests of the step `db`. The step uses a real database with a real lock, whether it is offloaded
//! or synchronous.

use super::captured_log::log_messages_with;
use super::harness::*;
use tasklab::record::{Outcome, Reason, Record};
use tasklab::scenario::steps::{Db, DbOp};
use tasklab::scenario::{How, Step};
use tracing::Level;

fn db(op: DbOp, how: How) -> Step {
    Step::Db(Db { op, rows: 3, how })
}

#[test]
fn offloaded_and_sync_steps_read_and_write_rows() {
    let steps = vec![
        db(DbOp::Write, How::Offload),
        db(DbOp::Read, How::Offload),
        db(DbOp::Write, How::Sync),
        db(DbOp::Read, How::Sync),
    ];
    let scenario = scenario(vec![task("api", 2, steps)]);
    let names = ["db write 3", "db read 3", "db write 3 sync", "db read 3 sync"];
    for (executor, observed) in on_every_executor(&scenario) {
        assert_eq!(observed.outcome("api"), Outcome::Completed, "{executor}");
        assert_eq!(observed.steps("api"), [names, names].concat(), "{executor}");
        let offloaded = if executor == "threads" { 0 } else { 4 };
        assert_eq!(
            observed.outcomes("api offload"),
            vec![Outcome::Completed; offloaded],
            "{executor}"
        );
        let waits = observed
            .slices("api")
            .iter()
            .any(|slice| slice.suspended_on == Reason::Db);
        assert_eq!(waits, executor != "threads", "{executor}");
        let kept_its_thread = |record: &Record| matches!(record, Record::Step(s) if s.blocking && s.task == observed.tasks["api"] && observed.label(s.label) == names[2]);
        assert!(observed.records.iter().any(kept_its_thread), "{executor}");
    }
}

#[test]
fn every_write_is_in_the_file() {
    let harness = Harness::new(&scenario(vec![
        task("one", 10, vec![db(DbOp::Write, How::Sync)]),
        task("two", 10, vec![db(DbOp::Write, How::Offload)]),
    ]));
    harness.on_tokio();
    let file = rusqlite::Connection::open(harness.services.scratch().path().join("db.sqlite")).unwrap();
    let sum = file.query_row("SELECT sum(value) FROM entry", [], |row| row.get::<_, i64>(0));
    assert_eq!(sum, Ok(60));
}

#[test]
fn a_locked_database_fails_only_the_repetitions_that_use_it() {
    let mut scenario = scenario(vec![
        task("db1", 2, vec![db(DbOp::Write, How::Offload)]),
        task("other", 5, vec![cpu(MS / 10)]),
    ]);
    scenario.db.timeout = 15 * MS;
    for on_tokio in [true, false] {
        let harness = Harness::new(&scenario);
        let file = rusqlite::Connection::open(harness.services.scratch().path().join("db.sqlite")).unwrap();
        file.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let observed = if on_tokio {
            harness.on_tokio()
        } else {
            harness.on_threads()
        };
        assert_eq!(observed.repetitions("db1"), [Outcome::Failed; 2]);
        assert_eq!(observed.outcome("other"), Outcome::Completed);
    }
    let messages = log_messages_with("cannot write to the database: other transactions kept it locked for 15ms");
    assert_eq!(messages.len(), 2, "one message for each run: {messages:?}");
    assert!(messages.iter().all(|(level, _)| *level == Level::ERROR));
}
