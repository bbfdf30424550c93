//! The database: one SQLite file in the scratch folder, with one table, which all tasks read and write.
//!
//! Everything about it is real: a transaction per step, the file's lock for which writers wait, the disk. Whoever waits for the
//! lock longer than the scenario allows gives up, and its repetition fails. SQLite waits by sleeping and looking again; it is
//! let wait a little at a time, so that the end of the run is noticed meanwhile.

use super::services::StartError;
use super::stop::{Stop, Stopped};
use crate::scenario::{DbOp, DbSpec, Scenario, Step, show_duration};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Connections that are open at most, each with up to three descriptors. A task that finds none free waits for one.
const CONNECTIONS: usize = 16;
/// How long SQLite waits for the file's lock before tasklab looks at the clock and the run's end.
const PATIENCE: Duration = Duration::from_millis(20);
/// Rows that are made between two looks at whether somebody no longer wants the run.
const ROWS_AT_ONCE: u32 = 4096;

/// A scenario's database, if any of its steps uses one.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    spec: DbSpec,
    connections: Mutex<Connections>,
    /// A connection is free again.
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Connections {
    idle: Vec<Connection>,
    open: usize,
}

/// Why an operation did not get done.
#[derive(Debug)]
pub(super) enum DbError {
    /// The run is over.
    Stopped,
    /// The file was locked for as long as this.
    Locked(Duration),
    /// No connection was free for as long as this.
    NoConnection(Duration),
    /// SQLite says why.
    Sqlite(rusqlite::Error),
}

impl From<Stopped> for DbError {
    fn from(_: Stopped) -> DbError {
        DbError::Stopped
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> DbError {
        DbError::Sqlite(error)
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DbError::Stopped => f.write_str("the run is over"),
            DbError::Locked(limit) => write!(f, "others have kept it locked for {}", show_duration(*limit)),
            DbError::NoConnection(limit) => write!(
                f,
                "others have used all {CONNECTIONS} connections for {}",
                show_duration(*limit)
            ),
            DbError::Sqlite(error) => error.fmt(f),
        }
    }
}

