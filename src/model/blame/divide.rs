//! Divides the waits of each bucket among the culprits.
//!
//! In a bucket of the length `B`, culprits held the lanes of a set for the times `h₁, h₂, …`, with
//! the sum `H`. If `H ≥ B`, the culprit `i` caused the share `hᵢ/H` of each wait. If `H < B`, no
//! task held a lane for at least the time `B − H`. Then the culprit caused the share `hᵢ/B`, and
//! nobody on record caused the rest.

use super::ring::{Bucket, LongWait, Ring, number, start};
use super::*;

/// For how many of the longest waits of each victim the parts of the culprits are computed.
const EXAMINED: usize = 32;

/// A victim, and a culprit or nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Pair(pub(super) Key, pub(super) Option<Key>);

/// What one culprit caused to one victim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) time: Nanos,
    pub(super) while_others_idle: Nanos,
    pub(super) first: RunInstant,
    pub(super) worst: Option<CausedWait>,
}

/// The result of a division.
#[derive(Clone, Debug, Default)]
pub(super) struct Divided {
    pub(super) parts: BTreeMap<Pair, Part>,
    /// For each victim, the number of waits that cover the whole last bucket before the ring.
    whole: Vec<(Key, i64)>,
    /// The number of workers.
    workers: usize,
}

impl Divided {
    pub(super) fn new(workers: usize) -> Divided {
        Divided {
            workers,
            ..Divided::default()
        }
    }

    fn add(&mut self, pair: Pair, time: Nanos, idle: Nanos, at: RunInstant) {
        if time == Nanos::ZERO {
            return;
        }
        let part = self.parts.entry(pair).or_insert(Part {
            time: Nanos::ZERO,
            while_others_idle: Nanos::ZERO,
            first: at,
            worst: None,
        });
        part.time += time;
        part.while_others_idle += idle;
        part.first = part.first.min(at);
    }

    /// Adds a wait that nobody on record caused.
    pub(super) fn nobody(&mut self, victim: Key, time: Nanos, at: RunInstant) {
        self.add(Pair(victim, None), time, Nanos::ZERO, at);
    }

    /// Divides the `count` oldest buckets of the ring, and drops them.
    pub(super) fn drop_oldest(&mut self, ring: &mut Ring, count: usize) {
        let none = Ring::empty_from(ring.first());
        let until = start(ring.first() + count as u64);
        let (old, kept) = ring.longest.iter().partition(|(_, wait)| wait.from < until);
        let old: BTreeMap<(u64, Key), LongWait> = old;
        self.examine(old.into_values().collect(), ring, &none);
        self.divide(ring, &none, count);
        ring.longest = kept;
        ring.buckets.drain(..count);
        ring.set_first(ring.first() + count as u64);
    }

    /// Divides all buckets of the ring, together with the holds and waits that are open.
    pub(super) fn divide_all(&mut self, ring: &Ring, open: &Ring) {
        let waits = ring.longest.values().chain(open.longest.values()).copied();
        self.examine(waits.collect(), ring, open);
        let count = ring.buckets.len().max(open.buckets.len());
        self.divide(ring, open, count);
    }

    fn divide(&mut self, ring: &Ring, open: &Ring, count: usize) {
        let mut shares = Shares::default();
        for index in 0..count {
            let at = start(ring.first() + index as u64);
            let buckets = [ring.buckets.get(index), open.buckets.get(index)];
            self.divide_bucket(&buckets, at, &mut shares);
        }
    }

    fn divide_bucket(&mut self, buckets: &[Option<&Bucket>; 2], at: RunInstant, shares: &mut Shares) {
        let waits = || buckets.iter().flatten().flat_map(|bucket| &bucket.waits);
        for waits in waits() {
            match self.whole.iter_mut().find(|(victim, _)| *victim == waits.victim) {
                Some((_, whole)) => *whole += waits.more_whole,
                None => self.whole.push((waits.victim, waits.more_whole)),
            }
        }
        if self.whole.is_empty() {
            return;
        }
        shares.set(buckets);
        for (victim, whole) in std::mem::take(&mut self.whole) {
            let partly = waits().filter(|waits| waits.victim == victim).map(|waits| waits.partly);
            let waited = partly.sum::<Nanos>() + Nanos(whole.max(0) as u64 * BUCKET.0);
            if waited > Nanos::ZERO {
                self.divide_waits(victim, waited, at, shares);
            }
            if whole != 0 {
                self.whole.push((victim, whole));
            }
        }
    }

    fn divide_waits(&mut self, victim: Key, waited: Nanos, at: RunInstant, shares: &Shares) {
        let idle = shares.idle(victim, self.workers);
        let mut left = waited;
        for (culprit, share) in shares.of(victim) {
            let time = share.of(waited).min(left);
            left = left - time;
            self.add(
                Pair(victim, Some(culprit)),
                time,
                Nanos((time.0 as f64 * idle) as u64),
                at,
            );
        }
        self.nobody(victim, left, at);
    }

    /// Computes what each culprit caused of these waits.
    fn examine(&mut self, mut waits: Vec<LongWait>, ring: &Ring, open: &Ring) {
        if waits.is_empty() {
            return;
        }
        let curves = Curves::new(ring, open);
        waits.sort_unstable_by_key(|wait| (wait.victim, std::cmp::Reverse(*wait)));
        for waits in waits.chunk_by(|a, b| a.victim == b.victim) {
            for wait in waits.iter().take(EXAMINED) {
                let mut left = wait.len;
                for (culprit, curve) in curves.of(wait.victim) {
                    let caused = curve.between(wait.from, wait.to()).min(left);
                    left = left - caused;
                    self.note_worst(Pair(wait.victim, Some(culprit)), wait, caused);
                }
                self.note_worst(Pair(wait.victim, None), wait, left);
            }
        }
    }

