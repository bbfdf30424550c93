//! Writes the report as tables, at the end of a run without a screen.
//!
//! The layout fits into 80 columns and has no colours or boxes, so that it can also be written to a
//! file. On a wider terminal, the tables have more columns. Numbers are rounded.
//! [`Report::to_json`] contains the exact numbers.
//!
//! To add a column, add a line to [`GROUP_RESULTS`], [`RARE_RESULTS`], [`GROUP_TIMES`],
//! [`LANE_COLUMNS`], or to one of the lists of the module `resource_columns`.

use super::flow::flow;
use super::grid::{self, Column};
use super::resource_columns::{MEMORY_COLUMNS, RECEIVER_COLUMNS, RESOURCE_COLUMNS};
use super::verdicts;
use crate::figures::{Executor, Finding, Group, Lane, Machine, Percentiles, Receiver, Report, Resource, Tasks, Tokio};
use crate::record::{self, Nanos, Reason};
use crate::text;

/// The maximum number of lanes of one kind that have separate rows. If there are more lanes, they
/// share one row.
const MAX_LANE_ROWS: usize = 16;

/// The index in [`GROUP_RESULTS`] at which [`RARE_RESULTS`] are inserted: after `failed`.
const RARE_RESULTS_AT: usize = 4;

/// The columns for the results of each group's tasks.
const GROUP_RESULTS: &[Column<Group>] = &[
    column(0, "", "tasks", |it| text::count(it.spawned)),
    column(0, "", "reps", |it| text::count(it.repetitions)),
    column(0, "timed", "out", |it| text::count(it.timed_out)),
    column(1, "", "failed", |it| text::count(it.failed)),
    column(5, "rep", "p50", |it| repetition_time(it, |times| times.p50)),
    column(5, "rep", "p99", |it| repetition_time(it, |times| times.p99)),
    column(1, "", "polls", |it| text::count(it.polls)),
    column(3, "poll", "p99", |it| time(it.poll_ns.count, it.poll_ns.p99)),
    column(6, "poll", "max", |it| time(it.poll_ns.count, it.poll_ns.max)),
    column(4, "delay", "p50", |it| time(it.delay_ns.count, it.delay_ns.p50)),
    column(0, "delay", "p99", |it| time(it.delay_ns.count, it.delay_ns.p99)),
    column(0, "late", "p99", |it| time(it.lateness_ns.count, it.lateness_ns.p99)),
    column(2, "late", "max", |it| time(it.lateness_ns.count, it.lateness_ns.max)),
];

type Count = fn(&Group) -> u64;

/// The columns for rare results. Such a column is shown only if its number is above zero in at
/// least one group.
const RARE_RESULTS: &[(Count, Column<Group>)] = &[
    (
        |it| it.orphaned,
        column(1, "or-", "phaned", |it| text::count(it.orphaned)),
    ),
    (
        |it| it.tasks.unobserved_failure,
        column(1, "unobserved", "failure", |it| {
            text::count(it.tasks.unobserved_failure)
        }),
    ),
    (
        |it| it.tasks.never_started,
        column(1, "never", "started", |it| text::count(it.tasks.never_started)),
    ),
    (
        |it| it.tasks.panicked,
        column(1, "", "panicked", |it| text::count(it.tasks.panicked)),
    ),
    (
        |it| it.tasks.lost,
        column(1, "", "lost", |it| text::count(it.tasks.lost)),
    ),
];

type Condition = fn(&Group) -> bool;

/// The columns for the time of each group's tasks, by state. A column is shown if its condition
/// holds for at least one group.
const GROUP_TIMES: &[(Condition, Column<Group>)] = &[
    (
        |_| true,
        column(0, "", "running", |it| time(it.running_ns, it.running_ns)),
    ),
    (
        |it| it.hogging_ns > 0,
        column(0, "", "hogging", |it| time(it.hogging_ns, it.hogging_ns)),
    ),
    (
        |it| is_part(it.off_core_ns.unwrap_or(0), 10, it.running_ns + it.hogging_ns),
        column(2, "off", "core", |it| time_if_known(it.off_core_ns)),
    ),
    (
        |_| true,
        column(0, "", "blocking", |it| time(it.blocking_ns, it.blocking_ns)),
    ),
    (
        |it| it.sleeping_ns > 0,
        column(0, "", "sleeping", |it| time(it.sleeping_ns, it.sleeping_ns)),
    ),
    (
        |it| is_part(it.work.wasted_ns, 100, held(it)),
        column(1, "", "wasted", |it| time(it.work.wasted_ns, it.work.wasted_ns)),
    ),
    (|_| true, column(0, "", "queued", |it| time(it.queued_ns, it.queued_ns))),
    (
        |_| true,
        column(0, "", "unnoticed", |it| time(it.unnoticed_ns, it.unnoticed_ns)),
    ),
    (
        |_| true,
        column(0, "", "waiting", |it| time(it.waiting_ns, it.waiting_ns)),
    ),
    (
        |_| true,
        column(0, "", "suspended", |it| time(it.suspended_ns, it.suspended_ns)),
    ),
    (
        |_| true,
        column(1, "", "mostly on", |it| {
            let all = it.waiting_on.iter().chain(&it.suspended_on);
            mostly_on(all, it.waiting_ns + it.suspended_ns)
        }),
    ),
    (
        |_| true,
        column(2, "timer", "resolution", |it| time_if_known(it.timer_resolution_ns)),
    ),
    (
        |_| true,
        column(3, "asleep", "mostly on", |it| {
            mostly_on(it.blocked_on.iter(), it.blocking_ns + it.sleeping_ns)
        }),
    ),
];