impl Database {
    /// Of this folder. It is there if somebody has made it.
    pub(super) fn new(folder: &Path, spec: DbSpec) -> Database {
        Database {
            path: folder.join("db.sqlite"),
            spec,
            connections: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Makes the file with its rows, if a step of the scenario uses it. `cancelled` is asked every few thousand rows.
    ///
    /// # Errors
    /// When it cannot be made, or `cancelled` says yes.
    pub(super) fn create(
        scenario: &Scenario,
        folder: &Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Database, StartError> {
        let database = Database::new(folder, scenario.db);
        let mut used = false;
        for step in scenario.tasks.iter().flat_map(|task| &task.steps) {
            step.visit(&mut |step| used |= matches!(step, Step::Db { .. }));
        }
        if used {
            let failed = |error| StartError::Scratch(folder.to_owned(), io::Error::other(error));
            let filled = database.fill(cancelled).map_err(failed)?;
            if !filled {
                return Err(StartError::Cancelled);
            }
        }
        Ok(database)
    }

    /// Whether it got to the end.
    fn fill(&self, cancelled: &dyn Fn() -> bool) -> rusqlite::Result<bool> {
        let mut connection = Connection::open(&self.path)?;
        let journal = if self.spec.wal { "wal" } else { "delete" };
        connection.pragma_update(None, "journal_mode", journal)?;
        let transaction = connection.transaction()?;
        transaction
            .execute_batch("CREATE TABLE entry (id INTEGER PRIMARY KEY, value INTEGER NOT NULL, note TEXT NOT NULL)")?;
        let mut insert = transaction.prepare("INSERT INTO entry VALUES (?1, 0, ?2)")?;
        for id in 0..self.spec.rows {
            if id % ROWS_AT_ONCE == 0 && cancelled() {
                return Ok(false);
            }
            insert.execute((id, format!("the entry that has the number {id:010}")))?;
        }
        drop(insert);
        transaction.commit()?;
        Ok(true)
    }

    /// Reads or writes so many rows, drawn at random, in one transaction.
    ///
    /// # Errors
    /// When the file stays locked for too long, the run stops, or SQLite cannot do it.
    pub(super) fn run(&self, op: DbOp, rows: u32, rng: &mut Pcg64Mcg, stop: &Stop) -> Result<(), DbError> {
        let wait = Wait {
            stop,
            limit: self.spec.timeout,
        };
        let connection = self.connect(&wait)?;
        let done = self.transaction(&connection, op, rows, rng, &wait);
        // What failed is not half done. There may be nothing to take back, which is an error that means nothing.
        if done.is_err() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        self.connections().idle.push(connection);
        self.freed.notify_one();
        done
    }

    fn transaction(
        &self,
        connection: &Connection,
        op: DbOp,
        rows: u32,
        rng: &mut Pcg64Mcg,
        wait: &Wait<'_>,
    ) -> Result<(), DbError> {
        let (begin, each) = match op {
            DbOp::Read => ("BEGIN", "SELECT value FROM entry WHERE id = ?1"),
            // At once, for two that have begun to read cannot both go on to write.
            DbOp::Write => (
                "BEGIN IMMEDIATE",
                "UPDATE entry SET value = value + 1 WHERE id = ?1 RETURNING value",
            ),
        };
        wait.through(|| connection.execute_batch(begin))?;
        let mut each = connection.prepare_cached(each)?;
        for _ in 0..rows {
            wait.stop.check()?;
            let id = rng.random_range(0..self.spec.rows.max(1));
            let value = wait.through(|| each.query_row([id], |row| row.get::<_, i64>(0)).optional())?;
            std::hint::black_box(value);
        }
        drop(each);
        wait.through(|| connection.execute_batch("COMMIT"))
    }

    /// A connection of one's own.
    fn connect(&self, wait: &Wait<'_>) -> Result<Connection, DbError> {
        let since = Instant::now();
        let mut connections = self.connections();
        loop {
            wait.stop.check()?;
            if let Some(connection) = connections.idle.pop() {
                return Ok(connection);
            }
            if connections.open < CONNECTIONS {
                connections.open += 1;
                break;
            }
            let left = wait.left(since).ok_or(DbError::NoConnection(wait.limit))?;
            let waited = self.freed.wait_timeout(connections, left.min(PATIENCE));
            connections = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(connections);
        let opened = Connection::open(&self.path).and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            Ok(connection)
        });
        if opened.is_err() {
            self.connections().open -= 1;
        }
        Ok(opened?)
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        // A list and its length are whole whenever the lock is free.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an operation waits for others, each time that it has to. What it does in between takes as long as it takes.
struct Wait<'a> {
    stop: &'a Stop,
    limit: Duration,
}

impl Wait<'_> {
    /// How much longer it waits that has waited since then; `None`: no longer.
    fn left(&self, since: Instant) -> Option<Duration> {
        let left = self.limit.saturating_sub(since.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Tries until the file's lock can be had.
    fn through<R>(&self, mut attempt: impl FnMut() -> rusqlite::Result<R>) -> Result<R, DbError> {
        let since = Instant::now();
        loop {
            match attempt() {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    self.stop.check()?;
                    // SQLite has waited before it said so, unless it saw that this would not help.
                    let left = self.left(since).ok_or(DbError::Locked(self.limit))?;
                    thread::sleep(left.min(Duration::from_millis(1)));
                }
                done => return Ok(done?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::draw::Seed;

    fn database(folder: &Path, wal: bool) -> Database {
        let spec = DbSpec {
            rows: 10,
            timeout: Duration::from_millis(50),
            wal,
        };
        let database = Database::new(folder, spec);
        assert!(database.fill(&|| false).unwrap());
        database
    }

    fn sum(database: &Database) -> i64 {
        let connection = Connection::open(&database.path).unwrap();
        let sum = connection.query_row("SELECT sum(value) FROM entry", [], |row| row.get(0));
        sum.unwrap()
    }

    #[test]
    fn whatever_many_threads_write_is_all_there() {
        for wal in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut database = database(folder.path(), wal);
            database.spec.timeout = Duration::from_secs(60);
            let stop = Stop::new();
            thread::scope(|scope| {
                for n in 0..CONNECTIONS as u64 + 4 {
                    let (database, stop) = (&database, &stop);
                    scope.spawn(move || {
                        let mut rng = Seed::drawn(n).turn(0);
                        database.run(DbOp::Write, 3, &mut rng, stop).unwrap();
                        database.run(DbOp::Read, 5, &mut rng, stop).unwrap();
                    });
                }
            });
            assert_eq!(sum(&database), 3 * (CONNECTIONS as i64 + 4));
            assert!(database.connections().open <= CONNECTIONS);
        }
    }

    #[test]
    fn who_waits_too_long_gives_up_and_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path(), false);
        let other = Connection::open(&database.path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut rng = Seed::drawn(1).turn(0);
        let stop = Stop::new();
        let mut write = |stop: &Stop| database.run(DbOp::Write, 3, &mut rng, stop);
        let busy = write(&stop).unwrap_err();
        assert_eq!(busy.to_string(), "others have kept it locked for 50ms");
        stop.request();
        assert!(matches!(write(&stop), Err(DbError::Stopped)));
        other.execute_batch("ROLLBACK").unwrap();
        write(&Stop::new()).unwrap();
        assert_eq!(sum(&database), 3);
    }

    #[test]
    fn what_it_does_between_two_waits_takes_as_long_as_it_takes() {
        let stop = Stop::new();
        let limit = Duration::from_millis(100);
        let wait = Wait { stop: &stop, limit };
        let slow = || {
            let since = Instant::now();
            while since.elapsed() <= limit {
                std::hint::spin_loop();
            }
            Ok(())
        };
        wait.through(slow).unwrap();
        let mut busy = Some(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY));
        let once = || {
            busy.take()
                .map_or(Ok(()), |busy| Err(rusqlite::Error::SqliteFailure(busy, None)))
        };
        wait.through(once).unwrap();
    }

    #[test]
    fn a_database_that_nobody_wants_any_more_is_not_filled() {
        let folder = tempfile::tempdir().unwrap();
        let spec = DbSpec {
            rows: 1_000_000,
            timeout: Duration::ZERO,
            wal: false,
        };
        let database = Database::new(folder.path(), spec);
        assert!(!database.fill(&|| true).unwrap());
    }
}
