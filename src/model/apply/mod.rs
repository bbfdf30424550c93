//! Applies a batch to the model.
//!
//! [`Model::apply`] applies each part of the batch in order. The module `records` applies each kind
//! of record. The module `samples` applies the samples of tokio-metrics and of the kernel. The
//! module `change` finds or creates the task, lane or group that a record names. When it changes a
//! task, it also updates every sum that contains the task's times. The module `end` cuts everything
//! at the end of the run.

mod change;
mod end;
mod records;
mod samples;

pub(super) use change::{ChangeContext, present_of};
pub(super) use end::End;
pub(super) use records::SleepSource;

use super::*;
use crate::record::{Batch, Definition, Lost};

/// The number of slices whose tasks are prefetched together.
const PREFETCHED: usize = 32;

/// The indices of the records, sorted by time.
///
/// The order affects only the speed, not the model's answers. A batch contains all records of one
/// lane, then all records of the next lane. If a task moved between lanes, many of its slices would
/// be applied out of order without this sort. The sort is cheap because the records of each lane
/// are sorted already.
fn sort_by_time(records: &[(LaneId, Record)]) -> Vec<(RunInstant, u32)> {
    let mut indices: Vec<(RunInstant, u32)> = records
        .iter()
        .zip(0..)
        .map(|((_, record), index)| (record.written_at(), index))
        .collect();
    indices.sort_by_key(|&(at, _)| at);
    indices
}

impl Model {
    /// Moves the model's present forward to `at`. Records of different lanes arrive in any order,
    /// so an earlier instant changes nothing.
    pub(in crate::model) fn advance(&mut self, at: RunInstant) {
        self.now = self.now.max(at);
    }

    /// Applies everything that happened since the previous batch.
    pub fn apply(&mut self, batch: &Batch) {
        self.unset_live();
        if let Some(at) = batch.ended_at {
            self.end(at);
        }
        if self.end.is_none() {
            self.advance(batch.now);
        }
        for definition in &batch.definitions {
            self.define(definition);
        }
        if batch.definitions.iter().any(|d| matches!(d, Definition::Lane { .. })) {
            self.sort_lanes();
        }
        for indices in sort_by_time(&batch.records).chunks(PREFETCHED) {
            let records = || indices.iter().map(|&(_, index)| &batch.records[index as usize]);
            let tasks = self.prefetch(records());
            for (&(lane, ref record), task) in records().zip(tasks) {
                match self.end {
                    None => self.record(lane, record, task),
                    Some(_) => self.record_at_end(lane, record, task),
                }
            }
        }
        for lost in &batch.lost {
            self.count_lost(lost);
        }
        for lost in &batch.repetitions_lost {
            let index = self.group_index_or_insert(lost.group);
            self.groups[index].count_lost_repetitions(lost);
        }
        for window in &batch.arrival_windows {
            let index = self.group_index_or_insert(window.group);
            self.groups[index].arrival_window = window.len;
        }
        self.record_counts.jobs = self.record_counts.jobs.max(batch.jobs);
        for sample in &batch.samples {
            self.sample(sample);
        }
        self.check_holds();
        for sums in &batch.sums {
            self.sums(sums);
        }
        for lost in &batch.lost_slices {
            self.lost_slices(lost);
        }
        for line in &batch.log {
            if self.log.len() == LOG_LINES {
                self.log.pop_front();
            }
            self.log.push_back(line.clone());
        }
        self.series.advance_to(self.now);
        self.blames.advance_to(self.now);
        self.sort_tasks();
        self.evict();
        match self.end {
            None => {
                self.set_live(&batch.live);
                self.resources.arrivals_over |= batch.arrivals_over;
                self.update_pool();
                self.find_deadlocks();
            }
            Some(_) => {
                self.set_live_at_end(&batch.live);
                self.update_pool();
            }
        }
    }

    /// For each slice among `records`, loads the slice's task into the cache. Returns the indices
    /// of these tasks.
    ///
    /// Each slice changes its task. With many tasks, the tasks are far apart in memory. If the
    /// slices were applied one by one, cache misses would take most of the time. The processor
    /// overlaps cache misses if the reads follow each other directly and do not depend on each
    /// other. So this function first reads all indices, then all tasks, then the ends of all open
    /// chunks.
    fn prefetch<'a>(&self, records: impl Iterator<Item = &'a (LaneId, Record)>) -> [Option<usize>; PREFETCHED] {
        let mut indices = [None; PREFETCHED];
        for (index, (_, record)) in indices.iter_mut().zip(records) {
            if let Record::Slice(slice) = record {
                *index = self.task_indices.get(slice.task);
            }
        }
        for &index in indices.iter().flatten() {
            std::hint::black_box(self.tasks[index].prefetch());
        }
        for &index in indices.iter().flatten() {
            std::hint::black_box(self.tasks[index].track.prefetch(&self.arena));
        }
        indices
    }

    fn define(&mut self, definition: &Definition) {
        match definition {
            Definition::Lane { id, kind, name } => {
                let index = self.lane_index_or_insert(*id);
                self.lanes[index].kind = *kind;
                self.lanes[index].name.clone_from(name);
            }
            Definition::Group { id, name, library } => {
                let index = self.group_index_or_insert(*id);
                self.groups[index].name.clone_from(name);
                self.groups[index].library = *library;
            }
            Definition::Label { id, text } => {
                let index = usize::from(id.0);
                if self.labels.len() <= index {
                    self.labels.resize(index + 1, String::new());
                }
                self.labels[index].clone_from(text);
            }
        }
    }

    fn count_lost(&mut self, lost: &Lost) {
        // A worker process of another program may report any number, so the sums saturate.
        let add = |sum: &mut u64, more| *sum = sum.saturating_add(more);
        add(&mut self.record_counts.dropped, lost.slices);
        add(&mut self.record_counts.others_dropped, lost.others);
        if let Some(index) = self.lane_indices.get(lost.lane) {
            let lane = &mut self.lanes[index];
            add(&mut lane.dropped, lost.slices);
            lane.running += lost.time.running;
            lane.blocking += lost.time.blocking;
            lane.off_core.hold_lost(lost.time.running);
        }
    }
}