/// Whether `part` is above zero, and is at least one `share`-th of `whole`.
fn is_part(part: u64, share: u64, whole: u64) -> bool {
    part > 0 && part >= whole / share
}

/// The time in which the tasks of a group held a thread.
fn held(group: &Group) -> u64 {
    group.running_ns + group.hogging_ns + group.blocking_ns + group.sleeping_ns
}

/// The columns for the figures of each lane.
const LANE_COLUMNS: &[Column<Lane>] = &[
    column(0, "", "busy", |it| percent(it.utilisation)),
    column(0, "", "running", |it| time(it.running_ns, it.running_ns)),
    column(1, "off", "core", |it| time_if_known(it.off_core_ns)),
    column(0, "", "asleep", |it| {
        let asleep = it.blocking_ns + it.sleeping_ns;
        time(asleep, asleep)
    }),
    column(1, "", "slices", |it| text::count(it.slices)),
    column(2, "CPU", "time", |it| time_if_known(it.on_cpu_ns)),
    column(3, "waits", "for CPU", |it| time_if_known(it.off_cpu_ns)),
];

pub(super) const fn column<R>(rank: u8, upper: &'static str, lower: &'static str, cell: fn(&R) -> String) -> Column<R> {
    Column {
        heading: [upper, lower],
        rank,
        cell,
    }
}

impl Report {
    /// Returns the tables. The text ends with a newline. The tables fit into `width` columns if
    /// `width` is at least 80.
    pub fn table(&self, width: usize) -> String {
        let mut out = String::new();
        flow(&mut out, 0, " · ", self.headline(), width);
        flow(&mut out, 0, " · ", self.setup(), width);
        if !self.groups.is_empty() {
            out.push('\n');
            grid::draw(
                &mut out,
                "group",
                &self.groups,
                |it| &it.name,
                self.group_results(),
                width,
            );
            out.push('\n');
            grid::draw(&mut out, "time", &self.groups, |it| &it.name, self.group_times(), width);
        }
        if !self.lanes.is_empty() {
            out.push('\n');
            let lanes: Vec<Lane> = self
                .lanes
                .chunk_by(|a, b| a.kind == b.kind)
                .flat_map(lane_rows)
                .collect();
            grid::draw(&mut out, "lane", &lanes, |it| &it.name, LANE_COLUMNS, width);
        }
        for (kind, columns) in RESOURCE_COLUMNS {
            let resources: Vec<Resource> = self.resources.iter().filter(|it| it.kind == *kind).cloned().collect();
            if !resources.is_empty() {
                out.push('\n');
                let have_sizes = resources.iter().any(|it| it.length_bytes.is_some());
                let columns = columns.iter().chain(MEMORY_COLUMNS.iter().filter(|_| have_sizes));
                grid::draw(&mut out, kind, &resources, |it| &it.name, columns, width);
            }
        }
        let receivers: Vec<Receiver> = self.resources.iter().flat_map(receiver_rows).collect();
        if !receivers.is_empty() {
            out.push('\n');
            grid::draw(&mut out, "receiver", &receivers, |it| &it.name, RECEIVER_COLUMNS, width);
        }
        out.push('\n');
        let mut section = |title: &str, parts: Vec<String>| {
            out.push_str(title);
            flow(&mut out, text::width(title), " · ", parts, width);
        };
        section("tasks    ", task_outcomes(&self.tasks));
        section("machine  ", machine_use(&self.machine));
        if let Some(tokio) = &self.tokio {
            section("tokio    ", tokio_totals(tokio));
        }
        section("records  ", self.record_counts());
        let sampled = self.samples();
        if !sampled.is_empty() {
            section("sampled  ", sampled);
        }
        findings(&mut out, &self.findings, width);
        for deadlock in &self.deadlocks {
            out.push('\n');
            flow(&mut out, 0, " ", deadlock.sentence.split_whitespace(), width);
        }
        if !self.expect.is_empty() {
            out.push('\n');
            out.push_str(&verdicts(&self.expect, width));
        }
        if let Some(left) = &self.left_running {
            flow(&mut out, 0, " ", left.split_whitespace(), width);
        }
        out
    }

