//! What all groups ask for together: tasks, and room on the disk.

use super::Resolver;
use crate::scenario::limits;
use crate::scenario::notation::{show_duration, show_size};
use crate::scenario::raw::{self, At};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Arrivals, Draw, FileOp, Start, Step, TaskSpec};
use std::collections::BTreeSet;

impl Resolver<'_> {
    /// Notes the first group with which it is too much. Groups that are wrong by themselves do not count.
    pub(super) fn totals(&mut self, raw: &[At<raw::Task>], groups: &[Option<TaskSpec>]) {
        let together = || {
            raw.iter()
                .zip(groups)
                .filter_map(|(raw, group)| Some((raw, group.as_ref()?)))
        };
        let mut tasks = 0.0;
        for (raw, group) in together() {
            tasks += self.arriving(group);
            if tasks > limits::TASKS as f64 {
                let within = self
                    .duration
                    .map_or(String::new(), |length| format!(" in {}", show_duration(length)));
                let title = format!(
                    "about {tasks:.0} tasks would arrive{within}, at most {} are possible",
                    limits::TASKS
                );
                self.found
                    .push(Diagnostic::new(arrivals_place(raw), title).label("with this group it is too many"));
                break;
            }
        }
        let mut disk = 0.0;
        let mut read = BTreeSet::new();
        for (raw, group) in together() {
            let mut written = 0;
            each_file(&group.steps, &mut |op, size| match op {
                FileOp::Read => disk += if read.insert(size) { size as f64 } else { 0.0 },
                FileOp::Write => written = written.max(size),
            });
            // Each task writes a file of its own, over and over.
            disk += written as f64 * self.arriving(group);
            if disk > limits::DISK as f64 {
                let title = format!(
                    "the files would take about {:.0} GiB of the disk",
                    disk / (1u64 << 30) as f64
                );
                let label = format!("with this group they are more than {}", show_size(limits::DISK));
                self.found
                    .push(Diagnostic::new(arrivals_place(raw), title).label(label));
                break;
            }
        }
    }

    /// About how many tasks of a group arrive: those without end counted for as long as the run lasts.
    fn arriving(&self, group: &TaskSpec) -> f64 {
        let Start::At(start) = group.start else { return 0.0 };
        let time = self
            .duration
            .map_or(0.0, |length| length.saturating_sub(start).as_secs_f64());
        match (group.count, group.arrivals) {
            (Some(count), _) => f64::from(count),
            (None, Arrivals::Rate(rate)) => time * rate,
            (None, Arrivals::Ramp { from, to, .. }) => time * from.max(to),
            (None, Arrivals::Every { pause, burst }) => time / mean(pause) * f64::from(burst),
            (None, Arrivals::Together) => 1.0,
        }
    }
}

/// What says how many tasks arrive.
fn arrivals_place(group: &At<raw::Task>) -> Place {
    let task = &group.value;
    let count = task.count.as_ref().map(|at| &at.place);
    let every = task.every.as_ref().map(|at| &at.place);
    let rate = task.rate.as_ref().map(|at| &at.place);
    count.or(every).or(rate).unwrap_or(&group.place).clone()
}

/// The mean of a draw, in seconds; about, where the draw is cut off at zero.
fn mean(draw: Draw) -> f64 {
    match draw {
        Draw::Fixed(length) => length.as_secs_f64(),
        Draw::Uniform { min, max } => (min.as_secs_f64() + max.as_secs_f64()) / 2.0,
        Draw::Normal { mean, .. } | Draw::Exponential { mean } => mean.as_secs_f64(),
        Draw::LogNormal { median, p99 } => {
            // 2.326 standard deviations above the mean lies the 99th percentile of the normal distribution.
            let sigma = (p99.as_secs_f64() / median.as_secs_f64()).ln() / 2.326;
            median.as_secs_f64() * (sigma * sigma / 2.0).exp()
        }
    }
}

fn each_file(steps: &[Step], see: &mut impl FnMut(FileOp, u64)) {
    for step in steps {
        step.visit(&mut |step| {
            if let Step::File { op, size, .. } = step {
                see(*op, *size);
            }
        });
    }
}
