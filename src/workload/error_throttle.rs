//! What the machine does not grant, or a ceiling forbids, in the log. Where one task is in such trouble, thousands may be: of each
//! kind and group the log hears of the first, the tenth, the hundredth time, and so on; as errors, for no scenario asks for them.

use crate::probe::TaskHandle;
use crate::record::GroupId;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What a task can lack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ErrorKind {
    /// The machine grants no thread.
    Thread,
    /// The loopback service gives no reply: a port, a descriptor or the connection is missing.
    Http,
    /// A file cannot be read or written: the disk is full, or a descriptor is missing.
    File,
    /// The database does not do it: others keep it locked, or the disk is full.
    Database,
    /// The run has made as many tasks as it may.
    Tasks,
}

/// How often each group has been in each trouble in this run.
#[derive(Debug, Default)]
pub(super) struct ErrorThrottle(Mutex<HashMap<(GroupId, ErrorKind), u64>>);

impl ErrorThrottle {
    /// This task is in trouble; `what` says how. Who it is says the log, if the task says so itself.
    pub(super) fn tell(&self, task: &TaskHandle, trouble: ErrorKind, what: impl fmt::Display) {
        let count = self.count((task.group(), trouble));
        if is_worth_a_line(count) {
            tracing::error!("{}", sentence(count, what));
        }
    }

    fn count(&self, of: (GroupId, ErrorKind)) -> u64 {
        // Numbers are whole whenever the lock is free.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(of).or_default();
        *count += 1;
        *count
    }
}

fn is_worth_a_line(count: u64) -> bool {
    count == 10_u64.pow(count.ilog10())
}

fn sentence(count: u64, what: impl fmt::Display) -> String {
    match count {
        1 => what.to_string(),
        n => format!("{what} ({n} times so far in its group)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thousands_four_are_told() {
        let told: Vec<_> = (1..=9_999).filter(|&count| is_worth_a_line(count)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
        let what = "cannot write a file";
        assert_eq!(sentence(1, what), what);
        let hundredth = "cannot write a file (100 times so far in its group)";
        assert_eq!(sentence(100, what), hundredth);
    }

    #[test]
    fn each_group_and_each_trouble_is_counted_by_itself() {
        let troubles = ErrorThrottle::default();
        for (of, count) in [
            ((GroupId(0), ErrorKind::File), 1),
            ((GroupId(0), ErrorKind::File), 2),
            ((GroupId(0), ErrorKind::Database), 1),
            ((GroupId(1), ErrorKind::File), 1),
        ] {
            assert_eq!(troubles.count(of), count, "{of:?}");
        }
    }
}
