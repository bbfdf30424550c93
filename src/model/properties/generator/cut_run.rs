//! Runs that are cut at an instant, as the end of a run cuts the records of its tasks.

use super::*;

/// A run that is cut at an instant: what has been recorded by then, and what is recorded later.
pub(in crate::model::properties) struct CutRun {
    run: RecordedRun,
    pub(in crate::model::properties) at: RunInstant,
}

impl CutRun {
    /// Cuts a run. `at` is a share of the run's time, from 0 to 1.
    pub(in crate::model::properties) fn new(mut run: RecordedRun, at: f64) -> CutRun {
        // Between two kernel samples, nobody knows when a thread fell asleep.
        run.samples.clear();
        let at = RunInstant::new((run.now.0 as f64 * at) as u64);
        let mut cut = CutRun { run, at };
        cut.leave_tail();
        cut
    }

    /// Moves the cut out of the last slice of a task that has ended, from the instant at which this
    /// slice begins. While this slice is open, the screen shows the task as ended, and no record
    /// contains the wait before the slice.
    fn leave_tail(&mut self) {
        let records = || self.run.rings.iter().flatten();
        let ended = |task| {
            records().any(|record| matches!(record, Record::Ended(ended) if ended.task == task && ended.at <= self.at))
        };
        let tails = records().filter_map(|record| match record {
            Record::Slice(slice) if slice.start <= self.at && ended(slice.task) => Some(record.written_at()),
            _ => None,
        });
        if let Some(end) = tails.filter(|&end| end > self.at).max() {
            self.at = end;
            self.leave_tail();
        }
    }

    /// The number of slices, also after the cut.
    pub(in crate::model::properties) fn slices(&self) -> u64 {
        self.run.slices
    }

    /// The model at the instant of the cut, as the screen shows it.
    pub(in crate::model::properties) fn shown(&self, delivery: &[Index]) -> Model {
        let mut model = Model::new(RunInfo::default());
        model.hogging_poll = HOGGING_POLL;
        model.apply(&Batch {
            definitions: definitions(),
            records: self.records(delivery, None, self.at),
            ..Batch::default()
        });
        model.apply(&Batch {
            now: self.at,
            live: self.live(self.at),
            ..Batch::default()
        });
        model
    }

    /// Ends the run of `model` at the instant of the cut, and delivers the later records. `middle`
    /// is an instant between the cut and the end of all records, as a share of the time between
    /// these two.
    pub(in crate::model::properties) fn finish(&self, model: &mut Model, delivery: &[Index], middle: f64, size: usize) {
        let middle = self.at + Nanos(((self.run.now - self.at).0 as f64 * middle) as u64);
        for (from, to) in [(self.at, middle), (middle, RunInstant::MAX)] {
            for records in self.records(delivery, Some(from), to).chunks(size) {
                model.apply(&Batch {
                    now: to.min(self.run.now),
                    ended_at: Some(self.at),
                    records: records.to_vec(),
                    ..Batch::default()
                });
            }
            model.apply(&Batch {
                now: to.min(self.run.now),
                ended_at: Some(self.at),
                live: self.live(to.min(self.run.now)),
                ..Batch::default()
            });
        }
    }

    /// The records that were written after `from` and not after `to`, in the order of their
    /// delivery.
    fn records(&self, delivery: &[Index], from: Option<RunInstant>, to: RunInstant) -> Vec<(LaneId, Record)> {
        let mut records = delivered(&self.run, delivery);
        records.retain(|(_, record)| {
            let at = record.written_at();
            from.is_none_or(|from| at > from) && at <= to
        });
        records
    }

    /// What tasks do at the instant `at`, according to the records of the whole run.
    fn live(&self, at: RunInstant) -> Live {
        let mut records: Vec<_> = self.run.rings.iter().zip(0..).collect();
        let mut live = Live::default();
        let mut next: HashMap<TaskId, (RunInstant, CompactDuration, CompactDuration)> = HashMap::new();
        for (ring, lane) in records.drain(..) {
            let blocking = ring.iter().find_map(|record| match record {
                Record::Step(step) if step.start < at && step.start + step.len.get() > at => Some(step.start),
                _ => None,
            });
            for record in ring {
                let wait = match *record {
                    Record::Slice(slice) if slice.start >= at => {
                        (slice.task, slice.start, slice.queued, slice.unnoticed)
                    }
                    Record::Ended(ended) if ended.at >= at => (ended.task, ended.at, ended.queued, ended.unnoticed),
                    Record::Slice(slice) if slice.start + slice.len.get() > at => {
                        live.lanes.push(CurrentSlice {
                            queued: slice.queued,
                            unnoticed: slice.unnoticed,
                            blocking_since: blocking,
                            blocked_on: Reason::Timer,
                            ..CurrentSlice::new(LaneId(lane), slice.task, slice.start)
                        });
                        continue;
                    }
                    _ => continue,
                };
                let (task, until, queued, unnoticed) = wait;
                let first = next.entry(task).or_insert((until, queued, unnoticed));
                let lateness = |wait: &(RunInstant, CompactDuration, CompactDuration)| wait.1.get() + wait.2.get();
                let next = (until, queued, unnoticed);
                if until < first.0 || until == first.0 && lateness(&next) > lateness(first) {
                    *first = (until, queued, unnoticed);
                }
            }
        }
        let before = |instant: RunInstant| Some(instant).filter(|&instant| instant < at);
        live.waiting = next
            .into_iter()
            .map(|(task, (until, queued, unnoticed))| {
                let woken = until - queued.get();
                Waiting {
                    task,
                    ready: before(woken - unnoticed.get()),
                    woken: before(woken),
                }
            })
            .collect();
        live
    }
}
