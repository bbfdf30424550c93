//! `file`: reads or writes a file in the scratch folder.

use super::{Service, StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Size, Table, table};
use crate::scenario::types::How;
use serde::{Deserialize, Serialize};

/// Reads or writes a real file in the scratch folder.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct File {
    /// Whether the step reads or writes.
    pub op: FileOp,
    /// The size of the file, in bytes.
    pub size: u64,
    /// How an async task does the operation. On thread executors every operation is `Sync`.
    pub how: How,
}

/// What a file step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOp {
    /// Read a whole file.
    Read,
    /// Write a whole file and make it durable.
    Write,
}

table! {
    /// A file operation. Write `read` or `write`.
    #[schemars(rename = "File")]
    FileSyntax, "`file`" {
        /// Read a whole file of this size, up to 1GiB.
        read: Option<At<Size>>,
        /// Write a whole file of this size, up to 1GiB, and make it durable.
        write: Option<At<Size>>,
        /// How a task does the operation on an async executor. On other executors the operation is
        /// always synchronous. Default: `async`.
        how: Option<At<How>>,
    }
}

impl StepContents for File {
    fn service(&self) -> Option<Service> {
        Some(match self.op {
            FileOp::Read => Service::FileToRead(self.size),
            FileOp::Write => Service::FileToWrite(self.size),
        })
    }
}

impl StepDefinition for File {
    type Syntax = FileSyntax;
    const DESCRIPTION: &'static str = "Read or write a real file in the scratch folder.";

    fn check(file: &FileSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<File> {
        let (op, size) = match (&file.read, &file.write) {
            (Some(read), None) => (FileOp::Read, read.value.0),
            (None, Some(write)) => (FileOp::Write, write.value.0),
            (Some(read), Some(write)) => {
                let diagnostic = Diagnostic::new(write.place.clone(), "one `file` step has both `read` and `write`");
                let diagnostic = diagnostic.related(&read.place, "`read` is here");
                return checker.reject(diagnostic.help("write two steps, one after the other"));
            }
            // The reader has reported a `read` or `write` that it could not understand.
            (None, None) if file.has("read") || file.has("write") => return None,
            (None, None) => {
                let diagnostic = Diagnostic::new(context.place.clone(), "`file` has no `read` and no `write`");
                return checker.reject(diagnostic.help("write { file = { read = \"64KiB\" } }"));
            }
        };
        checker.can_offload(file.how.as_ref(), context)?;
        let how = file.how.as_ref().map_or(How::Async, |how| how.value);
        Some(File { op, size, how })
    }
}
