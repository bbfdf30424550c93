//! The report as a table, for the end of a headless run.
//!
//! It is made for 80 columns and for files: no colours, no boxes. A wider terminal gets more columns. Numbers are rounded
//! for reading; [`Report::to_json`] has them whole.

use super::grid::{self, Column};
use super::json::{Executor, Group, Lane, Report, Resources, Tokio};
use super::verdicts;
use crate::record::{Nanos, Reason};
use crate::text;
use crate::workload;
use std::fmt::Write;

/// Lanes of one kind that are listed one by one; more become one row.
const LANES: usize = 16;

/// The place in [`DONE`] after what went wrong.
const FAILURES: usize = 4;

/// What the tasks of each group did, and how they fared.
const DONE: [Column<Group>; 13] = [
    column(0, "", "tasks", |it| text::count(it.spawned)),
    column(0, "", "reps", |it| text::count(it.repetitions)),
    column(0, "timed", "out", |it| text::count(it.timed_out)),
    column(1, "", "failed", |it| text::count(it.failed)),
    column(5, "rep", "p50", |it| {
        length(it.repetition_ns.count, it.repetition_ns.p50)
    }),
    column(5, "rep", "p99", |it| {
        length(it.repetition_ns.count, it.repetition_ns.p99)
    }),
    column(1, "", "polls", |it| text::count(it.polls)),
    column(3, "poll", "p99", |it| length(it.poll_ns.count, it.poll_ns.p99)),
    column(6, "poll", "max", |it| length(it.poll_ns.count, it.poll_ns.max)),
    column(4, "delay", "p50", |it| length(it.delay_ns.count, it.delay_ns.p50)),
    column(0, "delay", "p99", |it| length(it.delay_ns.count, it.delay_ns.p99)),
    column(0, "late", "p99", |it| length(it.lateness_ns.count, it.lateness_ns.p99)),
    column(2, "late", "max", |it| length(it.lateness_ns.count, it.lateness_ns.max)),
];

type Count = fn(&Group) -> u64;

