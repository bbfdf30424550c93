//! How long tasks held a lane while its thread had no core: a part of their running time.
//!
//! The kernel counts how long a thread was on a core, and how long it was runnable without a core.
//! The monitor samples both counts. The counts do not show *when* the thread had no core between
//! two samples. So the time without a core in such an interval is divided in proportion to the
//! running times:
//!
//! ```text
//!   sample                                 sample      on core 30, without a core 60
//!     ├──── task a: 40 ────┤ idle ├─ b: 20 ─┤          a: 60 × 40/90    b: 60 × 20/90
//! ```
//!
//! If one task held the lane during the whole interval, the result is exact. The lane's slices
//! arrive in order. So an interval closes when a slice arrives that ends after the interval.

use super::lane::LaneOs;
use crate::record::{GroupId, Nanos, RunInstant};

/// The time in which tasks held one lane while its thread had no core.
#[derive(Clone, Debug, Default)]
pub(super) struct OffCore {
    /// The sample at which the present interval begins.
    from: Option<LaneOs>,
    /// The latest sample. If the present interval closes now, it ends at this sample.
    to: Option<LaneOs>,
    /// The running time of each group in the present interval. The list has few entries.
    held: Vec<(Option<GroupId>, Nanos)>,
    /// The time without a core in the closed intervals; `None` before the first interval has
    /// closed.
    closed: Option<Nanos>,
    /// In the last closed interval, the share of the thread's runnable time in which it had no
    /// core.
    last_share: Option<f64>,
}

/// A hold of the lane that has ended, or that has lasted until now.
#[derive(Clone, Copy)]
pub(super) struct Hold<F> {
    pub group: Option<GroupId>,
    pub start: RunInstant,
    pub end: RunInstant,
    /// The running time of the hold between two instants: the time in which the thread did not
    /// sleep.
    pub running: F,
}

impl<F: Fn(RunInstant, RunInstant) -> Nanos> Hold<F> {
    fn running_within(&self, from: RunInstant, to: RunInstant) -> Nanos {
        let (from, to) = (self.start.max(from), self.end.min(to));
        if from < to {
            (self.running)(from, to)
        } else {
            Nanos::ZERO
        }
    }
}

/// What the kernel counted between two samples.
struct Counted {
    waiting: Nanos,
    /// The time in which the thread had work, whether it was on a core or not. A wait for a core
    /// that began before the interval counts completely in `waiting`. So `runnable` is limited to
    /// the length of the interval.
    runnable: Nanos,
}

impl OffCore {
    /// Adds a sample.
    pub(super) fn sample(&mut self, sample: LaneOs) {
        if self.from.is_none() {
            self.from = Some(sample);
            self.held.clear();
        }
        self.to = Some(sample);
    }

    /// Adds a hold that has ended. If an interval closes, calls `each` with each group and its time
    /// without a core.
    pub(super) fn hold(
        &mut self,
        hold: &Hold<impl Fn(RunInstant, RunInstant) -> Nanos>,
        mut each: impl FnMut(Option<GroupId>, Nanos),
    ) {
        let (Some(from), Some(to)) = (self.from, self.to) else {
            return;
        };
        let mut since = from.at;
        if to.at <= hold.end && from.at < to.at {
            add(&mut self.held, hold.group, hold.running_within(since, to.at));
            let counted = counted(&from, &to);
            let mut sum = Nanos::ZERO;
            divide(&counted, &self.held, |group, time| {
                sum += time;
                each(group, time);
            });
            self.closed = Some(self.closed.unwrap_or_default() + sum);
            self.last_share = counted.share().or(self.last_share);
            self.held.clear();
            self.from = Some(to);
            since = to.at;
        }
        add(&mut self.held, hold.group, hold.running_within(since, RunInstant::MAX));
    }

    /// Adds the running time of lost slices, whose groups are not known.
    pub(super) fn hold_lost(&mut self, running: Nanos) {
        if self.from.is_some() {
            add(&mut self.held, None, running);
        }
    }

    /// The time without a core in the closed intervals; `None` before the first interval has
    /// closed.
    pub(super) fn closed(&self) -> Option<Nanos> {
        self.closed
    }

    /// Calls `each` with each group and its time without a core in the interval that has not
    /// closed. `open` is the hold that has not ended.
    pub(super) fn present(
        &self,
        open: Option<&Hold<impl Fn(RunInstant, RunInstant) -> Nanos>>,
        each: impl FnMut(Option<GroupId>, Nanos),
    ) {
        let (Some(from), Some(to)) = (self.from, self.to) else {
            return;
        };
        if to.at <= from.at {
            return;
        }
        let mut held = self.held.clone();
        if let Some(open) = open {
            add(&mut held, open.group, open.running_within(from.at, to.at));
        }
        divide(&counted(&from, &to), &held, each);
    }

