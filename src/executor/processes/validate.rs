//! What no worker may claim, whatever program it is: instants and lengths beyond all bounds, and ends that only tasklab can tell of.
//! What is merely ahead of its time is put right.

use crate::probe::{ClockOffset, now};
use crate::record::{Batch, CompactDuration, Nanos, Outcome, Record, Sample};
use std::cell::Cell;

/// The batch by this process's clock, if it can be believed. `ahead` is how far `CLOCK_MONOTONIC` is ahead of that.
///
/// # Errors
/// What is wrong with it, in a sentence without a subject.
pub(super) fn believed(mut batch: Batch, ahead: ClockOffset) -> Result<Batch, String> {
    let latest = Cell::new(Nanos::ZERO);
    batch.moved(|at| {
        let at = ahead.from_monotonic(at);
        latest.set(latest.get().max(at));
        at
    });
    if latest.get() >= Nanos::BOUND {
        return Err("tells of an instant that is years away".into());
    }
    if longest(&batch) >= Nanos::BOUND {
        return Err("tells of a length of time that is years".into());
    }
    outcomes(&batch).try_for_each(known)?;
    let now = batch.now.min(now());
    for current in &mut batch.live.lanes {
        current.overdue_since = current.overdue_since.filter(|&since| since <= now);
    }
    for waiting in &mut batch.live.waiting {
        waiting.ready = waiting.ready.map(|ready| ready.min(now));
    }
    Ok(batch)
}

/// The longest of its lengths of time.
fn longest(batch: &Batch) -> Nanos {
    let records = batch.records.iter().map(|(_, record)| match record {
        Record::Slice(slice) => slice.len.max(slice.queued).max(slice.unnoticed),
        Record::Step(step) => step.len,
        Record::Repetition(repetition) => repetition.len,
        Record::Spawned(_) | Record::Ended(_) | Record::Orphaned(_) | Record::Marked(_) => CompactDuration::ZERO,
    });
    let live = batch
        .live
        .lanes
        .iter()
        .map(|current| current.queued.max(current.unnoticed));
    let samples = batch.samples.iter().map(|sample| match sample {
        Sample::Lane(sample) => sample.on_cpu.max(sample.waiting),
        Sample::Runtime(_) | Sample::Group(_) | Sample::Channel(_) => Nanos::ZERO,
    });
    let longest = records.chain(live).max().map_or(Nanos::ZERO, CompactDuration::get);
    samples.fold(longest, Nanos::max)
}

/// How what ended in it has ended.
fn outcomes(batch: &Batch) -> impl Iterator<Item = Outcome> {
    let told = batch.records.iter().filter_map(|(_, record)| match record {
        Record::Ended(ended) => Some(ended.outcome),
        Record::Repetition(repetition) => Some(repetition.outcome),
        _ => None,
    });
    told.chain(batch.repetitions_lost.iter().map(|lost| lost.outcome))
}

