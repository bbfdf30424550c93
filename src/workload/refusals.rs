//! Threads that the machine did not grant. Where one is refused, thousands may be: the log hears of the first, the tenth, the
//! hundredth, and so on.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many threads have been refused in this run.
#[derive(Debug, Default)]
pub(super) struct Refusals(AtomicU64);

impl Refusals {
    /// This task got no thread.
    pub(super) fn tell(&self, task: &str, error: &io::Error) {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        if is_worth_a_line(count) {
            tracing::error!("{}", sentence(task, count, error));
        }
    }
}

fn is_worth_a_line(count: u64) -> bool {
    count == 10_u64.pow(count.ilog10())
}

fn sentence(task: &str, count: u64, error: &io::Error) -> String {
    match count {
        1 => format!("{task} failed, because the machine grants it no thread: {error}"),
        n => format!(
            "{task} failed, and {} others before it, without a thread: {error}",
            n - 1
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thousands_four_are_told() {
        let told: Vec<_> = (1..=9_999).filter(|&count| is_worth_a_line(count)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
        let error = io::Error::from(io::ErrorKind::WouldBlock);
        assert!(sentence("api#7", 1, &error).starts_with("api#7 failed, because"));
        assert!(sentence("api#7", 100, &error).contains("99 others"));
    }
}
