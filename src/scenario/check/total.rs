//! The number of tasks and the disk space that all groups need together.

use super::Checker;
use crate::scenario::limits;
use crate::scenario::notation::{show_duration, show_size};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::steps::{Service, Step};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::{Arrivals, Branch, Draw, Start, TaskSpec};
use std::collections::{BTreeSet, HashMap};

/// What a task needs to do its steps once. The needs of called tasks are included.
#[derive(Clone, Copy, Default)]
struct Needs {
    /// The number of tasks, including the task itself.
    tasks: f64,
    /// The size of the files that these tasks write, in bytes.
    written: f64,
}

impl Needs {
    fn add(&mut self, times: f64, other: Needs) {
        self.tasks += times * other.tasks;
        self.written += times * other.written;
    }
}

impl Checker<'_> {
    /// Adds up the needs of the groups. Reports the first group that makes the sum exceed a limit.
    /// Groups with mistakes do not count. Before calling this function, the caller must reject
    /// groups that call themselves.
    pub(super) fn check_totals(&mut self, syntax: &[At<syntax::Task>], groups: &[Option<TaskSpec>]) {
        let together = || {
            syntax
                .iter()
                .zip(groups)
                .filter_map(|(syntax, group)| Some((syntax, group.as_ref()?)))
        };
        let by_name: HashMap<_, _> = together().map(|(_, group)| (group.name.as_str(), group)).collect();
        let mut known = HashMap::new();
        let mut sum = Needs::default();
        let mut read = BTreeSet::new();
        let (mut too_many, mut too_large) = (false, false);
        for (syntax, group) in together() {
            let arriving = self.arriving(group);
            if arriving > 0.0 {
                sum.add(arriving, needs(group, &by_name, &mut known));
            }
            each_file_to_read(&group.steps, &mut |size| {
                sum.written += if read.insert(size) { size as f64 } else { 0.0 }
            });
            if sum.tasks > limits::TASKS as f64 && !too_many {
                too_many = true;
                self.too_many_tasks(syntax, group, sum.tasks);
            }
            if sum.written > limits::DISK as f64 && !too_large {
                too_large = true;
                let title = format!(
                    "the files would need about {:.0} GiB of disk space",
                    sum.written / (1u64 << 30) as f64
                );
                let label = format!("with this group they need more than {}", show_size(limits::DISK));
                self.diagnostics
                    .push(Diagnostic::new(arrivals_place(syntax), title).label(label));
            }
        }
    }

    fn too_many_tasks(&mut self, syntax: &At<syntax::Task>, group: &TaskSpec, tasks: f64) {
        let within = self
            .duration
            .map_or(String::new(), |length| format!(" in {}", show_duration(length)));
        let title = format!(
            "about {tasks:.0} tasks would arrive{within}, but at most {} are allowed",
            limits::TASKS
        );
        let diagnostic =
            Diagnostic::new(arrivals_place(syntax), title).label("with this group there are too many tasks");
        self.diagnostics.push(if group.steps.iter().any(calls_tasks) {
            diagnostic.note("this number includes the tasks that steps call")
        } else {
            diagnostic
        });
    }

    /// Estimates how many tasks of a group arrive. If arrivals have no limit, tasks are counted
    /// until the end of the group.
    fn arriving(&self, group: &TaskSpec) -> f64 {
        let Start::At(start) = group.start else { return 0.0 };
        let end = [self.duration, group.until].into_iter().flatten().min();
        let time = end.map_or(0.0, |end| end.saturating_sub(start).as_secs_f64());
        match (group.count, group.arrivals) {
            (Some(count), _) => f64::from(count),
            (None, Arrivals::Rate(rate)) => time * rate,
            (None, Arrivals::Ramp { from, to, over }) => {
                let ramp = time.min(over.as_secs_f64());
                let reached = from + (to - from) * ramp / over.as_secs_f64();
                ramp * (from + reached) / 2.0 + (time - ramp) * to
            }
            (None, Arrivals::Every { pause, burst }) => time / mean(pause) * f64::from(burst),
            (None, Arrivals::Together) => 1.0,
        }
    }
}

