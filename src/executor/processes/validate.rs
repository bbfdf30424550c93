//! Validates the batches of a worker: each instant and each duration must be within bounds, and
//! each outcome must be one that a worker can report. Instants that are slightly in the future are
//! corrected, because clocks differ. The rounding of a timer is cut to the length of its step.

use crate::probe::{ClockOffset, now};
use crate::record::{
    Batch, CompactDuration, MonotonicClock, Nanos, Outcome, ProcessClock, ProcessInstant, Record, Sample,
};
use std::cell::Cell;

/// Converts a batch to this process's clock and validates it. `offset` is the offset of
/// `CLOCK_MONOTONIC` from this process's clock.
///
/// # Errors
/// Returns what is wrong with the batch. The text continues a sentence that begins with "the
/// worker": `sends an instant that is years away`.
pub(super) fn validate(
    batch: Batch<MonotonicClock>,
    offset: ClockOffset<ProcessClock>,
) -> Result<Batch<ProcessClock>, String> {
    let latest = Cell::new(ProcessInstant::ZERO);
    let mut batch = batch.map_instants(|at| {
        let at = offset.from_monotonic(at);
        latest.set(latest.get().max(at));
        at
    });
    if latest.get().since_zero() >= Nanos::BOUND {
        return Err("sends an instant that is years away".into());
    }
    if longest(&batch) >= Nanos::BOUND {
        return Err("sends a duration of several years".into());
    }
    outcomes(&batch).try_for_each(reportable)?;
    for (_, record) in &mut batch.records {
        if let Record::Step(step) = record {
            step.timer_rounding = step.timer_rounding.min(step.len);
        }
    }
    let now = batch.now.min(now());
    for current in batch.live.lanes.iter_mut().chain(&mut batch.live.branches) {
        current.overdue_since = current.overdue_since.filter(|&since| since <= now);
    }
    for sums in &mut batch.sums {
        sums.until = sums.until.min(now);
    }
    for waiting in &mut batch.live.waiting {
        waiting.ready = waiting.ready.map(|ready| ready.min(now));
    }
    Ok(batch)
}

/// The longest duration in the batch.
fn longest(batch: &Batch<ProcessClock>) -> Nanos {
    let records = batch.records.iter().map(|(_, record)| match record {
        Record::Slice(slice) => slice.len.max(slice.queued).max(slice.unnoticed),
        Record::Step(step) => step.len.max(step.timer_rounding),
        Record::Repetition(repetition) => repetition.len,
        Record::Ended(ended) => ended.queued.max(ended.unnoticed),
        Record::WaitEnded(ended) => ended.waited,
        Record::Acquired(acquired) => acquired.waited,
        Record::Released(released) => released.waited.max(released.held),
        Record::Received(received) => received.waited.max(received.age),
        Record::HolderLate(late) => late.lateness,
        Record::Spawned(_)
        | Record::Orphaned(_)
        | Record::WaitBegan(_)
        | Record::Notification(_)
        | Record::Missed(_)
        | Record::Marked(_) => CompactDuration::ZERO,
    });
    let live = batch.live.lanes.iter().chain(&batch.live.branches);
    let live = live.map(|current| current.queued.max(current.unnoticed));
    let samples = batch.samples.iter().map(|sample| match sample {
        Sample::Lane(sample) => sample.on_cpu.max(sample.waiting),
        Sample::Runtime(_) | Sample::Group(_) | Sample::Channel(_) => Nanos::ZERO,
    });
    let sums = batch.sums.iter().flat_map(|sums| {
        let waited = [sums.queued, sums.unnoticed].into_iter().chain(sums.suspended_on);
        waited.chain([sums.running, sums.hogging, sums.blocking])
    });
    let lost = batch
        .lost
        .iter()
        .flat_map(|lost| [lost.time.running, lost.time.blocking]);
    let longest = records.chain(live).max().map_or(Nanos::ZERO, CompactDuration::get);
    samples.chain(sums).chain(lost).fold(longest, Nanos::max)
}

/// The outcomes of the tasks and repetitions that end in the batch.
fn outcomes(batch: &Batch<ProcessClock>) -> impl Iterator<Item = Outcome> {
    let recorded = batch.records.iter().filter_map(|(_, record)| match record {
        Record::Ended(ended) => Some(ended.outcome),
        Record::Repetition(repetition) => Some(repetition.outcome),
        _ => None,
    });
    recorded.chain(batch.repetitions_lost.iter().map(|lost| lost.outcome))
}

