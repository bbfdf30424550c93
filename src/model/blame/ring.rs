//! Holds and waits of the last minute, in buckets.

use super::divide::Divided;
use super::*;

/// The number of buckets for which one wait per victim is kept as a candidate for the worst.
const WINDOW: u64 = 50;

/// A bucket has at most this many culprits. Nobody on record is to blame for what the others did.
const MAX_KEYS: usize = 64;

/// The holds and waits in one bucket of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    /// How long each culprit held lanes.
    pub(super) held: Vec<(Key, Nanos)>,
    pub(super) waits: Vec<Waits>,
}

/// The waits of one victim in one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) victim: Key,
    /// The waits that cover a part of the bucket.
    pub(super) partly: Nanos,
    /// The number of waits that cover the whole bucket, minus this number in the bucket before.
    pub(super) more_whole: i64,
}

/// A long wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct LongWait {
    pub(super) len: Nanos,
    pub(super) from: RunInstant,
    pub(super) task: TaskId,
    pub(super) victim: Key,
}

impl LongWait {
    pub(super) fn to(&self) -> RunInstant {
        self.from + self.len
    }
}

/// The buckets kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    /// The number of the oldest bucket kept, counted from the run's start.
    first: u64,
    pub(super) buckets: VecDeque<Bucket>,
    /// For each victim, the longest wait that ended in each window of [`WINDOW`] buckets.
    pub(super) longest: BTreeMap<(u64, Key), LongWait>,
}

pub(super) fn number(at: RunInstant) -> u64 {
    at.0 / BUCKET.0
}

pub(super) fn start(number: u64) -> RunInstant {
    RunInstant::new(number * BUCKET.0)
}

impl Bucket {
    #[inline]
    fn hold(&mut self, culprit: Key, time: Nanos) {
        if let Some((_, sum)) = self.held.iter_mut().find(|(key, _)| *key == culprit) {
            *sum += time;
        } else if self.held.len() < MAX_KEYS {
            self.held.push((culprit, time));
        }
    }

    #[inline]
    fn waits(&mut self, victim: Key) -> &mut Waits {
        let index = self.waits.iter().position(|waits| waits.victim == victim);
        let index = index.unwrap_or_else(|| {
            self.waits.push(Waits {
                victim,
                partly: Nanos::ZERO,
                more_whole: 0,
            });
            self.waits.len() - 1
        });
        &mut self.waits[index]
    }
}

impl Ring {
    /// A ring without buckets. Its first bucket will be the bucket with this number.
    pub(super) fn empty_from(first: u64) -> Ring {
        Ring {
            first,
            ..Ring::default()
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn set_first(&mut self, first: u64) {
        self.first = first;
    }

    /// The bucket with this number, which must not be dropped. Adds all missing buckets.
    #[inline]
    fn bucket(&mut self, number: u64, divided: &mut Divided) -> Option<&mut Bucket> {
        if number >= self.first + self.buckets.len() as u64 {
            self.grow(number, divided);
        }
        let index = number.checked_sub(self.first)?;
        self.buckets.get_mut(index as usize)
    }

    /// Adds empty buckets up to `now`.
    pub(super) fn advance_to(&mut self, now: RunInstant, divided: &mut Divided) {
        self.bucket(number(now), divided);
    }

    #[cold]
    fn grow(&mut self, number: u64, divided: &mut Divided) {
        let slack = MAX_BUCKETS / 8;
        if number - self.first >= (self.buckets.len() + 2 * MAX_BUCKETS) as u64 {
            divided.drop_oldest(self, self.buckets.len());
            self.first = number;
        }
        while self.first + self.buckets.len() as u64 <= number {
            self.buckets.push_back(Bucket::default());
        }
        if self.buckets.len() > MAX_BUCKETS + slack {
            divided.drop_oldest(self, self.buckets.len() - MAX_BUCKETS);
        }
    }

    /// Adds a time in which a culprit held a lane.
    #[inline]
    pub(super) fn hold(&mut self, culprit: Key, from: RunInstant, to: RunInstant, divided: &mut Divided) {
        if from >= to {
            return;
        }
        // A hold that ends with a bucket does not need the next bucket.
        let last = number(RunInstant::new(to.0 - 1));
        self.bucket(last, divided);
        let from = from.max(start(self.first));
        for number in number(from)..=last {
            let time = start(number + 1).min(to) - start(number).max(from);
            if let Some(bucket) = self.bucket(number, divided) {
                bucket.hold(culprit, time);
            }
        }
    }

    /// Takes back a time that [`hold`](Ring::hold) has added.
    pub(super) fn take_back(&mut self, culprit: Key, from: RunInstant, to: RunInstant) {
        let from = from.max(start(self.first));
        let end = start(self.first + self.buckets.len() as u64);
        let to = to.min(end);
        if from >= to {
            return;
        }
        for number in number(from)..=number(RunInstant::new(to.0 - 1)) {
            let time = start(number + 1).min(to) - start(number).max(from);
            let held = &mut self.buckets[(number - self.first) as usize].held;
            if let Some((_, sum)) = held.iter_mut().find(|(key, _)| *key == culprit) {
                *sum = *sum - time;
            }
        }
    }

    /// Adds a wait that ended at `end`, with the last parts `unnoticed` and `queued`.
    #[inline]
    pub(super) fn wait(
        &mut self,
        group: GroupId,
        lanes: LaneSet,
        task: TaskId,
        (end, queued, unnoticed): (RunInstant, Nanos, Nanos),
        divided: &mut Divided,
    ) {
        let woken = end - queued;
        let parts = [
            (WaitKind::Queued, woken, end),
            (WaitKind::Unnoticed, woken - unnoticed, woken),
        ];
        for (wait, from, to) in parts {
            if from < to {
                let victim = Key::of_victim(Victim { group, lanes, wait });
                self.add_wait(victim, from, to, divided);
                if to - from >= NOTABLE {
                    self.note_longest(LongWait {
                        len: to - from,
                        from,
                        task,
                        victim,
                    });
                }
            }
        }
    }

    #[inline]
    fn add_wait(&mut self, victim: Key, from: RunInstant, to: RunInstant, divided: &mut Divided) {
        let last = number(to);
        self.bucket(last, divided);
        let oldest = start(self.first);
        if from < oldest {
            divided.nobody(victim, to.min(oldest) - from, from);
        }
        let from = from.max(oldest);
        if from >= to {
            return;
        }
        let first = number(from);
        let mut add = |number: u64, partly: Nanos, more_whole: i64| {
            if let Some(bucket) = self.bucket(number, divided) {
                let waits = bucket.waits(victim);
                waits.partly += partly;
                waits.more_whole += more_whole;
            }
        };
        if first == last {
            return add(first, to - from, 0);
        }
        add(first, start(first + 1) - from, 0);
        let has_whole = first + 1 < last;
        if has_whole {
            add(first + 1, Nanos::ZERO, 1);
        }
        if has_whole || to > start(last) {
            add(last, to - start(last), -i64::from(has_whole));
        }
    }

    fn note_longest(&mut self, wait: LongWait) {
        let window = number(wait.to()) / WINDOW;
        let longest = self.longest.entry((window, wait.victim)).or_insert(wait);
        *longest = (*longest).max(wait);
    }
}