    fn note_worst(&mut self, pair: Pair, wait: &LongWait, caused: Nanos) {
        if caused == Nanos::ZERO {
            return;
        }
        let new = CausedWait {
            caused,
            task: wait.task,
            from: wait.from,
            to: wait.to(),
        };
        let part = self.parts.entry(pair).or_insert(Part {
            time: Nanos::ZERO,
            while_others_idle: Nanos::ZERO,
            first: wait.from,
            worst: None,
        });
        let order = |worst: &CausedWait| (worst.caused, std::cmp::Reverse(worst.from), worst.task);
        if part.worst.is_none_or(|worst| order(&worst) < order(&new)) {
            part.worst = Some(new);
        }
    }
}

/// What one culprit caused of a wait that began with the ring, up to each instant.
#[derive(Clone, Debug, Default)]
struct Curve(Vec<CurvePoint>);

/// A bucket in which a culprit held lanes.
#[derive(Clone, Copy, Debug)]
struct CurvePoint {
    number: u64,
    before: Nanos,
    within: Nanos,
}

impl Curve {
    fn push(&mut self, number: u64, within: Nanos) {
        let before = self.0.last().map_or(Nanos::ZERO, |last| last.before + last.within);
        self.0.push(CurvePoint { number, before, within });
    }

    fn at(&self, at: RunInstant) -> Nanos {
        let count = self.0.partition_point(|point| point.number <= number(at));
        let Some(point) = count.checked_sub(1).map(|index| &self.0[index]) else {
            return Nanos::ZERO;
        };
        let passed = (at - start(point.number)).min(BUCKET);
        let share = Share {
            held: point.within,
            of: BUCKET,
        };
        point.before + share.of(passed)
    }

    fn between(&self, from: RunInstant, to: RunInstant) -> Nanos {
        self.at(to) - self.at(from)
    }
}

/// The curves of all culprits, over all buckets.
#[derive(Clone, Debug, Default)]
struct Curves(BTreeMap<Key, Curve>);

impl Curves {
    fn new(ring: &Ring, open: &Ring) -> Curves {
        let (mut curves, mut shares) = (Curves::default(), Shares::default());
        for index in 0..ring.buckets.len().max(open.buckets.len()) {
            shares.set(&[ring.buckets.get(index), open.buckets.get(index)]);
            for &(culprit, held) in &shares.0 {
                let of = shares.total(culprit).max(BUCKET);
                let within = Share { held, of }.of(BUCKET);
                curves
                    .0
                    .entry(culprit)
                    .or_default()
                    .push(ring.first() + index as u64, within);
            }
        }
        curves
    }

    /// The culprits that held lanes for which the victim waited.
    fn of(&self, victim: Key) -> impl Iterator<Item = (Key, &Curve)> {
        let culprits = self.0.iter().filter(move |(culprit, _)| culprit.has_lanes_of(victim));
        culprits.map(|(culprit, curve)| (*culprit, curve))
    }
}

/// How much of each wait in a bucket a culprit caused.
#[derive(Clone, Copy, Debug)]
struct Share {
    held: Nanos,
    of: Nanos,
}

impl Share {
    fn of(self, time: Nanos) -> Nanos {
        let product = u128::from(time.0) * u128::from(self.held.0);
        Nanos((product / u128::from(self.of.0.max(1))) as u64)
    }
}

/// The holds of one bucket.
#[derive(Clone, Debug, Default)]
struct Shares(Vec<(Key, Nanos)>);

impl Shares {
    /// Takes the holds of these buckets, which are of the same time.
    fn set(&mut self, buckets: &[Option<&Bucket>; 2]) {
        self.0.clear();
        for (key, time) in buckets.iter().flatten().flat_map(|bucket| &bucket.held) {
            match self.0.iter_mut().find(|(known, _)| known == key) {
                Some((_, sum)) => *sum += *time,
                None => self.0.push((*key, *time)),
            }
        }
        // The order of arrival must not decide how the shares are rounded.
        self.0.sort_unstable();
    }

    /// The total for the lanes of this victim or culprit.
    fn total(&self, key: Key) -> Nanos {
        let held = self.0.iter().filter(|(culprit, _)| culprit.has_lanes_of(key));
        held.map(|(_, time)| *time).sum()
    }

    /// The culprits that held lanes for which the victim waited, and their shares.
    fn of(&self, victim: Key) -> impl Iterator<Item = (Key, Share)> {
        let of = self.total(victim).max(BUCKET);
        let culprits = self.0.iter().filter(move |(culprit, _)| culprit.has_lanes_of(victim));
        culprits.map(move |&(culprit, held)| (culprit, Share { held, of }))
    }

    /// The share of time in which the other workers were idle, 0–1, if one worker was held.
    fn idle(&self, victim: Key, workers: usize) -> f64 {
        if workers < 2 || !victim.is_of_workers() {
            return 0.0;
        }
        let all = workers as f64 * BUCKET.0 as f64;
        let idle = (all - self.total(victim).0 as f64) / (all - BUCKET.0 as f64);
        idle.clamp(0.0, 1.0)
    }
}