    /// The columns of results, including the columns of rare results that occurred.
    fn group_results(&self) -> impl Iterator<Item = &'static Column<Group>> {
        let occurred = |count: Count| self.groups.iter().any(|group| count(group) > 0);
        let rare = RARE_RESULTS.iter().filter(move |(count, _)| occurred(*count));
        let (before, after) = GROUP_RESULTS.split_at(RARE_RESULTS_AT);
        before.iter().chain(rare.map(|(_, column)| column)).chain(after)
    }

    /// The columns of times whose condition holds.
    fn group_times(&self) -> impl Iterator<Item = &'static Column<Group>> {
        let is_shown = |condition: &Condition| self.groups.iter().any(condition);
        let shown = GROUP_TIMES.iter().filter(move |(condition, _)| is_shown(condition));
        shown.map(|(_, column)| column)
    }

    fn headline(&self) -> Vec<String> {
        let mut parts = vec![self.title.clone(), self.scenario.clone()];
        parts.retain(|part| !part.is_empty());
        parts.push(text::duration(Nanos(self.elapsed_ns)));
        parts.push(format!("seed {}", self.seed));
        parts
    }

    /// The executor with its settings, and the calibration.
    fn setup(&self) -> Vec<String> {
        let mut parts = executor(&self.executor);
        let calibration = &self.calibration;
        parts.push(format!(
            "{} units of cpu work per ms",
            text::count(calibration.units_per_ms as u64)
        ));
        if calibration.spread > record::Calibration::ROUGH {
            let spread = percent(calibration.spread);
            parts.push(format!("imprecise: calibrated on a busy machine, spread {spread}"));
        }
        parts
    }

    /// The groups whose percentiles come from a sample of the slices.
    fn samples(&self) -> Vec<String> {
        let groups: Vec<_> = self.groups.iter().filter_map(sample).collect();
        match groups.is_empty() {
            true => groups,
            false => std::iter::once("percentiles; counts and times are exact".to_owned())
                .chain(groups)
                .collect(),
        }
    }

    fn record_counts(&self) -> Vec<String> {
        let records = &self.records;
        let mut parts = vec![format!("{} slices recorded", records.written)];
        if records.after_end > 0 {
            parts.push(format!("{} of them after the end", records.after_end));
        }
        parts.push(format!("{} lost", records.dropped));
        if records.others_dropped > 0 {
            parts.push(format!("{} other records lost", records.others_dropped));
        }
        if let (Some(matches), Some(tokio)) = (records.matches_tokio, &self.tokio) {
            let (ours, tokios) = (records.polls, tokio.polls);
            parts.push(match matches {
                true if ours == tokios => "equal to tokio's poll count".to_owned(),
                true => format!("tokio counts {tokios} polls: it leaves out polls from LIFO slots"),
                false => format!("MISMATCH: tokio counts {tokios} polls, but tasklab counts {ours}"),
            });
        }
        parts
    }
}

/// What went wrong: for each finding, one sentence and its remedy.
fn findings(out: &mut String, findings: &[Finding], width: usize) {
    for finding in findings {
        out.push('\n');
        flow(out, 0, " ", finding.sentence.split_whitespace(), width);
        out.push_str("  → ");
        flow(out, 4, " ", finding.remedy.split_whitespace(), width);
    }
}

/// The share of the slices in a sample.
fn sample(group: &Group) -> Option<String> {
    let sampled = group.sampled?;
    let share = percent(sampled.slices as f64 / sampled.of.max(1) as f64);
    Some(format!("{}: {share} of the slices", group.name))
}

/// The number of tasks, and the number of tasks with each outcome.
fn task_outcomes(tasks: &Tasks) -> Vec<String> {
    let ended = [
        (tasks.completed, "completed"),
        (tasks.failed, "failed"),
        (tasks.cancelled, "cancelled"),
        (tasks.timed_out, "timed out"),
        (tasks.panicked, "panicked"),
        (tasks.unobserved_failure, "unobserved failure"),
        (tasks.never_started, "never started"),
        (tasks.lost, "lost"),
        (tasks.unknown, "unknown"),
        (tasks.running, "still running"),
    ];
    let mut parts = vec![format!("{} spawned", tasks.spawned)];
    let occurred = ended.iter().filter(|(count, _)| *count > 0);
    parts.extend(occurred.map(|(count, outcome)| format!("{count} {outcome}")));
    parts
}

