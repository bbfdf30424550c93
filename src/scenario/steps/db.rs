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
    /// Whether the step reads or writes.
    pub op: DbOp,
    /// The number of rows, in one transaction.
    pub rows: u32,
    /// How an async task does the operation. Never `Async`. On thread executors every operation is
    /// `Sync`.
    pub how: How,
}

/// What a database step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DbOp {
    /// Select random rows.
    Read,
    /// Update random rows, in one transaction.
    Write,
}

table! {
    /// A database operation, in one transaction. Write `read` or `write`.
    #[schemars(rename = "DbStep")]
    DbSyntax, "`db`" {
        /// Select this number of random rows, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        read: Option<At<u64>>,
        /// Update this number of random rows, 1–10000.
        #[schemars(range(min = 1, max = limits::STEP_ROWS))]
        write: Option<At<u64>>,
        /// How a task does the operation on an async executor. `sync`: on the worker, which is the
        /// mistake. `offload`: on a blocking thread. On other executors the operation is always
        /// synchronous. Default: `offload`.
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
                let diagnostic = Diagnostic::new(write.place.clone(), "one `db` step has both `read` and `write`");
                let diagnostic = diagnostic.related(&read.place, "`read` is here");
                return checker.reject(diagnostic.help("write two steps, one after the other"));
            }
            // The reader has reported a `read` or `write` that it could not understand.
            (None, None) if db.has("read") || db.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(context.place.clone(), "`db` has no `read` and no `write`");
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
            let diagnostic = Diagnostic::new(
                place.clone(),
                "`db` cannot be `async`, because SQLite blocks its thread",
            );
            checker.reject(diagnostic.help("write `sync` to block the worker, or `offload` to use a blocking thread"))
        }
        Some(how) => Some(how.value),
        None if context.list.synchronous.is_some() => Some(How::Sync),
        None => Some(How::Offload),
    }
}