/// Whether a worker can know that something ended in this way. Of one that is lost it is not there any more to tell, and how its own
/// tasks end it knows.
///
/// # Errors
/// If not: a sentence without a subject.
fn known(outcome: Outcome) -> Result<(), String> {
    match outcome {
        Outcome::Lost | Outcome::Unknown => Err(format!("says that something ended as {}", outcome.word())),
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
    use crate::probe::monotonic_ahead;
    use crate::record::{
        CurrentSlice, Ended, GroupId, Label, LaneId, LaneSample, Reason, Repetition, RepetitionsLost, Slice, Step,
        TaskId, Waiting,
    };

    const TASK: TaskId = TaskId(std::num::NonZeroU32::MIN);
    /// One nanosecond before the bound is the last that may be told.
    const LAST: Nanos = Nanos(Nanos::BOUND.0 - 1);

    fn of(record: Record) -> Batch {
        Batch {
            records: vec![(LaneId(0), record)],
            ..Batch::default()
        }
    }

    fn step(start: Nanos, len: Nanos) -> Batch {
        of(Record::Step(Step {
            start,
            task: TASK,
            len: CompactDuration::new(len),
            label: Label::NONE,
            blocking: false,
        }))
    }

    fn slice(lengths: [Nanos; 3]) -> Batch {
        let [len, queued, unnoticed] = lengths.map(CompactDuration::new);
        of(Record::Slice(Slice {
            start: Nanos::ZERO,
            task: TASK,
            len,
            queued,
            unnoticed,
            woken_by: None,
            label: Label::NONE,
            suspended_on: Reason::Unknown,
        }))
    }

    fn repetition(len: Nanos, outcome: Outcome) -> Batch {
        of(Record::Repetition(Repetition {
            start: Nanos::ZERO,
            task: TASK,
            len: CompactDuration::new(len),
            outcome,
        }))
    }

    fn current(lengths: [Nanos; 2], overdue_since: Option<Nanos>) -> Batch {
        let [queued, unnoticed] = lengths.map(CompactDuration::new);
        let mut batch = Batch::default();
        batch.live.lanes.push(CurrentSlice {
            lane: LaneId(0),
            task: TASK,
            start: Nanos::ZERO,
            queued,
            unnoticed,
            blocking_since: None,
            overdue_since,
            label: Label::NONE,
        });
        batch
    }

    fn sample(on_cpu: Nanos, waiting: Nanos) -> Batch {
        Batch {
            samples: vec![Sample::Lane(LaneSample {
                at: Nanos::ZERO,
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
    fn lengths_and_instants_of_years_are_not_believed() {
        let ahead = monotonic_ahead();
        for (n, sound) in [(LAST, true), (Nanos::BOUND, false), (Nanos::MAX, false)] {
            for (which, batch) in [
                slice([n, Nanos::ZERO, Nanos::ZERO]),
                slice([Nanos::ZERO, n, Nanos::ZERO]),
                slice([Nanos::ZERO, Nanos::ZERO, n]),
                step(Nanos::ZERO, n),
                repetition(n, Outcome::Completed),
                current([n, Nanos::ZERO], None),
                current([Nanos::ZERO, n], None),
                sample(n, Nanos::ZERO),
                sample(Nanos::ZERO, n),
            ]
            .into_iter()
            .enumerate()
            {
                let verdict = believed(batch, ahead).map(drop);
                let wanted = Err("tells of a length of time that is years".to_owned());
                assert_eq!(verdict, if sound { Ok(()) } else { wanted }, "{which}: {n:?}");
            }
            let at = ahead.to_monotonic(n);
            let verdict = believed(step(at, Nanos::ZERO), ahead).map(drop);
            let wanted = Err("tells of an instant that is years away".to_owned());
            assert_eq!(verdict, if sound { Ok(()) } else { wanted }, "{n:?}");
        }
    }

    #[test]
    fn what_is_ahead_of_its_time_is_put_right() {
        let ahead = monotonic_ahead();
        let [now, past, future] = [5, 4, 6].map(Nanos);
        for (since, kept) in [(past, Some(past)), (now, Some(now)), (future, None)] {
            let mut batch = current([Nanos::ZERO; 2], Some(ahead.to_monotonic(since)));
            batch.now = ahead.to_monotonic(now);
            batch.live.waiting.push(Waiting {
                task: TASK,
                ready: Some(ahead.to_monotonic(since)),
                woken: None,
            });
            let batch = believed(batch, ahead).expect("sound");
            assert_eq!(batch.live.lanes[0].overdue_since, kept);
            assert_eq!(batch.live.waiting[0].ready, Some(since.min(now)));
        }
    }

    #[test]
    fn a_worker_tells_of_the_ends_and_reasons_that_the_document_lists_and_of_no_others() {
        let document = include_str!("PROTOCOL.md");
        let row = |of: &str| {
            let row = document.lines().find(|line| line.starts_with(&format!("| `{of}` |")));
            row.unwrap_or_else(|| panic!("nothing is said of `{of}`"))
        };
        let name = |word: serde_json::Value| format!("`{}`", word.as_str().expect("a word"));
        for outcome in Outcome::ALL {
            let listed = row("ended").contains(&name(serde_json::json!(outcome)));
            let ended = of(Record::Ended(Ended::heard(Nanos::ZERO, TASK, outcome)));
            let lost = Batch {
                repetitions_lost: vec![RepetitionsLost {
                    group: GroupId(0),
                    outcome,
                    count: 1,
                }],
                ..Batch::default()
            };
            for batch in [ended, repetition(Nanos::ZERO, outcome), lost] {
                assert_eq!(believed(batch, monotonic_ahead()).is_ok(), listed, "{outcome:?}");
            }
        }
        for reason in Reason::ALL {
            assert!(row("slice").contains(&name(serde_json::json!(reason))), "{reason:?}");
        }
    }
}
