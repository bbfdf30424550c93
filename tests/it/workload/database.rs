//! The database: really there, in each manner, and really locked.

use super::journal::lines_about;
use super::lab::*;
use tasklab::record::{Outcome, Reason, Record};
use tasklab::scenario::{DbOp, How, Step};
use tracing::Level;

fn db(op: DbOp, how: How) -> Step {
    Step::Db { op, rows: 3, how }
}

#[test]
fn rows_are_read_and_written_in_each_manner() {
    let steps = vec![
        db(DbOp::Write, How::Offload),
        db(DbOp::Read, How::Offload),
        db(DbOp::Write, How::Sync),
        db(DbOp::Read, How::Sync),
    ];
    let scenario = scenario(vec![task("api", 2, steps)]);
    let names = ["db write 3", "db read 3", "db write 3 sync", "db read 3 sync"];
    for (executor, seen) in everywhere(&scenario) {
        assert_eq!(seen.outcome("api"), Outcome::Completed, "{executor}");
        assert_eq!(seen.steps("api"), [names, names].concat(), "{executor}");
        let offloaded = if executor == "threads" { 0 } else { 4 };
        assert_eq!(
            seen.outcomes("api offload"),
            vec![Outcome::Completed; offloaded],
            "{executor}"
        );
        let waits = seen.slices("api").iter().any(|slice| slice.suspended_on == Reason::Db);
        assert_eq!(waits, executor != "threads", "{executor}");
        let held_its_thread = |record: &Record| matches!(record, Record::Step(s) if s.blocking && s.task == seen.tasks["api"] && seen.label(s.label) == names[2]);
        assert!(seen.records.iter().any(held_its_thread), "{executor}");
    }
}

#[test]
fn two_updates_a_write_are_in_the_file() {
    let lab = Lab::new(&scenario(vec![
        task("one", 10, vec![db(DbOp::Write, How::Sync)]),
        task("two", 10, vec![db(DbOp::Write, How::Offload)]),
    ]));
    lab.on_tokio();
    let file = rusqlite::Connection::open(lab.services.scratch().path().join("db.sqlite")).unwrap();
    let sum = file.query_row("SELECT sum(value) FROM entry", [], |row| row.get::<_, i64>(0));
    assert_eq!(sum, Ok(60));
}

#[test]
fn a_database_that_stays_locked_fails_a_repetition_and_nobody_else() {
    let mut scenario = scenario(vec![
        task("db1", 2, vec![db(DbOp::Write, How::Offload)]),
        task("other", 5, vec![cpu(MS / 10)]),
    ]);
    scenario.db.timeout = 15 * MS;
    for on_tokio in [true, false] {
        let lab = Lab::new(&scenario);
        let file = rusqlite::Connection::open(lab.services.scratch().path().join("db.sqlite")).unwrap();
        file.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let seen = if on_tokio { lab.on_tokio() } else { lab.on_threads() };
        assert_eq!(seen.repetitions("db1"), [Outcome::Failed; 2]);
        assert_eq!(seen.outcome("other"), Outcome::Completed);
    }
    let lines = lines_about("cannot write to the database: other transactions kept it locked for 15ms");
    assert_eq!(lines.len(), 2, "the first of each run: {lines:?}");
    assert!(lines.iter().all(|(level, _)| *level == Level::ERROR));
}