/// Checks that a worker can report this outcome. A worker cannot report `lost`, because its tasks
/// are lost only after it has died. A worker cannot report `unknown`, because it knows how its own
/// tasks end.
///
/// # Errors
/// Returns a text that continues a sentence that begins with "the worker", as [`validate`] does.
fn reportable(outcome: Outcome) -> Result<(), String> {
    match outcome {
        Outcome::Lost | Outcome::Unknown => Err(format!(
            "reports the outcome {}, which it cannot know",
            outcome.into_str()
        )),
        Outcome::Completed
        | Outcome::Failed
        | Outcome::Cancelled
        | Outcome::TimedOut
        | Outcome::Panicked
        | Outcome::UnobservedFailure
        | Outcome::NeverStarted => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        CurrentSlice, Ended, GroupId, Label, LaneId, LaneSample, Lost, LostTime, MonotonicInstant, Reason, Repetition,
        RepetitionsLost, Slice, Step, TaskId, TaskSums, Waiting,
    };
    use strum::VariantArray;

    const TASK: TaskId = TaskId(std::num::NonZeroU32::MIN);
    /// The last instant that is valid: one nanosecond before the bound.
    const LAST: Nanos = Nanos(Nanos::BOUND.0 - 1);

    fn of(record: Record<MonotonicClock>) -> Batch<MonotonicClock> {
        Batch {
            records: vec![(LaneId(0), record)],
            ..Batch::default()
        }
    }

    fn step(start: MonotonicInstant, lengths: [Nanos; 2]) -> Batch<MonotonicClock> {
        let [len, timer_rounding] = lengths.map(CompactDuration::new);
        of(Record::Step(Step {
            start,
            task: TASK,
            len,
            label: Label::NONE,
            blocking: false,
            blocked_on: Reason::Unknown,
            timer_rounding,
        }))
    }

    fn slice(lengths: [Nanos; 3]) -> Batch<MonotonicClock> {
        let [len, queued, unnoticed] = lengths.map(CompactDuration::new);
        of(Record::Slice(Slice {
            start: MonotonicInstant::ZERO,
            task: TASK,
            len,
            queued,
            unnoticed,
            woken_by: None,
            label: Label::NONE,
            suspended_on: Reason::Unknown,
            branch: false,
        }))
    }

    fn repetition(len: Nanos, outcome: Outcome) -> Batch<MonotonicClock> {
        of(Record::Repetition(Repetition {
            start: MonotonicInstant::ZERO,
            task: TASK,
            len: CompactDuration::new(len),
            outcome,
        }))
    }

    fn ended(lengths: [Nanos; 2]) -> Batch<MonotonicClock> {
        let [queued, unnoticed] = lengths.map(CompactDuration::new);
        of(Record::Ended(Ended {
            queued,
            unnoticed,
            ..Ended::observed(MonotonicInstant::ZERO, TASK, Outcome::Cancelled)
        }))
    }

    fn current(lengths: [Nanos; 2], overdue_since: Option<MonotonicInstant>) -> Batch<MonotonicClock> {
        let [queued, unnoticed] = lengths.map(CompactDuration::new);
        let mut batch = Batch::default();
        batch.live.lanes.push(CurrentSlice {
            queued,
            unnoticed,
            overdue_since,
            ..CurrentSlice::new(LaneId(0), TASK, MonotonicInstant::ZERO)
        });
        batch
    }

    fn sums(running: Nanos, suspended: Nanos) -> Batch<MonotonicClock> {
        let mut sums = TaskSums {
            until: MonotonicInstant::ZERO,
            task: TASK,
            lost: 1,
            running,
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            queued: Nanos::ZERO,
            unnoticed: Nanos::ZERO,
            suspended_on: Default::default(),
            on_worker: false,
            reason: Reason::Unknown,
            label: Label::NONE,
        };
        sums.suspended_on[Reason::Timer as usize] = suspended;
        Batch {
            sums: vec![sums],
            ..Batch::default()
        }
    }

    fn lost(running: Nanos, blocking: Nanos) -> Batch<MonotonicClock> {
        Batch {
            lost: vec![Lost {
                lane: LaneId(0),
                slices: 1,
                others: 0,
                time: LostTime { running, blocking },
            }],
            ..Batch::default()
        }
    }

    fn sample(on_cpu: Nanos, waiting: Nanos) -> Batch<MonotonicClock> {
        Batch {
            samples: vec![Sample::Lane(LaneSample {
                at: MonotonicInstant::ZERO,
                lane: LaneId(0),
                on_cpu,
                waiting,
                asleep_in: None,
                asleep: false,
            })],
            ..Batch::default()
        }
    }

    #[test]
    fn durations_and_instants_of_several_years_are_rejected() {
        let offset = ClockOffset::of_process();
        for (n, sound) in [(LAST, true), (Nanos::BOUND, false), (Nanos::MAX, false)] {
            for (which, batch) in [
                slice([n, Nanos::ZERO, Nanos::ZERO]),
                slice([Nanos::ZERO, n, Nanos::ZERO]),
                slice([Nanos::ZERO, Nanos::ZERO, n]),
                step(MonotonicInstant::ZERO, [n, Nanos::ZERO]),
                step(MonotonicInstant::ZERO, [Nanos::ZERO, n]),
                repetition(n, Outcome::Completed),
                ended([n, Nanos::ZERO]),
                ended([Nanos::ZERO, n]),
                current([n, Nanos::ZERO], None),
                current([Nanos::ZERO, n], None),
                sample(n, Nanos::ZERO),
                sample(Nanos::ZERO, n),
                sums(n, Nanos::ZERO),
                sums(Nanos::ZERO, n),
                lost(n, Nanos::ZERO),
                lost(Nanos::ZERO, n),
            ]
            .into_iter()
            .enumerate()
            {
                let verdict = validate(batch, offset).map(drop);
                let wanted = Err("sends a duration of several years".to_owned());
                assert_eq!(verdict, if sound { Ok(()) } else { wanted }, "{which}: {n:?}");
            }
            let at = offset.to_monotonic(ProcessInstant::new(n.0));
            let verdict = validate(step(at, [Nanos::ZERO; 2]), offset).map(drop);
            let wanted = Err("sends an instant that is years away".to_owned());
            assert_eq!(verdict, if sound { Ok(()) } else { wanted }, "{n:?}");
        }
    }

    #[test]
    fn the_rounding_of_a_timer_is_at_most_as_long_as_its_step() {
        for (rounding, kept) in [(4, 4), (5, 5), (6, 5)] {
            let batch = step(MonotonicInstant::ZERO, [Nanos(5), Nanos(rounding)]);
            let batch = validate(batch, ClockOffset::of_process()).expect("a valid batch");
            let Record::Step(step) = batch.records[0].1 else {
                panic!("not a step: {:?}", batch.records);
            };
            assert_eq!(step.timer_rounding.get(), Nanos(kept));
        }
    }

    #[test]
    fn instants_in_the_future_are_corrected() {
        let offset = ClockOffset::of_process();
        let [now, past, future] = [5, 4, 6].map(ProcessInstant::new);
        for (since, kept) in [(past, Some(past)), (now, Some(now)), (future, None)] {
            let mut batch = current([Nanos::ZERO; 2], Some(offset.to_monotonic(since)));
            batch.now = offset.to_monotonic(now);
            batch.live.waiting.push(Waiting {
                task: TASK,
                ready: Some(offset.to_monotonic(since)),
                woken: None,
            });
            let batch = validate(batch, offset).expect("a valid batch");
            assert_eq!(batch.live.lanes[0].overdue_since, kept);
            assert_eq!(batch.live.waiting[0].ready, Some(since.min(now)));
        }
    }

    #[test]
    fn workers_may_send_only_the_outcomes_and_reasons_that_the_document_lists() {
        let document = include_str!("PROTOCOL.md");
        let row = |of: &str| {
            let row = document.lines().find(|line| line.starts_with(&format!("| `{of}` |")));
            row.unwrap_or_else(|| panic!("the document has no row for `{of}`"))
        };
        let name = |word: serde_json::Value| format!("`{}`", word.as_str().expect("a string"));
        for &outcome in Outcome::VARIANTS {
            let listed = row("ended").contains(&name(serde_json::json!(outcome)));
            let ended = of(Record::Ended(Ended::observed(MonotonicInstant::ZERO, TASK, outcome)));
            let lost = Batch {
                repetitions_lost: vec![RepetitionsLost {
                    group: GroupId(0),
                    outcome,
                    count: 1,
                    branch: false,
                }],
                ..Batch::default()
            };
            for batch in [ended, repetition(Nanos::ZERO, outcome), lost] {
                assert_eq!(
                    validate(batch, ClockOffset::of_process()).is_ok(),
                    listed,
                    "{outcome:?}"
                );
            }
        }
        for reason in Reason::VARIANTS {
            assert!(row("slice").contains(&name(serde_json::json!(reason))), "{reason:?}");
        }
    }
}
