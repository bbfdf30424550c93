//! How many tasks or messages came to a resource and left it, in buckets of [`SERIES_BUCKET`].

use crate::model::series::{MAX_BUCKETS, SERIES_BUCKET};
use crate::record::{Nanos, RunInstant};
use std::collections::VecDeque;

/// The minimum number of buckets that a rate or a trend covers.
const MIN_BUCKETS: u64 = 4;

/// What came to a resource and left it during a span, per second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Traffic {
    /// The requests for a lock or a permit, the sent messages, the notifications that were sent, or
    /// the arrivals at a barrier.
    pub entered_per_s: f64,
    /// The requests that were granted or given up, the received messages, the notifications that
    /// were received, or the tasks that passed the barrier.
    pub left_per_s: f64,
    /// The items that receivers have missed.
    pub missed_per_s: f64,
    /// How the number of waiting tasks has changed.
    pub waiting: Trend,
    /// For a channel or for kept results: how the number of messages or results has changed.
    pub items: Trend,
}

/// How a number has changed over a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trend {
    /// In the last third of the span, the number was always greater than in the first third.
    Growing,
    /// In the last third of the span, the number was always smaller than in the first third.
    Shrinking,
    /// Neither.
    Steady,
}

/// What happened during one bucket. Each field is a sum, because the records arrive in any order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    pub(super) entered: u32,
    pub(super) left: u32,
    pub(super) missed: u32,
    /// The number of waits that began minus the number of waits that ended.
    pub(super) waiting: i32,
    /// The number of records.
    records: u32,
}

/// The last ten minutes of the traffic of one resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    /// The number of the first bucket.
    first: u64,
    buckets: VecDeque<Bucket>,
}

impl Buckets {
    /// Counts a record of the instant `at`. A record that is older than all buckets is not counted.
    pub(super) fn record(&mut self, at: RunInstant, change: impl FnOnce(&mut Bucket)) {
        let number = number(at);
        if self.buckets.is_empty() {
            self.first = number;
        }
        while number < self.first && self.buckets.len() < MAX_BUCKETS {
            self.buckets.push_front(Bucket::default());
            self.first -= 1;
        }
        let Some(mut index) = number.checked_sub(self.first) else {
            return;
        };
        if index >= 2 * MAX_BUCKETS as u64 {
            self.buckets.clear();
            (self.first, index) = (number, 0);
        }
        while self.buckets.len() as u64 <= index {
            self.buckets.push_back(Bucket::default());
        }
        let bucket = &mut self.buckets[index as usize];
        change(bucket);
        bucket.records = bucket.records.saturating_add(1);
        while self.buckets.len() > MAX_BUCKETS {
            self.buckets.pop_front();
            self.first += 1;
        }
    }

    /// Whether there is a record of the span, or of the rest of its first or last bucket.
    pub(super) fn has_records(&self, from: RunInstant, to: RunInstant) -> bool {
        self.range(number(from), number(to) + 1)
            .any(|bucket| bucket.records > 0)
    }

    /// The traffic of the complete buckets of a span. If these are few buckets, earlier buckets are
    /// added. `waiting` is the number of tasks that wait now, and `items` is the number of messages
    /// or results now.
    pub(super) fn traffic(&self, from: RunInstant, to: RunInstant, waiting: i64, items: Option<i64>) -> Traffic {
        let end = number(to);
        let first = number(from).min(end.saturating_sub(MIN_BUCKETS));
        let seconds = ((end - first).max(1) * SERIES_BUCKET.0) as f64 / Nanos::from_millis(1_000).0 as f64;
        let per_s = |count: fn(&Bucket) -> u32| {
            let sum: u64 = self.range(first, end).map(|bucket| u64::from(count(bucket))).sum();
            sum as f64 / seconds
        };
        Traffic {
            entered_per_s: per_s(|bucket| bucket.entered),
            left_per_s: per_s(|bucket| bucket.left),
            missed_per_s: per_s(|bucket| bucket.missed),
            waiting: self.trend((first, end), waiting, |bucket| i64::from(bucket.waiting)),
            items: items.map_or(Trend::Steady, |items| {
                self.trend((first, end), items, |bucket| {
                    i64::from(bucket.entered) - i64::from(bucket.left)
                })
            }),
        }
    }