/// What happens to few tasks: each a column only where it happened to one.
const SELDOM: [(Count, Column<Group>); 5] = [
    (
        |it| it.orphaned,
        column(1, "or-", "phaned", |it| text::count(it.orphaned)),
    ),
    (
        |it| it.tasks.failed_unseen,
        column(1, "failed", "unseen", |it| text::count(it.tasks.failed_unseen)),
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

/// Where the time of each group's tasks went.
const TIMES: [Column<Group>; 6] = [
    column(0, "", "running", |it| length(it.running_ns, it.running_ns)),
    column(0, "", "blocking", |it| length(it.blocking_ns, it.blocking_ns)),
    column(0, "", "queued", |it| length(it.queued_ns, it.queued_ns)),
    column(0, "", "unnoticed", |it| length(it.unnoticed_ns, it.unnoticed_ns)),
    column(0, "", "suspended", |it| length(it.suspended_ns, it.suspended_ns)),
    column(1, "", "mostly on", mostly_on),
];

/// What each lane did.
const LANE: [Column<Lane>; 6] = [
    column(0, "", "busy", |it| percent(it.utilisation)),
    column(0, "", "running", |it| length(it.running_ns, it.running_ns)),
    column(0, "", "blocking", |it| length(it.blocking_ns, it.blocking_ns)),
    column(1, "", "slices", |it| text::count(it.slices)),
    column(2, "on a", "core", |it| maybe(it.on_cpu_ns)),
    column(3, "waits for", "a core", |it| maybe(it.off_cpu_ns)),
];

const fn column<R>(rank: u8, over: &'static str, heading: &'static str, cell: fn(&R) -> String) -> Column<R> {
    Column {
        heading: [over, heading],
        rank,
        cell,
    }
}

impl Report {
    /// The table, `width` columns wide where that is possible (80 always is), ending with a newline.
    pub fn table(&self, width: usize) -> String {
        let mut out = String::new();
        flow(&mut out, "", " · ", self.head(), width);
        flow(&mut out, "", " · ", self.circumstances(), width);
        if !self.groups.is_empty() {
            out.push('\n');
            grid::draw(&mut out, "group", &self.groups, |it| &it.name, &self.done(), width);
            out.push('\n');
            grid::draw(&mut out, "time", &self.groups, |it| &it.name, &TIMES, width);
        }
        if !self.lanes.is_empty() {
            out.push('\n');
            let lanes: Vec<Lane> = self.lanes.chunk_by(|a, b| a.kind == b.kind).flat_map(few).collect();
            grid::draw(&mut out, "lane", &lanes, |it| &it.name, &LANE, width);
        }
        out.push('\n');
        flow(&mut out, "tasks    ", " · ", self.outcomes(), width);
        flow(&mut out, "machine  ", " · ", machine(&self.resources), width);
        if let Some(tokio) = &self.tokio {
            flow(&mut out, "tokio    ", " · ", runtime(tokio), width);
        }
        flow(&mut out, "records  ", " · ", self.completeness(), width);
        if !self.expect.is_empty() {
            out.push('\n');
            out.push_str(&verdicts(&self.expect, width));
        }
        if let Some(left) = &self.left_running {
            flow(
                &mut out,
                "",
                " ",
                left.split_whitespace().map(str::to_owned).collect(),
                width,
            );
        }
        out
    }

    /// The columns on what was done, with those on what happens seldom after the failures.
    fn done(&self) -> Vec<Column<Group>> {
        let happened = |of: Count| self.groups.iter().any(|it| of(it) > 0);
        let seldom = SELDOM.into_iter().filter(|(of, _)| happened(*of));
        let mut columns = Vec::from(DONE);
        columns.splice(FAILURES..FAILURES, seldom.map(|(_, column)| column));
        columns
    }

    fn head(&self) -> Vec<String> {
        let mut head = vec![self.title.clone(), self.scenario.clone()];
        head.retain(|it| !it.is_empty());
        head.push(text::duration(Nanos(self.elapsed_ns)));
        head.push(format!("seed {}", self.seed));
        head
    }

    fn circumstances(&self) -> Vec<String> {
        let mut pieces = executor(&self.executor);
        let calibration = &self.calibration;
        pieces.push(format!(
            "{} units of cpu work per ms",
            text::count(calibration.units_per_ms as u64)
        ));
        if calibration.spread > workload::Calibration::ROUGH {
            let spread = percent(calibration.spread);
            pieces.push(format!("only roughly: calibrated on a busy machine, spread {spread}"));
        }
        pieces
    }

    fn outcomes(&self) -> Vec<String> {
        let tasks = &self.tasks;
        let words = [
            (tasks.completed, "completed"),
            (tasks.failed, "failed"),
            (tasks.cancelled, "cancelled"),
            (tasks.timed_out, "timed out"),
            (tasks.panicked, "panicked"),
            (tasks.failed_unseen, "failed unseen"),
            (tasks.never_started, "never started"),
            (tasks.lost, "lost"),
            (tasks.unknown, "unknown"),
            (tasks.running, "still running"),
        ];
        let some = words.iter().filter(|(count, _)| *count > 0);
        std::iter::once(&(tasks.spawned, "spawned"))
            .chain(some)
            .map(|(count, word)| format!("{count} {word}"))
            .collect()
    }

    fn completeness(&self) -> Vec<String> {
        let records = &self.records;
        let mut pieces = vec![
            format!("{} slices recorded", records.written),
            format!("{} lost", records.dropped),
        ];
        if records.others_dropped > 0 {
            pieces.push(format!("{} other records lost", records.others_dropped));
        }
        if let (Some(matches), Some(tokio)) = (records.matches_tokio, &self.tokio) {
            let (ours, tokios) = (records.polls, tokio.polls);
            pieces.push(match matches {
                true if ours == tokios => "as many as tokio counts polls".to_owned(),
                true => format!("tokio counts {tokios} polls, without those from LIFO slots"),
                false => format!("MISMATCH: tokio counts {tokios} polls, here are {ours}"),
            });
        }
        pieces
    }
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
    let mut pieces = vec![
        executor.kind.to_owned(),
        match workers {
            0 => "one per task".to_owned(),
            1 => "1 worker".to_owned(),
            n => format!("{n} workers"),
        },
    ];
    pieces.extend(knobs.into_iter().flatten());
    pieces
}

fn machine(taken: &Resources) -> Vec<String> {
    let mut pieces = vec![
        format!("{} on a core", text::duration(Nanos(taken.cpu_ns))),
        format!("{} at most", text::bytes(taken.peak_memory_bytes)),
        format!("{} switches to wait", text::count(taken.voluntary_switches)),
        format!("{} forced", text::count(taken.involuntary_switches)),
    ];
    if taken.processes > 1 {
        pieces.push(format!("{} processes", taken.processes));
    }
    pieces
}

fn runtime(tokio: &Tokio) -> Vec<String> {
    vec![
        format!("{} busy", text::duration(Nanos(tokio.busy_ns))),
        format!("{} parks", text::count(tokio.parks)),
        format!("{} steals", text::count(tokio.steals)),
        format!("{} I/O events", text::count(tokio.io_ready)),
        format!("{} forced yields", text::count(tokio.budget_forced_yields)),
    ]
}

/// The lanes of one kind: each, or all in one where they are many.
fn few(lanes: &[Lane]) -> Vec<Lane> {
    if lanes.len() <= LANES {
        return lanes.to_vec();
    }
    let kernels = |of: fn(&Lane) -> Option<u64>| lanes.iter().map(of).sum::<Option<u64>>();
    vec![Lane {
        name: format!("{} × {}", lanes.len(), lanes[0].kind),
        kind: lanes[0].kind,
        slices: lanes.iter().map(|it| it.slices).sum(),
        running_ns: lanes.iter().map(|it| it.running_ns).sum(),
        blocking_ns: lanes.iter().map(|it| it.blocking_ns).sum(),
        utilisation: lanes.iter().map(|it| it.utilisation).sum::<f64>() / lanes.len() as f64,
        on_cpu_ns: kernels(|it| it.on_cpu_ns),
        off_cpu_ns: kernels(|it| it.off_cpu_ns),
    }]
}

/// What a group was suspended on for the longest time.
fn mostly_on(group: &Group) -> String {
    match group.suspended_on.iter().max_by_key(|(_, time)| **time) {
        Some((reason, time)) if *reason != Reason::Unknown.word() => {
            format!("{reason} {}", percent(*time as f64 / group.suspended_ns.max(1) as f64))
        }
        // What runs on a blocking thread waits for nothing: between its last line and its end lie microseconds of nobody's.
        _ => "–".to_owned(),
    }
}

/// A length of time, or a dash where nothing was counted.
fn length(count: u64, ns: u64) -> String {
    match count {
        0 => "–".to_owned(),
        _ => text::duration(Nanos(ns)),
    }
}

fn maybe(ns: Option<u64>) -> String {
    ns.map_or("–".to_owned(), |ns| text::duration(Nanos(ns)))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Writes pieces after one another, and on further lines, indented, where the width is used up.
fn flow(out: &mut String, lead: &str, between: &str, pieces: Vec<String>, width: usize) {
    let indent = text::width(lead);
    let mut used = indent;
    out.push_str(lead);
    for (number, piece) in pieces.iter().enumerate() {
        let needed = text::width(piece);
        if number > 0 && used + text::width(between) + needed > width {
            let _ = write!(out, "\n{:indent$}", "");
            used = indent;
        } else if number > 0 {
            out.push_str(between);
            used += text::width(between);
        }
        out.push_str(piece);
        used += needed;
    }
    out.push('\n');
}