fn executor(executor: &Executor) -> Vec<String> {
    let workers = executor.workers;
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name} {value}"));
    let switch = |name: &str, on: bool| on.then(|| name.to_owned());
    let knobs = [
        number("event_interval", executor.event_interval.map(u64::from)),
        number("global_queue_interval", executor.global_queue_interval.map(u64::from)),
        number("max_blocking_threads", executor.max_blocking_threads.map(|n| n as u64)),
        switch("disable_lifo_slot", executor.disable_lifo_slot),
        switch("enable_eager_driver_handoff", executor.enable_eager_driver_handoff),
        switch("enable_alt_timer", executor.enable_alt_timer),
    ];
    let mut parts = vec![
        executor.kind.to_owned(),
        match workers {
            0 => "one thread per task".to_owned(),
            1 => "1 worker".to_owned(),
            n => format!("{n} workers"),
        },
    ];
    parts.extend(knobs.into_iter().flatten());
    parts
}

fn machine_use(machine: &Machine) -> Vec<String> {
    let mut parts = vec![
        format!("{} CPU time", text::duration(Nanos(machine.cpu_ns))),
        format!("{} peak", text::bytes(machine.peak_memory_bytes)),
        format!("{} voluntary switches", text::count(machine.voluntary_switches)),
        format!("{} forced", text::count(machine.involuntary_switches)),
    ];
    if machine.processes > 1 {
        parts.push(format!("{} processes", machine.processes));
    }
    parts
}

fn tokio_totals(tokio: &Tokio) -> Vec<String> {
    vec![
        format!("{} busy", text::duration(Nanos(tokio.busy_ns))),
        format!("{} parks", text::count(tokio.parks)),
        format!("{} steals", text::count(tokio.steals)),
        format!("{} I/O events", text::count(tokio.io_ready)),
        format!("{} forced yields", text::count(tokio.budget_forced_yields)),
    ]
}

/// The rows of the lanes of one kind. Each lane has a row, but if there are many lanes, they share
/// one row.
fn lane_rows(lanes: &[Lane]) -> Vec<Lane> {
    if lanes.len() <= MAX_LANE_ROWS {
        return lanes.to_vec();
    }
    let sum = |figure: fn(&Lane) -> Option<u64>| lanes.iter().map(figure).sum::<Option<u64>>();
    vec![Lane {
        name: format!("{} × {}", lanes.len(), lanes[0].kind),
        kind: lanes[0].kind,
        slices: lanes.iter().map(|it| it.slices).sum(),
        running_ns: lanes.iter().map(|it| it.running_ns).sum(),
        off_core_ns: sum(|it| it.off_core_ns),
        blocking_ns: lanes.iter().map(|it| it.blocking_ns).sum(),
        sleeping_ns: lanes.iter().map(|it| it.sleeping_ns).sum(),
        utilisation: lanes.iter().map(|it| it.utilisation).sum::<f64>() / lanes.len() as f64,
        on_cpu_ns: sum(|it| it.on_cpu_ns),
        off_cpu_ns: sum(|it| it.off_cpu_ns),
    }]
}

/// The rows of the receivers of a channel: `slow of news`.
fn receiver_rows(resource: &Resource) -> Vec<Receiver> {
    let named = |receiver: &Receiver| Receiver {
        name: format!("{} of {}", receiver.name, resource.name),
        ..receiver.clone()
    };
    resource.receivers.iter().flatten().map(named).collect()
}

/// The reason with the longest of these times, and the share of this reason in `all`.
fn mostly_on<'a>(times: impl Iterator<Item = (&'a &'static str, &'a u64)>, all: u64) -> String {
    match times.max_by_key(|(_, time)| **time) {
        Some((reason, time)) if *reason != Reason::Unknown.into_str() => {
            format!("{reason} {}", percent(*time as f64 / all.max(1) as f64))
        }
        // A job on a blocking thread is never suspended. Between its last slice and its end, some
        // microseconds count as suspended for an unknown reason. These microseconds would mislead,
        // so they are not shown.
        _ => dash(),
    }
}

/// A duration, or a dash if `count` is 0.
pub(super) fn time(count: u64, ns: u64) -> String {
    match count {
        0 => dash(),
        _ => text::duration(Nanos(ns)),
    }
}

/// A percentile of a group's repetitions, or a dash if the group has none.
fn repetition_time(group: &Group, percentile: fn(Percentiles) -> u64) -> String {
    time_if_known(group.repetition_ns.map(percentile))
}

pub(super) fn dash() -> String {
    "–".to_owned()
}

fn time_if_known(ns: Option<u64>) -> String {
    ns.map_or_else(dash, |ns| text::duration(Nanos(ns)))
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
