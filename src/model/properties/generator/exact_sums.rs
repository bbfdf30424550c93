//! The sums that the threads of a simulated run keep.

use super::*;

impl RecordedRun {
    /// What the lanes have lost.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let lost = self.lost.iter().map(|lost| Lost {
            time: if self.is_exact { lost.time } else { LostTime::default() },
            ..*lost
        });
        lost.collect()
    }

    /// For each task that has lost slices until the instant `by`, the sums at this instant.
    pub(super) fn sums_by(&self, by: RunInstant) -> Vec<TaskSums> {
        let known = self.sums.iter().filter(|sums| self.is_exact && sums.until <= by);
        let latest: HashMap<_, _> = known.map(|sums| (sums.task, *sums)).collect();
        latest.into_values().filter(|sums| sums.lost > 0).collect()
    }
}

impl Simulation {
    /// Adds a slice to the sums of its task. `asleep` are the blocking steps in the slice. Returns
    /// the times of the slice.
    pub(super) fn add_to_sums(&mut self, slice: &Slice, asleep: &[(u64, u64)], is_lost: bool) -> LostTime {
        let blocking = Nanos(asleep.iter().map(|(from, to)| to - from).sum());
        let time = LostTime {
            running: slice.len.get() - blocking,
            blocking,
        };
        let before = self.sums.iter().rfind(|sums| sums.task == slice.task);
        let mut sums = before.copied().unwrap_or_else(|| self.at_spawn(slice.task));
        let wait = WaitParts::divide(
            sums.reason,
            slice.start - sums.until,
            slice.queued.get(),
            slice.unnoticed.get(),
        );
        if let Some(time) = sums.suspended_on.get_mut(sums.reason as usize) {
            *time += wait.suspended;
        }
        sums.unnoticed += wait.unnoticed;
        sums.queued += wait.queued;
        sums.running += time.running;
        if slice.len.get() >= HOGGING_POLL {
            sums.hogging += time.running;
        }
        sums.blocking += time.blocking;
        sums.lost += u64::from(is_lost);
        self.sums.push(TaskSums {
            until: slice.start + slice.len.get(),
            reason: slice.suspended_on,
            label: slice.label,
            ..sums
        });
        time
    }

    /// The sums of a task that has not run yet.
    fn at_spawn(&self, task: TaskId) -> TaskSums {
        let spawns = self.rings[NO_LANE].iter().filter_map(|record| match record {
            Record::Spawned(spawned) if spawned.task == task => Some(spawned.at),
            _ => None,
        });
        TaskSums {
            until: spawns.min().expect("a task is spawned before it runs"),
            task,
            lost: 0,
            running: Nanos::ZERO,
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            queued: Nanos::ZERO,
            unnoticed: Nanos::ZERO,
            suspended_on: ByReason::default(),
            on_worker: true,
            reason: Reason::Yield,
            label: Label::NONE,
        }
    }
}
