//! What all groups ask for together: tasks, and room on the disk.

use super::Resolver;
use crate::scenario::limits;
use crate::scenario::notation::{show_duration, show_size};
use crate::scenario::raw::{self, At};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Arrivals, Branch, Draw, FileOp, Repeat, Start, Step, TaskSpec};
use std::collections::{BTreeSet, HashMap};

/// What one task needs while it does its steps once, with the tasks that it calls.
#[derive(Clone, Copy, Default)]
struct Needs {
    /// Tasks, itself included.
    tasks: f64,
    /// Bytes of the files that they write.
    written: f64,
}

impl Needs {
    fn add(&mut self, times: f64, other: Needs) {
        self.tasks += times * other.tasks;
        self.written += times * other.written;
    }
}

impl Resolver<'_> {
    /// Notes the first group with which it is too much. Groups that are wrong by themselves do not count, and groups do not
    /// call themselves.
    pub(super) fn totals(&mut self, raw: &[At<raw::Task>], groups: &[Option<TaskSpec>]) {
        let together = || {
            raw.iter()
                .zip(groups)
                .filter_map(|(raw, group)| Some((raw, group.as_ref()?)))
        };
        let by_name: HashMap<_, _> = together().map(|(_, group)| (group.name.as_str(), group)).collect();
        let mut known = HashMap::new();
        let mut sum = Needs::default();
        let mut read = BTreeSet::new();
        let (mut too_many, mut too_large) = (false, false);
        for (raw, group) in together() {
            let arriving = self.arriving(group);
            if arriving > 0.0 {
                sum.add(arriving, needs(group, &by_name, &mut known));
            }
            each_read(&group.steps, &mut |size| {
                sum.written += if read.insert(size) { size as f64 } else { 0.0 }
            });
            if sum.tasks > limits::TASKS as f64 && !too_many {
                too_many = true;
                self.too_many_tasks(raw, sum.tasks);
            }
            if sum.written > limits::DISK as f64 && !too_large {
                too_large = true;
                let title = format!(
                    "the files would take about {:.0} GiB of the disk",
                    sum.written / (1u64 << 30) as f64
                );
                let label = format!("with this group they are more than {}", show_size(limits::DISK));
                self.found
                    .push(Diagnostic::new(arrivals_place(raw), title).label(label));
            }
        }
    }

    fn too_many_tasks(&mut self, group: &At<raw::Task>, tasks: f64) {
        let within = self
            .duration
            .map_or(String::new(), |length| format!(" in {}", show_duration(length)));
        let title = format!(
            "about {tasks:.0} tasks would arrive{within}, at most {} are possible",
            limits::TASKS
        );
        let diagnostic = Diagnostic::new(arrivals_place(group), title).label("with this group it is too many");
        let calls = group.value.steps.0.iter().flat_map(|steps| &steps.value);
        let calls = calls.filter(|step| calls_tasks(&step.value)).count() > 0;
        self.found.push(if calls {
            diagnostic.note("those that their steps call are among them")
        } else {
            diagnostic
        });
    }

    /// About how many tasks of a group arrive: those without end counted for as long as the group lasts.
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

/// What one task of this group needs; `known` are the groups that were asked for before.
fn needs<'a>(group: &'a TaskSpec, groups: &HashMap<&str, &'a TaskSpec>, known: &mut HashMap<&'a str, Needs>) -> Needs {
    if let Some(needs) = known.get(group.name.as_str()) {
        return *needs;
    }
    let needs = of_steps(&group.steps, groups, known);
    known.insert(&group.name, needs);
    needs
}

/// What a task needs that does these steps. Tasks that it calls one after the other are all counted.
fn of_steps<'a>(steps: &'a [Step], groups: &HashMap<&str, &'a TaskSpec>, known: &mut HashMap<&'a str, Needs>) -> Needs {
    let mut sum = Needs {
        tasks: 1.0,
        written: 0.0,
    };
    let mut own = 0;
    called(steps, 1.0, &mut own, &mut |branch, times| {
        let needs = match branch {
            Branch::Steps(steps) => of_steps(steps, groups, known),
            Branch::Group(name) => match groups.get(name.as_str()) {
                Some(group) => needs(group, groups, known),
                None => Needs::default(),
            },
        };
        sum.add(times, needs);
    });
    // Each task writes a file of its own, over and over.
    sum.written += own as f64;
    sum
}

/// Shows `see` what a task calls that does these steps `times` times, and how many tasks of it there are at once;
/// notes the largest file that the task writes itself.
fn called<'a>(steps: &'a [Step], times: f64, file: &mut u64, see: &mut impl FnMut(&'a Branch, f64)) {
    for step in steps {
        match step {
            Step::File {
                op: FileOp::Write,
                size,
                ..
            } => *file = (*file).max(*size),
            Step::Gather(branches) | Step::Group(branches) | Step::Race(branches) => {
                branches.iter().for_each(|branch| see(branch, 1.0));
            }
            Step::Spawn { branch, count, wait } => {
                // Those that are waited for are gone when the step comes again.
                see(branch, f64::from(*count) * if *wait { 1.0 } else { times });
            }
            Step::Unawaited(_) => {}
            Step::Loop {
                times: Repeat::Times(n),
                steps,
            } => called(steps, times * *n as f64, file, see),
            other => other
                .within()
                .into_iter()
                .for_each(|steps| called(steps, times, file, see)),
        }
    }
}

fn calls_tasks(step: &raw::Step) -> bool {
    let calls = matches!(
        step,
        raw::Step::Gather(_) | raw::Step::Group(_) | raw::Step::Race(_) | raw::Step::Spawn(_)
    );
    let inner = || step.within().into_iter().flat_map(|steps| &steps.value);
    calls || inner().any(|step| calls_tasks(&step.value))
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

fn each_read(steps: &[Step], see: &mut impl FnMut(u64)) {
    for step in steps {
        step.visit(&mut |step| {
            if let Step::File {
                op: FileOp::Read, size, ..
            } = step
            {
                see(*size);
            }
        });
    }
}
