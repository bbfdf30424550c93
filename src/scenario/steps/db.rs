//! `db`: reads or writes rows of the database.

use super::{Service, StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Table, table};
use crate::scenario::types::How;
use serde::{Deserialize, Serialize};

/// Reads or writes rows of the database.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Db {
    /// Which of the two.
    pub op: DbOp,
    /// How many rows, in one transaction.
    pub rows: u32,
    /// How an async task does it: never as `Async`. On thread executors always as `Sync`.
    pub how: How,
}

/// What a database step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DbOp {
    /// Select rows at random.
    Read,
    /// Update rows at random, in one transaction.
    Write,
}

table! {
    /// A database operation, one transaction. Give `read` or `write`.
    #[schemars(rename = "DbStep")]
    DbSyntax, "`db`" {
        /// Select so many rows at random, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        read: Option<At<u64>>,
        /// Update so many rows at random, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        write: Option<At<u64>>,
        /// On an async executor, `sync`: on the worker, the mistake; or `offload`: on a blocking
        /// thread. Threads are always synchronous. Default: `offload`.
        how: Option<At<How>>,
    }
}

impl StepContents for Db {
    fn service(&self) -> Option<Service> {
        Some(Service::Database)
    }
}

impl StepDefinition for Db {
    type Syntax = DbSyntax;
    const DESCRIPTION: &'static str = "Read or write rows of the database.";

    fn check(db: &DbSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Db> {
        let (op, key, rows) = match (&db.read, &db.write) {
            (Some(read), None) => (DbOp::Read, "read", read),
            (None, Some(write)) => (DbOp::Write, "write", write),
            (Some(read), Some(write)) => {
                let diagnostic = Diagnostic::new(write.place.clone(), "`read` and `write` in one `db` step");
                let diagnostic = diagnostic.related(&read.place, "the other");
                return checker.reject(diagnostic.help("write two steps, one after the other"));
            }
            // The reader has reported a `read` or `write` that it could not understand.
            (None, None) if db.has("read") || db.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(context.place.clone(), "`db` neither reads nor writes");
                return checker.reject(diagnostic.help("write { db = { read = 10 } }"));
            }
        };
        let rows = checker.number(key, rows, limits::STEP_ROWS, "there is nothing to do");
        let how = check_how(db, context, checker);
        Some(Db {
            op,
            rows: rows?,
            how: how?,
        })
    }
}

fn check_how(db: &DbSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<How> {
    checker.can_offload(db.how.as_ref(), context)?;
    match &db.how {
        Some(At {
            value: How::Async,
            place,
        }) => {
            let diagnostic = Diagnostic::new(place.clone(), "`db` is never `async`: SQLite blocks its thread");
            checker.reject(diagnostic.help("it is `sync`, on the worker, or `offload`, on a blocking thread"))
        }
        Some(how) => Some(how.value),
        None if context.list.synchronous.is_some() => Some(How::Sync),
        None => Some(How::Offload),
    }
}