    /// The trend of a number at the ends of the buckets `first..end`. `now` is the number now, and
    /// `change` is its change during a bucket. The number of tasks that wait for a lock goes up and
    /// down all the time, so a difference between two instants says little.
    fn trend(&self, (first, end): (u64, u64), now: i64, change: fn(&Bucket) -> i64) -> Trend {
        let later: i64 = self.range(end, u64::MAX).map(change).sum();
        let mut numbers = vec![now - later];
        for number in (first + 1..end).rev() {
            let in_bucket: i64 = self.range(number, number + 1).map(change).sum();
            numbers.push(numbers[numbers.len() - 1] - in_bucket);
        }
        let third = numbers.len() / 3;
        let range = |numbers: &[i64]| Some((*numbers.iter().min()?, *numbers.iter().max()?));
        match (range(&numbers[numbers.len() - third..]), range(&numbers[..third])) {
            (Some((_, highest)), Some((lowest, _))) if lowest > highest => Trend::Growing,
            (Some((lowest, _)), Some((_, highest))) if highest < lowest => Trend::Shrinking,
            _ => Trend::Steady,
        }
    }

    /// The buckets with the numbers from `from` to `to - 1`.
    fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &Bucket> {
        let index = |number: u64| number.saturating_sub(self.first).min(self.buckets.len() as u64) as usize;
        self.buckets.range(index(from)..index(to).max(index(from)))
    }
}

fn number(at: RunInstant) -> u64 {
    at.0 / SERIES_BUCKET.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> RunInstant = RunInstant::from_millis;

    /// Each tuple: the instant of a record in milliseconds, and the change of the number of waits.
    fn buckets(waits: impl IntoIterator<Item = (u64, i32)>) -> Buckets {
        let mut buckets = Buckets::default();
        for (at, by) in waits {
            buckets.record(MS(at), |bucket| {
                bucket.waiting += by;
                bucket.entered += u32::from(by > 0);
                bucket.left += u32::from(by < 0);
            });
        }
        buckets
    }

    #[test]
    fn rates_cover_the_complete_buckets_of_the_span() {
        // Twenty waits begin in each second, and ten waits end.
        let begins = (0..200).map(|number| (number * 50 + 10, 1));
        let ends = (0..100).map(|number| (number * 100 + 20, -1));
        let traffic = buckets(begins.chain(ends)).traffic(MS(4_100), MS(8_100), 100, None);
        assert_eq!((traffic.entered_per_s, traffic.left_per_s), (20.0, 10.0));
        assert_eq!(traffic.waiting, Trend::Growing);
    }

    #[test]
    fn a_queue_to_which_more_is_sent_than_received_is_growing() {
        let sent = (0..200).map(|number| (number * 50 + 10, 1));
        let received = (0..100).map(|number| (number * 100 + 20, -1));
        let items = |buckets: Buckets| buckets.traffic(MS(4_100), MS(8_100), 0, Some(100)).items;
        assert_eq!(items(buckets(sent.clone().chain(received))), Trend::Growing);
        assert_eq!(items(buckets(sent.map(|(at, by)| (at, -by)))), Trend::Shrinking);
    }

    #[test]
    fn a_number_that_goes_up_and_down_has_no_trend() {
        let up_and_down = (0..40).flat_map(|number| [(number * 300, 5), (number * 300 + 280, -5)]);
        let buckets = buckets(up_and_down);
        assert_eq!(buckets.traffic(MS(4_000), MS(8_000), 0, None).waiting, Trend::Steady);
        assert!(buckets.has_records(MS(4_000), MS(4_001)));
        assert!(!buckets.has_records(MS(13_000), MS(14_000)));
    }

    #[test]
    fn the_trend_of_the_past_does_not_depend_on_what_came_later() {
        let grows_then_shrinks = (0..20)
            .map(|n| (n * 100, 1))
            .chain((0..20).map(|n| (4_000 + n * 100, -1)));
        let buckets = buckets(grows_then_shrinks);
        assert_eq!(buckets.traffic(MS(0), MS(2_000), 0, None).waiting, Trend::Growing);
        assert_eq!(buckets.traffic(MS(2_000), MS(4_000), 0, None).waiting, Trend::Steady);
        assert_eq!(buckets.traffic(MS(4_000), MS(6_000), 0, None).waiting, Trend::Shrinking);
    }

    #[test]
    fn buckets_are_kept_for_ten_minutes_in_any_order_of_arrival() {
        let buckets = buckets([(900_000, 1), (300_000, 1), (299_000, 1), (901_000, 1)]);
        assert!(!buckets.has_records(MS(299_000), MS(299_100)));
        assert!(buckets.has_records(MS(900_000), MS(900_100)));
        assert!(buckets.buckets.len() <= MAX_BUCKETS);
    }
}
