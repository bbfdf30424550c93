//! Fills the figures of a report from the model.

use super::resources::{deadlock, pool, resource};
use crate::figures::{
    Calibration, Executor, Fates, Finding, Group, Lane, Machine, Overall, Percentiles, Records, Report, SCHEMA_VERSION,
    Sampled, TaskMonitor, Tasks, Tokio, Work,
};
use crate::findings;
use crate::model::{self, Fate, Model, PollCountCheck, TaskCounts, WorkSums};
use crate::record::{self, Nanos, Outcome, Reason};
use crate::scenario::{ExecutorSpec, Lang};
use crate::text;
use std::collections::BTreeMap;
use strum::VariantArray;

/// The facts that the report contains but the model does not know.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// The scenario as the command line named it: a file, or the name of a built-in scenario.
    pub scenario: String,
    /// The executor. The report takes the number of workers from the model, because the scenario
    /// may leave out that number.
    pub executor: ExecutorSpec,
    /// The language of the findings.
    pub lang: Lang,
    /// How `cpu` steps convert between work and time.
    pub calibration: record::Calibration,
    /// The resources of the machine that the run used.
    pub usage: record::Usage,
    /// A sentence about things that could not be stopped at the end; `None` after a normal end.
    pub left_running: Option<String>,
}

impl Report {
    /// Creates a report with the present figures of the model. `expect` is empty, because the
    /// caller checks the expectations against this report.
    pub fn new(model: &Model, facts: &Facts) -> Report {
        let info = model.info();
        let counts = model.counts();
        Report {
            schema_version: SCHEMA_VERSION,
            scenario: clean(&facts.scenario),
            title: clean(&info.title),
            executor: executor(&facts.executor, info.workers),
            seed: info.seed,
            duration_ns: info.duration.map(|duration| duration.0),
            elapsed_ns: model.now().0,
            calibration: calibration(&facts.calibration),
            tasks: tasks(&counts),
            overall: overall(model),
            machine: machine(&facts.usage),
            groups: model.groups().iter().map(|each| group(model, each)).collect(),
            lanes: model.lanes().iter().map(|each| lane(model, each)).collect(),
            resources: model
                .resources()
                .iter()
                .map(|each| resource(model, each))
                .chain(pool(model))
                .collect(),
            findings: findings::find(model)
                .iter()
                .map(|each| finding(each, facts.lang))
                .collect(),
            deadlocks: model.deadlocks().iter().map(deadlock).collect(),
            records: records(model),
            tokio: tokio(model),
            left_running: facts.left_running.as_deref().map(clean),
            expect: Vec::new(),
        }
    }
}

/// Removes escape sequences. Names in a report come from scenario files, and reports are often
/// printed to a terminal.
pub(super) fn clean(text: &str) -> String {
    text::clean(text).into_owned()
}

/// Rounds to four digits after the decimal point. More digits would have no meaning.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

fn finding(finding: &findings::Finding, lang: Lang) -> Finding {
    let in_lang = |phrase: &findings::Phrase| match lang {
        Lang::En => clean(&phrase.en),
        Lang::Ru => clean(&phrase.ru),
    };
    Finding {
        rule: finding.rule.into_str(),
        culprit: clean(&finding.culprit),
        victims: finding.victims.iter().map(|name| clean(name)).collect(),
        cost_ns: finding.cost.0,
        count: finding.count,
        at_ns: finding.at.0,
        sentence: in_lang(&finding.sentence),
        remedy: in_lang(&finding.remedy),
    }
}

fn executor(spec: &ExecutorSpec, workers: usize) -> Executor {
    let knobs = spec.knobs;
    Executor {
        kind: spec.kind.into_str(),
        workers,
        event_interval: knobs.event_interval,
        global_queue_interval: knobs.global_queue_interval,
        max_blocking_threads: knobs.max_blocking_threads,
        disable_lifo_slot: knobs.disable_lifo_slot,
        enable_eager_driver_handoff: knobs.enable_eager_driver_handoff,
        enable_alt_timer: knobs.enable_alt_timer,
    }
}

fn calibration(calibration: &record::Calibration) -> Calibration {
    Calibration {
        units_per_ms: rounded(calibration.units_per_ms),
        spread: rounded(calibration.spread),
        samples: calibration.samples,
        took_ns: Nanos::from(calibration.took).0,
    }
}

