//! The database: one SQLite file in the scratch folder. All tasks read and write the same table in
//! this file.
//!
//! Everything about the database is real: each step is a transaction, writers wait for the lock of
//! the file, and the data is on the disk. If a step waits for the lock longer than `[db] timeout`,
//! the repetition with this step fails. SQLite waits in a loop: it sleeps and then tries again.
//! tasklab limits each wait of SQLite to a short time and then retries. So tasklab notices the end
//! of the run.

use super::services_error::{Cancelled, ServicesError};
use super::stop::{Stop, Stopped};
use crate::scenario::steps::{DbOp, Service};
use crate::scenario::{DbSpec, Scenario, show_duration};
use parking_lot::{Condvar, Mutex};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The maximum number of connections that are open at the same time. Each connection has up to
/// three descriptors. If no connection is free, a task waits for a free connection.
const MAX_CONNECTIONS: usize = 16;
/// A task may wait for the lock of the file or for a connection. During the wait, the task checks
/// at this interval whether its timeout has passed or the run has ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// The number of rows that are inserted between two checks whether the start has been cancelled.
const ROWS_PER_CHECK: u32 = 4096;

/// A scenario's database. The file exists only if a step uses the database.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    spec: DbSpec,
    connections: Mutex<Connections>,
    /// Notified when a connection becomes idle.
    idle_again: Condvar,
}

