//! Limits how many log messages a worker can add to the event log of a run.

use std::time::{Duration, Instant};

/// The period for which messages are counted.
const PERIOD: Duration = Duration::from_secs(1);
/// The maximum number of messages that are kept in one period. This is far more than anyone can
/// read.
const MOST: u64 = 1000;

/// The messages of one worker in the current period.
#[derive(Default)]
pub(super) struct LogQuota {
    began: Option<Instant>,
    messages: u64,
}

/// What happens to a message.
pub(super) struct Allowed {
    /// Whether the message is kept.
    pub(super) keep: bool,
    /// How many messages of the last period were left out. `None` if no message was left out, or if
    /// this number was already returned.
    pub(super) left_out: Option<u64>,
}

impl LogQuota {
    /// Counts a message.
    pub(super) fn take(&mut self) -> Allowed {
        self.take_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant) -> Allowed {
        let mut left_out = None;
        if self.began.is_none_or(|began| now.duration_since(began) >= PERIOD) {
            left_out = self.messages.checked_sub(MOST).filter(|left_out| *left_out > 0);
            (self.began, self.messages) = (Some(now), 0);
        }
        self.messages += 1;
        Allowed {
            keep: self.messages <= MOST,
            left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_beyond_the_quota_are_counted_in_the_next_period() {
        let mut quota = LogQuota::default();
        let start = Instant::now();
        let kept = (0..MOST + 7).filter(|_| quota.take_at(start).keep).count() as u64;
        assert_eq!(kept, MOST);
        let next = quota.take_at(start + PERIOD);
        assert_eq!((next.keep, next.left_out), (true, Some(7)));
        let later = quota.take_at(start + 2 * PERIOD);
        assert_eq!((later.keep, later.left_out), (true, None));
    }
}