fn machine(usage: &record::Usage) -> Machine {
    Machine {
        cpu_ns: usage.cpu.0,
        peak_memory_bytes: usage.peak_memory,
        voluntary_switches: usage.voluntary_switches,
        involuntary_switches: usage.involuntary_switches,
        processes: usage.processes,
    }
}

fn tasks(counts: &TaskCounts) -> Tasks {
    Tasks {
        spawned: (counts.alive() + counts.ended()) as u64,
        completed: counts.completed as u64,
        failed: counts.failed as u64,
        cancelled: counts.cancelled as u64,
        timed_out: counts.timed_out as u64,
        panicked: counts.panicked as u64,
        unobserved_failure: counts.unobserved_failure as u64,
        never_started: counts.never_started as u64,
        lost: counts.lost as u64,
        unknown: counts.unknown as u64,
        running: counts.alive() as u64,
    }
}

fn overall(model: &Model) -> Overall {
    let groups = model.overall();
    let completed = groups.repetitions[Outcome::Completed as usize];
    Overall {
        repetitions: groups.repetitions.iter().copied().fold(0, u64::saturating_add),
        completed,
        throughput: per_second(completed, model.now().since_zero()),
        sampled: groups.sampled.map(Sampled::from),
        repetition_ns: groups.repetition_time.into(),
        delay_ns: groups.delay.into(),
        lateness_ns: groups.lateness.into(),
    }
}

fn per_second(count: u64, span: Nanos) -> f64 {
    match span {
        Nanos::ZERO => 0.0,
        span => rounded(count as f64 / span.as_secs_f64()),
    }
}

fn group(model: &Model, group: &model::Group) -> Group {
    let times = model.group_times(group.id);
    let span = model.group_span(group.id);
    let repetitions = group.repetitions();
    let completed = repetitions[Outcome::Completed as usize];
    Group {
        name: clean(&group.name),
        library: group.library,
        spawned: group.spawned,
        branches: group.branches,
        tasks: tasks(&group.counts()),
        orphaned: group.orphaned,
        failures_lost: group.failures_lost,
        span_ns: span.0,
        repetitions: repetitions.iter().copied().fold(0, u64::saturating_add),
        completed,
        throughput: per_second(completed, model.group_pace_span(group.id)),
        timed_out: repetitions[Outcome::TimedOut as usize],
        failed: repetitions[Outcome::Failed as usize],
        polls: group.polls(),
        sampled: group.sampled().map(Sampled::from),
        running_ns: times.running.0,
        hogging_ns: times.hogging.0,
        off_core_ns: model.group_off_core(group.id).map(|time| time.0),
        blocking_ns: times.blocking.0,
        sleeping_ns: times.sleeping.0,
        work: work(&model.group_work(group.id), times.held()),
        blocked_on: by_reason(&model.group_blocked_on(group.id), |_| true),
        queued_ns: times.queued.0,
        unnoticed_ns: times.unnoticed.0,
        waiting_ns: times.waiting().0,
        waiting_on: by_reason(&times.not_ready, Reason::is_other_task),
        suspended_ns: times.suspended().0,
        suspended_on: by_reason(&times.not_ready, |reason| !reason.is_other_task()),
        timer_rounding_ns: (group.sleeps > 0).then_some(group.timer_rounding.0),
        timer_resolution_ns: group.timer_rounding.0.checked_div(group.sleeps),
        poll_ns: group.poll_time().into(),
        delay_ns: group.delay().into(),
        lateness_ns: group.lateness().into(),
        repetition_ns: Some(group.repetition_time().into()).filter(|times: &Percentiles| times.count > 0),
        task_monitor: group
            .totals
            .as_ref()
            .filter(|totals| totals.polls > 0)
            .map(|totals| TaskMonitor {
                polls: totals.polls,
                mean_scheduled_ns: totals.mean_scheduled().0,
                mean_poll_ns: totals.mean_poll().0,
                slow_polls: rounded(totals.slow_poll_share()),
            }),
    }
}