/// The needs of one task of this group. `known` caches the results.
fn needs<'a>(group: &'a TaskSpec, groups: &HashMap<&str, &'a TaskSpec>, known: &mut HashMap<&'a str, Needs>) -> Needs {
    if let Some(needs) = known.get(group.name.as_str()) {
        return *needs;
    }
    let needs = of_steps(&group.steps, groups, known);
    known.insert(&group.name, needs);
    needs
}

/// The needs of a task with these steps. All tasks that this task calls count, even if the called
/// tasks run one after the other.
fn of_steps<'a>(steps: &'a [Step], groups: &HashMap<&str, &'a TaskSpec>, known: &mut HashMap<&'a str, Needs>) -> Needs {
    let mut sum = Needs {
        tasks: 1.0,
        written: 0.0,
    };
    let mut own = 0;
    walk(steps, 1.0, &mut own, &mut |branch, times| {
        let needs = match branch {
            Branch::Steps(steps) => of_steps(steps, groups, known),
            Branch::Group(name) => match groups.get(name.as_str()) {
                Some(group) => needs(group, groups, known),
                None => Needs::default(),
            },
        };
        sum.add(times, needs);
    });
    // A task writes the same file again and again. So only the largest size of this file counts.
    sum.written += own as f64;
    sum
}

/// Walks through the `steps` of a task. The task repeats these steps `times` times. For each branch
/// that the task calls, calls `visitor` with the number of tasks that do this branch at the same
/// time. Raises `largest_file` to the size of the largest file that the task itself writes.
fn walk<'a>(steps: &'a [Step], times: f64, largest_file: &mut u64, visitor: &mut impl FnMut(&'a Branch, f64)) {
    for step in steps {
        if let Some(Service::FileToWrite(size)) = step.service() {
            *largest_file = (*largest_file).max(size);
        }
        for child in step.children().into_iter().filter(|child| child.count > 0) {
            // If the step waits for its tasks, the tasks of one repetition end before the next
            // repetition.
            let times = if child.awaited { 1.0 } else { times };
            visitor(child.branch, f64::from(child.count) * times);
        }
        for steps in step.own_steps() {
            walk(steps, times * step.rounds(), largest_file, visitor);
        }
    }
}

/// Whether this step, or a step inside it, creates tasks that will run.
fn calls_tasks(step: &Step) -> bool {
    let mut calls = false;
    step.visit(&mut |step| calls |= step.children().iter().any(|child| child.count > 0));
    calls
}

/// The place of the key that decides how many tasks arrive.
fn arrivals_place(group: &At<syntax::Task>) -> Place {
    let task = &group.value;
    let count = task.count.as_ref().map(|at| &at.place);
    let every = task.every.as_ref().map(|at| &at.place);
    let rate = task.rate.as_ref().map(|at| &at.place);
    count.or(every).or(rate).unwrap_or(&group.place).clone()
}

/// The mean of a duration that is fixed or random, in seconds. The mean is approximate if the
/// distribution is cut off at zero.
fn mean(draw: Draw) -> f64 {
    match draw {
        Draw::Fixed(length) => length.as_secs_f64(),
        Draw::Uniform { min, max } => (min.as_secs_f64() + max.as_secs_f64()) / 2.0,
        Draw::Normal { mean, .. } | Draw::Exponential { mean } => mean.as_secs_f64(),
        Draw::LogNormal { median, p99 } => {
            // The 99th percentile of the normal distribution is 2.326 standard deviations above its
            // mean.
            let sigma = (p99.as_secs_f64() / median.as_secs_f64()).ln() / 2.326;
            median.as_secs_f64() * (sigma * sigma / 2.0).exp()
        }
    }
}

/// Calls `visitor` with the size of each file that the steps read.
fn each_file_to_read(steps: &[Step], visitor: &mut impl FnMut(u64)) {
    for step in steps {
        step.visit(&mut |step| {
            if let Some(Service::FileToRead(size)) = step.service() {
                visitor(size);
            }
        });
    }
}
