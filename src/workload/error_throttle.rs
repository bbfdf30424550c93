//! Log messages about errors that can occur in many tasks at once. Such an error occurs if the
//! machine refuses something, or if a limit is reached.
//!
//! If such an error occurs in one task, it may also occur in thousands of other tasks. So the log
//! gets only the 1st, 10th, 100th, … error of each kind in each group. These messages have the
//! level `error` and not `warn`, because no scenario causes these errors on purpose.

use crate::probe::TaskHandle;
use crate::record::GroupId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;

/// The resource that a task needed and did not get.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ErrorKind {
    /// A thread: the machine refused to create a thread.
    Thread,
    /// A reply of the loopback service: no port or descriptor was left, or the connection broke.
    Http,
    /// A file: for example, the disk is full or no descriptor is left.
    File,
    /// A database operation: other tasks keep the database locked, or the disk is full.
    Database,
    /// A child task: the run has reached its maximum number of spawned tasks.
    SpawnLimit,
    /// Memory for an item: the items of the run have reached their memory limit.
    Memory,
}

/// The number of errors in this run, for each group and each kind of error.
#[derive(Debug, Default)]
pub(super) struct ErrorThrottle(Mutex<HashMap<(GroupId, ErrorKind), u64>>);

impl ErrorThrottle {
    /// Counts an error of this task. Logs `message` if the error is the 1st, 10th, 100th, … error
    /// of its kind in the task's group. If the task itself calls this method, the log adds the
    /// task's name.
    pub(super) fn report(&self, task: &TaskHandle, kind: ErrorKind, message: impl fmt::Display) {
        let count = self.count(task.group(), kind);
        if is_logged(count) {
            tracing::error!("{}", with_count(message, count));
        }
    }

    fn count(&self, group: GroupId, kind: ErrorKind) -> u64 {
        let mut counts = self.0.lock();
        let count = counts.entry((group, kind)).or_default();
        *count += 1;
        *count
    }
}

/// Whether the error with the number `count` is logged. Errors are numbered from 1. An error is
/// logged if its number is a power of ten.
fn is_logged(count: u64) -> bool {
    count == 10_u64.pow(count.ilog10())
}

fn with_count(message: impl fmt::Display, count: u64) -> String {
    match count {
        1 => message.to_string(),
        n => format!("{message} ({n} times so far in its group)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_ten_thousand_errors_are_logged() {
        let logged: Vec<_> = (1..=9_999).filter(|&count| is_logged(count)).collect();
        assert_eq!(logged, [1, 10, 100, 1000]);
        let message = "cannot write a file";
        assert_eq!(with_count(message, 1), message);
        let hundredth = "cannot write a file (100 times so far in its group)";
        assert_eq!(with_count(message, 100), hundredth);
    }

    #[test]
    fn each_group_and_each_kind_has_its_own_count() {
        let throttle = ErrorThrottle::default();
        for (group, kind, count) in [
            (0, ErrorKind::File, 1),
            (0, ErrorKind::File, 2),
            (0, ErrorKind::Database, 1),
            (1, ErrorKind::File, 1),
        ] {
            assert_eq!(throttle.count(GroupId(group), kind), count, "{group} {kind:?}");
        }
    }
}