/// What the work was for. `held` is all the work.
fn work(sums: &WorkSums, held: Nanos) -> Work {
    let time = |fate: Fate| sums.times[fate as usize].0;
    let count = |fate: Fate| sums.repetitions[fate as usize];
    let wasted = || Fate::VARIANTS.iter().filter(|fate| **fate != Fate::Useful).copied();
    Work {
        useful_ns: time(Fate::Useful),
        wasted_ns: wasted().map(time).sum(),
        orphaned_ns: time(Fate::Orphaned),
        timed_out_ns: time(Fate::TimedOut),
        cancelled_ns: time(Fate::Cancelled),
        failed_ns: time(Fate::Failed),
        panicked_ns: time(Fate::Panicked),
        lost_ns: time(Fate::Lost),
        open_ns: (held - sums.decided()).0,
        repetitions: Fates {
            useful: count(Fate::Useful),
            wasted: wasted().map(count).fold(0, u64::saturating_add),
            orphaned: count(Fate::Orphaned),
            timed_out: count(Fate::TimedOut),
            cancelled: count(Fate::Cancelled),
            failed: count(Fate::Failed),
            panicked: count(Fate::Panicked),
            lost: count(Fate::Lost),
        },
    }
}

/// The reasons with a time above zero, by name. `times` is in the order of [`Reason::VARIANTS`].
fn by_reason(times: &[Nanos], is_included: impl Fn(Reason) -> bool) -> BTreeMap<&'static str, u64> {
    let reasons = Reason::VARIANTS.iter().zip(times);
    reasons
        .filter(|(reason, time)| **time > Nanos::ZERO && is_included(**reason))
        .map(|(reason, time)| (reason.into_str(), time.0))
        .collect()
}

impl From<model::Percentiles> for Percentiles {
    fn from(percentiles: model::Percentiles) -> Percentiles {
        Percentiles {
            count: percentiles.count,
            p50: percentiles.p50.0,
            p90: percentiles.p90.0,
            p99: percentiles.p99.0,
            max: percentiles.max.0,
        }
    }
}

impl From<model::Sampled> for Sampled {
    fn from(sampled: model::Sampled) -> Sampled {
        Sampled {
            slices: sampled.slices,
            of: sampled.of,
        }
    }
}

fn lane(model: &Model, lane: &model::Lane) -> Lane {
    let (running, asleep) = model.lane_times(lane.id);
    let (blocking, sleeping) = if lane.is_async() {
        (asleep, Nanos::ZERO)
    } else {
        (Nanos::ZERO, asleep)
    };
    let held = (running + asleep).as_secs_f64() / model.now().since_zero().max(Nanos(1)).as_secs_f64();
    Lane {
        name: clean(&lane.name),
        kind: lane.kind.into_str(),
        slices: lane.slices(),
        running_ns: running.0,
        off_core_ns: model.lane_off_core(lane.id).map(|time| time.0),
        blocking_ns: blocking.0,
        sleeping_ns: sleeping.0,
        utilisation: rounded(held.min(1.0)),
        on_cpu_ns: lane.os.map(|os| os.on_cpu.0),
        off_cpu_ns: lane.os.map(|os| os.waiting.0),
    }
}

fn records(model: &Model) -> Records {
    let counts = model.record_counts();
    Records {
        written: counts.recorded,
        after_end: counts.after_end,
        dropped: counts.dropped,
        others_dropped: counts.others_dropped,
        polls: counts.polls(),
        matches_tokio: match counts.check_poll_count() {
            PollCountCheck::Unknown => None,
            PollCountCheck::Matches => Some(true),
            PollCountCheck::Differs { .. } => Some(false),
        },
    }
}

fn tokio(model: &Model) -> Option<Tokio> {
    let (latest, totals) = (model.runtime()?, model.runtime_totals()?);
    Some(Tokio {
        polls: latest.total_polls,
        busy_ns: totals.busy.0,
        parks: totals.parks,
        steals: totals.steals,
        io_ready: totals.io_ready,
        budget_forced_yields: totals.budget_forced_yields,
        most_global_queue: totals.max_global_queue,
        most_local_queue: totals.max_local_queue,
        most_blocking_queue: totals.max_blocking_queue,
        most_blocking_threads: totals.max_blocking_threads,
    })
}
