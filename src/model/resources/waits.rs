//! The waits for a resource: the waits that have not ended, and the figures of all waits.
//!
//! Records of different lanes arrive in any order, so everything here is a sum or a maximum.

use crate::model::hist::Hist;
use crate::record::{CompactDuration, LaneId, Nanos, RunInstant, WaitBegan};
use std::collections::HashMap;
use std::hash::Hash;

/// A number that changes over time.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Level {
    /// The number now.
    pub now: u64,
    /// The mean since the start of the run.
    pub mean: f64,
    /// The largest number so far.
    pub max: u64,
}

/// A number whose changes are recorded in any order, and its integral over time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Integral {
    pub(super) now: i64,
    /// The sum of the instants of all decreases minus the sum of the instants of all increases.
    area: i128,
}

impl Integral {
    pub(super) fn increase(&mut self, at: RunInstant) {
        self.now += 1;
        self.area -= i128::from(at.0);
    }

    pub(super) fn decrease(&mut self, at: RunInstant) {
        self.now -= 1;
        self.area += i128::from(at.0);
    }

    pub(super) fn level(self, now: RunInstant, max: u32) -> Level {
        let area = self.area + i128::from(self.now) * i128::from(now.0);
        Level {
            now: self.now.max(0) as u64,
            mean: (area as f64 / now.0.max(1) as f64).max(0.0),
            max: max.into(),
        }
    }
}

/// The waits of one kind, and their distribution.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) count: Integral,
    pub(super) most: u32,
    pub(super) ended: Hist,
}

impl Waiting {
    pub(super) fn new() -> Waiting {
        Waiting {
            count: Integral::default(),
            most: 0,
            ended: Hist::fine(),
        }
    }

    pub(super) fn end(&mut self, at: RunInstant, waited: CompactDuration) {
        self.count.decrease(at);
        self.ended.record(waited.get());
    }
}

/// The latest wait of each key. The waits of one key follow one another, so the latest wait is open
/// if no end is later than its start. This does not depend on the order of arrival.
#[derive(Clone, Debug)]
pub(super) struct OpenWaits<K> {
    pub(super) latest: HashMap<K, OpenWait>,
    /// When there are this many entries, the entries of old waits are removed.
    purge_at: usize,
}

/// The latest wait of a task for a resource or for its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenWait {
    /// The latest start of a wait.
    pub(super) since: RunInstant,
    /// The latest end of a wait.
    pub(super) ended: RunInstant,
    /// Whether a timeout can end the latest wait.
    pub(super) limited: bool,
    /// The number of the batch that contained the start of the latest wait.
    pub(super) batch: u64,
    /// The number of waiting tasks when the latest wait began. At a barrier, the number of the
    /// arrival.
    pub(super) number: u32,
    /// The lane on which the latest wait began.
    pub(super) lane: LaneId,
}

impl Default for OpenWait {
    fn default() -> OpenWait {
        OpenWait {
            since: RunInstant::ZERO,
            ended: RunInstant::ZERO,
            limited: false,
            batch: 0,
            number: 0,
            lane: LaneId::NONE,
        }
    }
}

impl OpenWait {
    pub(super) fn is_open(&self) -> bool {
        self.since > self.ended
    }
}

/// How long the end of a wait is kept. Records of different lanes are expected to arrive less than
/// this time apart.
const KEPT: Nanos = Nanos::from_millis(1_000);

impl<K: Hash + Eq> OpenWaits<K> {
    pub(super) fn new() -> OpenWaits<K> {
        OpenWaits {
            latest: HashMap::new(),
            purge_at: 1024,
        }
    }

    pub(super) fn begin(&mut self, key: K, began: &WaitBegan, batch: u64, lane: LaneId) {
        if self.latest.len() >= self.purge_at {
            self.latest
                .retain(|_, wait| wait.is_open() || wait.ended + KEPT > began.at);
            self.purge_at = 1024 + 2 * self.latest.len();
        }
        let wait = self.latest.entry(key).or_default();
        if began.at >= wait.since {
            *wait = OpenWait {
                since: began.at,
                ended: wait.ended,
                limited: began.limited,
                batch,
                number: began.waiting,
                lane,
            };
        }
    }

    pub(super) fn end(&mut self, key: K, at: RunInstant) {
        let wait = self.latest.entry(key).or_default();
        wait.ended = wait.ended.max(at);
    }

    /// The waits that have not ended.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &OpenWait)> {
        self.latest.iter().filter(|(_, wait)| wait.is_open())
    }
}