#[derive(Debug, Default)]
struct Connections {
    idle: Vec<Connection>,
    /// The number of open connections, including idle connections.
    open: usize,
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum DbError {
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// Other transactions kept the file locked during this whole time.
    #[error("other transactions kept it locked for {}", show_duration(*.0))]
    Locked(Duration),
    /// Other tasks used all connections during this whole time.
    #[error("other tasks used all {MAX_CONNECTIONS} connections for {}", show_duration(*.0))]
    NoConnection(Duration),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Database {
    /// A database in this folder. This function does not create the file.
    pub(super) fn new(folder: &Path, spec: DbSpec) -> Database {
        Database {
            path: folder.join("db.sqlite"),
            spec,
            connections: Mutex::default(),
            idle_again: Condvar::new(),
        }
    }

    /// A database in this folder. Creates the file and its rows if a step of the scenario uses the
    /// database. Calls `cancelled` after every few thousand rows.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created, or if `cancelled` returns true.
    pub(super) fn create(
        scenario: &Scenario,
        folder: &Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Database, ServicesError> {
        let database = Database::new(folder, scenario.db);
        let mut is_used = false;
        for step in scenario.tasks.iter().flat_map(|task| &task.steps) {
            step.visit(&mut |step| is_used |= step.service() == Some(Service::Database));
        }
        if is_used {
            let is_complete = database.populate(cancelled).map_err(|error| ServicesError::Scratch {
                folder: folder.to_owned(),
                source: io::Error::other(error),
            })?;
            if !is_complete {
                return Err(Cancelled.into());
            }
        }
        Ok(database)
    }

    /// Creates the table with its rows. Returns false if `cancelled` returned true before the table
    /// was complete.
    fn populate(&self, cancelled: &dyn Fn() -> bool) -> rusqlite::Result<bool> {
        let mut connection = Connection::open(&self.path)?;
        let journal = if self.spec.wal { "wal" } else { "delete" };
        connection.pragma_update(None, "journal_mode", journal)?;
        let transaction = connection.transaction()?;
        transaction
            .execute_batch("CREATE TABLE entry (id INTEGER PRIMARY KEY, value INTEGER NOT NULL, note TEXT NOT NULL)")?;
        let mut insert = transaction.prepare("INSERT INTO entry VALUES (?1, 0, ?2)")?;
        for id in 0..self.spec.rows {
            if id % ROWS_PER_CHECK == 0 && cancelled() {
                return Ok(false);
            }
            insert.execute((id, format!("the entry that has the number {id:010}")))?;
        }
        drop(insert);
        transaction.commit()?;
        Ok(true)
    }

    /// Reads or writes `rows` random rows in one transaction. Blocks the calling thread.
    ///
    /// # Errors
    /// Returns an error if the file stays locked for too long, if all connections stay in use for
    /// too long, if the run stops, or if SQLite fails.
    pub(super) fn run(&self, op: DbOp, rows: u32, rng: &mut Pcg64Mcg, stop: &Stop) -> Result<(), DbError> {
        let patience = Patience {
            stop,
            timeout: self.spec.timeout,
        };
        let connection = self.connect(&patience)?;
        let result = self.transaction(&connection, op, rows, rng, &patience);
        if result.is_err() {
            // Undoes the completed part of the transaction. If the transaction has not begun, this
            // call fails, and the failure does no harm.
            let _ = connection.execute_batch("ROLLBACK");
        }
        self.connections.lock().idle.push(connection);
        self.idle_again.notify_one();
        result
    }

    fn transaction(
        &self,
        connection: &Connection,
        op: DbOp,
        rows: u32,
        rng: &mut Pcg64Mcg,
        patience: &Patience<'_>,
    ) -> Result<(), DbError> {
        let (begin, statement) = match op {
            DbOp::Read => ("BEGIN", "SELECT value FROM entry WHERE id = ?1"),
            // IMMEDIATE takes the write lock at the start. Without IMMEDIATE, two transactions
            // could both begin with a read, and then neither could continue with a write.
            DbOp::Write => (
                "BEGIN IMMEDIATE",
                "UPDATE entry SET value = value + 1 WHERE id = ?1 RETURNING value",
            ),
        };
        patience.retry_while_locked(|| connection.execute_batch(begin))?;
        let mut statement = connection.prepare_cached(statement)?;
        for _ in 0..rows {
            patience.stop.check()?;
            let id = rng.random_range(0..self.spec.rows.max(1));
            let value =
                patience.retry_while_locked(|| statement.query_row([id], |row| row.get::<_, i64>(0)).optional())?;
            std::hint::black_box(value);
        }
        drop(statement);
        patience.retry_while_locked(|| connection.execute_batch("COMMIT"))
    }

    /// Takes an idle connection, opens a new connection, or waits until a connection becomes idle.
    fn connect(&self, patience: &Patience<'_>) -> Result<Connection, DbError> {
        let start = Instant::now();
        let mut connections = self.connections.lock();
        loop {
            patience.stop.check()?;
            if let Some(connection) = connections.idle.pop() {
                return Ok(connection);
            }
            if connections.open < MAX_CONNECTIONS {
                connections.open += 1;
                break;
            }
            let left = patience.left(start).ok_or(DbError::NoConnection(patience.timeout))?;
            self.idle_again.wait_for(&mut connections, left.min(CHECK_INTERVAL));
        }
        drop(connections);
        let opened = Connection::open(&self.path).and_then(|connection| {
            connection.busy_timeout(CHECK_INTERVAL)?;
            Ok(connection)
        });
        if opened.is_err() {
            self.connections.lock().open -= 1;
        }
        Ok(opened?)
    }
}

/// Limits how long an operation waits for other tasks. The limit applies to each wait, but not to
/// the operation's own work between two waits.
struct Patience<'a> {
    stop: &'a Stop,
    timeout: Duration,
}

impl Patience<'_> {
    /// The time that remains for a wait that began at `start`. `None` if the timeout has passed.
    fn left(&self, start: Instant) -> Option<Duration> {
        let left = self.timeout.saturating_sub(start.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Calls `attempt` again each time `attempt` fails because the file is locked.
    fn retry_while_locked<R>(&self, mut attempt: impl FnMut() -> rusqlite::Result<R>) -> Result<R, DbError> {
        let start = Instant::now();
        loop {
            match attempt() {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    self.stop.check()?;
                    let left = self.left(start).ok_or(DbError::Locked(self.timeout))?;
                    // SQLite usually waits before it returns this error. But SQLite does not wait
                    // if it detects that a wait would not help.
                    thread::sleep(left.min(Duration::from_millis(1)));
                }
                result => return Ok(result?),
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
        assert!(database.populate(&|| false).unwrap());
        database
    }

    fn sum(database: &Database) -> i64 {
        let connection = Connection::open(&database.path).unwrap();
        let sum = connection.query_row("SELECT sum(value) FROM entry", [], |row| row.get(0));
        sum.unwrap()
    }

    #[test]
    fn no_write_is_lost_if_many_threads_write() {
        for wal in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut database = database(folder.path(), wal);
            database.spec.timeout = Duration::from_secs(60);
            let stop = Stop::default();
            thread::scope(|scope| {
                for n in 0..MAX_CONNECTIONS as u64 + 4 {
                    let (database, stop) = (&database, &stop);
                    scope.spawn(move || {
                        let mut rng = Seed::from_draw(n).generator(0);
                        database.run(DbOp::Write, 3, &mut rng, stop).unwrap();
                        database.run(DbOp::Read, 5, &mut rng, stop).unwrap();
                    });
                }
            });
            assert_eq!(sum(&database), 3 * (MAX_CONNECTIONS as i64 + 4));
            assert!(database.connections.lock().open <= MAX_CONNECTIONS);
        }
    }

    #[test]
    fn a_write_that_waits_too_long_fails_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path(), false);
        let other = Connection::open(&database.path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut rng = Seed::from_draw(1).generator(0);
        let stop = Stop::default();
        let mut write = |stop: &Stop| database.run(DbOp::Write, 3, &mut rng, stop);
        let busy = write(&stop).unwrap_err();
        assert_eq!(busy.to_string(), "other transactions kept it locked for 50ms");
        stop.request(crate::probe::now());
        assert!(matches!(write(&stop), Err(DbError::Stopped(_))));
        other.execute_batch("ROLLBACK").unwrap();
        write(&Stop::default()).unwrap();
        assert_eq!(sum(&database), 3);
    }

    #[test]
    fn work_between_two_waits_does_not_count_against_the_timeout() {
        let stop = Stop::default();
        let timeout = Duration::from_millis(100);
        let patience = Patience { stop: &stop, timeout };
        let slow = || {
            let start = Instant::now();
            while start.elapsed() <= timeout {
                std::hint::spin_loop();
            }
            Ok(())
        };
        patience.retry_while_locked(slow).unwrap();
        let mut busy = Some(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY));
        let locked_once = || {
            busy.take()
                .map_or(Ok(()), |busy| Err(rusqlite::Error::SqliteFailure(busy, None)))
        };
        patience.retry_while_locked(locked_once).unwrap();
    }

    #[test]
    fn a_cancelled_start_leaves_the_table_incomplete() {
        let folder = tempfile::tempdir().unwrap();
        let spec = DbSpec {
            rows: 1_000_000,
            timeout: Duration::ZERO,
            wal: false,
        };
        let database = Database::new(folder.path(), spec);
        assert!(!database.populate(&|| true).unwrap());
    }
}