    /// The recent share of the thread's runnable time in which it had no core, 0–1; `None` if the
    /// thread was not runnable, or was not sampled twice.
    pub(super) fn recent_share(&self) -> Option<f64> {
        // A shorter interval often begins or ends within a wait for a core.
        const SHORT: Nanos = Nanos::from_millis(30);
        match (self.from, self.to) {
            (Some(from), Some(to)) if to.at - from.at >= SHORT => counted(&from, &to).share(),
            _ => self.last_share,
        }
    }
}

impl Counted {
    fn share(&self) -> Option<f64> {
        let runnable = (self.runnable > Nanos::ZERO).then_some(self.runnable)?;
        Some((self.waiting.as_secs_f64() / runnable.as_secs_f64()).min(1.0))
    }
}

fn counted(from: &LaneOs, to: &LaneOs) -> Counted {
    let waiting = to.waiting - from.waiting;
    Counted {
        waiting,
        runnable: (to.on_cpu - from.on_cpu + waiting).min(to.at - from.at),
    }
}

fn add(held: &mut Vec<(Option<GroupId>, Nanos)>, group: Option<GroupId>, time: Nanos) {
    match held.iter_mut().find(|(of, _)| *of == group) {
        Some((_, sum)) => *sum += time,
        None if time > Nanos::ZERO => held.push((group, time)),
        None => {}
    }
}

/// Divides the time without a core among the groups that held the lane, in proportion to their
/// running times. The rest of the runnable time also gets its proportion.
fn divide(counted: &Counted, held: &[(Option<GroupId>, Nanos)], mut each: impl FnMut(Option<GroupId>, Nanos)) {
    let all: Nanos = held.iter().map(|&(_, time)| time).sum();
    let whole = u128::from(counted.runnable.max(all).0.max(1));
    for &(group, time) in held {
        let part = u128::from(counted.waiting.0) * u128::from(time.0) / whole;
        each(group, Nanos(u64::try_from(part).unwrap_or(u64::MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(at: u64, on_cpu: u64, waiting: u64) -> LaneOs {
        LaneOs {
            at: RunInstant::new(at),
            on_cpu: Nanos(on_cpu),
            waiting: Nanos(waiting),
            asleep: false,
            asleep_in: None,
        }
    }

    fn hold(group: u16, start: u64, end: u64) -> Hold<impl Fn(RunInstant, RunInstant) -> Nanos> {
        Hold {
            group: Some(GroupId(group)),
            start: RunInstant::new(start),
            end: RunInstant::new(end),
            running: |from, to| to - from,
        }
    }

    fn present(off: &OffCore, open: Option<&Hold<impl Fn(RunInstant, RunInstant) -> Nanos>>) -> Vec<(u16, u64)> {
        let mut parts = Vec::new();
        off.present(open, |group, time| parts.push((group.map_or(99, |id| id.0), time.0)));
        parts
    }

    #[test]
    fn the_time_without_a_core_is_divided_among_the_holds_and_the_rest() {
        let mut off = OffCore::default();
        off.hold(&hold(0, 0, 1000), |_, _| panic!("there is no sample yet"));
        off.sample(os(1000, 500, 10));
        off.hold(&hold(0, 990, 1040), |_, _| panic!("the interval has not ended"));
        off.sample(os(1100, 530, 70));
        // The thread had work for 90 ns. Until the sample, group 0 held the lane for 40 ns of this
        // time, and group 1 for 20 ns.
        let open = hold(1, 1080, 1200);
        let expected = [(0, 26), (1, 13)];
        assert_eq!(present(&off, Some(&open)), expected);
        let mut closed = Vec::new();
        off.hold(&open, |group, time| closed.push((group.unwrap().0, time.0)));
        assert_eq!(closed, expected);
        assert_eq!(off.closed(), Some(Nanos(39)));
        // The rest of the hold belongs to the next interval.
        off.sample(os(1200, 540, 160));
        assert_eq!(present(&off, None::<&Hold<fn(_, _) -> _>>), [(1, 90)]);
    }

    #[test]
    fn a_wait_for_a_core_that_began_before_a_sample_counts_when_it_ends() {
        let mut off = OffCore::default();
        let open = hold(0, 0, 300);
        off.sample(os(0, 0, 0));
        // The kernel counts a wait when it ends. This thread waits from 25 to 175.
        off.sample(os(100, 25, 0));
        assert_eq!(present(&off, Some(&open)), [(0, 0)]);
        off.hold(&hold(0, 0, 150), |_, time| assert_eq!(time, Nanos::ZERO));
        off.sample(os(200, 50, 150));
        assert_eq!(present(&off, Some(&hold(0, 150, 300))), [(0, 150)]);
    }
}
