//! A set of instants, as a sorted list of spans that do not touch.
//!
//! Such a set contains the time in which the thread of a task slept in the OS. Another set contains
//! the time in which the thread of a lane slept according to the kernel's samples. A step and the
//! kernel may report the same sleep of a task; the set counts the sleep once.

use crate::record::{Nanos, RunInstant};

/// A set of instants. Each span includes its start, but not its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Vec<(RunInstant, RunInstant)>);

impl Spans {
    /// The empty set.
    pub(super) const NONE: &Spans = &Spans(Vec::new());

    /// Adds a span and calls `new` with each part of the span that was not in the set before.
    pub(super) fn add(&mut self, from: RunInstant, to: RunInstant, mut new: impl FnMut(RunInstant, RunInstant)) {
        if from >= to {
            return;
        }
        // The spans that overlap or touch the new span are merged with it.
        let first = self.0.partition_point(|&(_, end)| end < from);
        let last = first + self.0[first..].partition_point(|&(start, _)| start <= to);
        let mut free = from;
        for &(start, end) in &self.0[first..last] {
            if free < start {
                new(free, start);
            }
            free = free.max(end);
        }
        if free < to {
            new(free, to);
        }
        if first == last {
            self.0.insert(first, (from, to));
        } else {
            let merged = (self.0[first].0.min(from), self.0[last - 1].1.max(to));
            self.0.splice(first..last, [merged]);
        }
    }

    /// Removes a span from the set.
    pub(super) fn remove(&mut self, from: RunInstant, to: RunInstant) {
        let first = self.0.partition_point(|&(_, end)| end <= from);
        let last = first + self.0[first..].partition_point(|&(start, _)| start < to);
        if first == last || from >= to {
            return;
        }
        let rest = [(self.0[first].0, from), (to, self.0[last - 1].1)];
        self.0
            .splice(first..last, rest.into_iter().filter(|(start, end)| start < end));
    }

    /// The parts of `from..to` that are in the set, in order.
    pub(super) fn within(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = (RunInstant, RunInstant)> {
        let first = self.0.partition_point(|&(_, end)| end <= from);
        self.0[first..]
            .iter()
            .take_while(move |&&(start, _)| start < to)
            .map(move |&(a, b)| (a.max(from), b.min(to)))
    }

    /// The total length of the parts of `from..to` that are in the set.
    #[inline]
    pub(super) fn covered(&self, from: RunInstant, to: RunInstant) -> Nanos {
        if self.0.is_empty() {
            return Nanos::ZERO;
        }
        self.within(from, to).map(|(a, b)| b - a).sum()
    }

    /// The parts of `from..to` that are not in the set, in order.
    pub(super) fn gaps(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = (RunInstant, RunInstant)> {
        let mut free = from;
        self.within(from, to)
            .chain([(to, to)])
            .map(move |(start, end)| (std::mem::replace(&mut free, end), start))
            .filter(|(start, end)| start < end)
    }

    /// The spans that lie completely within `from..to`.
    pub(super) fn contained(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = (RunInstant, RunInstant)> {
        let first = self.0.partition_point(|&(start, _)| start < from);
        self.0[first..].iter().copied().take_while(move |&(_, end)| end <= to)
    }

    /// The last span.
    pub(super) fn last(&self) -> Option<(RunInstant, RunInstant)> {
        self.0.last().copied()
    }

    /// Removes the spans that end at `horizon` or earlier.
    pub(super) fn evict(&mut self, horizon: RunInstant) {
        let count = self.0.partition_point(|&(_, end)| end <= horizon);
        if count > 0 {
            self.0.drain(..count);
            self.0.shrink_to_fit();
        }
    }

    /// The number of bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(RunInstant, RunInstant)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_set_contains_the_added_spans_and_reports_what_was_new(changes in prop::collection::vec((0u64..60, 0u64..20, prop::bool::weighted(0.2)), 0..20)) {
            let mut spans = Spans::default();
            let mut plain = [false; 100];
            for (from, len, removes) in changes {
                if removes {
                    spans.remove(RunInstant::new(from), RunInstant::new(from + len));
                    plain[from as usize..(from + len) as usize].fill(false);
                    continue;
                }
                let mut new = Vec::new();
                spans.add(RunInstant::new(from), RunInstant::new(from + len), |a, b| new.extend(a.0..b.0));
                let expected: Vec<u64> = (from..from + len).filter(|&i| !plain[i as usize]).collect();
                prop_assert_eq!(new, expected);
                plain[from as usize..(from + len) as usize].fill(true);
            }
            for a in 0..100u64 {
                for b in a..100 {
                    let expected = plain[a as usize..b as usize].iter().filter(|&&x| x).count() as u64;
                    prop_assert_eq!(spans.covered(RunInstant::new(a), RunInstant::new(b)), Nanos(expected));
                    let free: Nanos = spans.gaps(RunInstant::new(a), RunInstant::new(b)).map(|(a, b)| b - a).sum();
                    prop_assert_eq!(free, Nanos(b - a - expected));
                }
            }
            prop_assert!(spans.0.windows(2).all(|pair| pair[0].1 < pair[1].0), "spans touch: {spans:?}");
        }
    }
}
