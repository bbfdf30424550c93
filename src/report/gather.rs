//! From the model to the report's numbers.

use super::json::{
    Calibration, Executor, Group, Lane, Overall, Percentiles, Records, Report, Resources, TaskMonitor, Tasks, Tokio,
};
use crate::model::{self, Counts, Model, PollCountCheck};
use crate::record::{self, Nanos, Outcome, Reason};
use crate::scenario::ExecutorSpec;
use crate::{text, workload};

/// What the report tells and the model does not know.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// The scenario as it was asked for: a file, or the name of a built-in one.
    pub scenario: String,
    /// Where it ran. The number of workers is the model's, which knows what came of the default.
    pub executor: ExecutorSpec,
    /// What `cpu` steps rested on.
    pub calibration: workload::Calibration,
    /// What the run took of the machine.
    pub used: record::Resources,
    /// What could not be stopped at the end, in a sentence.
    pub left: Option<String>,
}

impl Report {
    /// What the model says now; what the scenario expects of it is for somebody else to check.
    pub fn new(model: &Model, facts: &Facts) -> Report {
        let info = model.info();
        let all = model.counts();
        Report {
            scenario: clean(&facts.scenario),
            title: clean(&info.title),
            executor: executor(&facts.executor, info.workers),
            seed: info.seed,
            duration_ns: info.duration.map(|duration| duration.0),
            elapsed_ns: model.now().0,
            calibration: calibration(&facts.calibration),
            tasks: tasks(&all),
            overall: overall(model),
            resources: resources(&facts.used),
            groups: model.groups().iter().map(|it| group(model, it)).collect(),
            lanes: model.lanes().iter().map(|it| lane(model, it)).collect(),
            records: records(model),
            tokio: tokio(model),
            left_running: facts.left.as_deref().map(clean),
            expect: Vec::new(),
        }
    }
}

/// A name or a sentence without characters that could steer a terminal: a report is often shown on one.
fn clean(name: &str) -> String {
    text::clean(name).into_owned()
}

/// A number with four digits after the point: more would be noise.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

fn executor(spec: &ExecutorSpec, workers: usize) -> Executor {
    let knobs = spec.knobs;
    Executor {
        kind: spec.kind.word(),
        workers,
        event_interval: knobs.event_interval,
        global_queue_interval: knobs.global_queue_interval,
        max_blocking_threads: knobs.max_blocking_threads,
        disable_lifo_slot: knobs.disable_lifo_slot,
        enable_eager_driver_handoff: knobs.enable_eager_driver_handoff,
        enable_alt_timer: knobs.enable_alt_timer,
    }
}

fn calibration(measured: &workload::Calibration) -> Calibration {
    Calibration {
        units_per_ms: rounded(measured.units_per_ms),
        spread: rounded(measured.spread),
        samples: measured.samples,
        took_ns: Nanos::from(measured.took).0,
    }
}

fn resources(used: &record::Resources) -> Resources {
    Resources {
        cpu_ns: used.cpu.0,
        peak_memory_bytes: used.peak_memory,
        voluntary_switches: used.voluntary_switches,
        involuntary_switches: used.involuntary_switches,
        processes: used.processes,
    }
}

fn tasks(counts: &Counts) -> Tasks {
    Tasks {
        spawned: (counts.alive() + counts.ended()) as u64,
        completed: counts.completed as u64,
        failed: counts.failed as u64,
        cancelled: counts.cancelled as u64,
        timed_out: counts.timed_out as u64,
        panicked: counts.panicked as u64,
        failed_unseen: counts.failed_unseen as u64,
        never_started: counts.never_started as u64,
        lost: counts.lost as u64,
        unknown: counts.unknown as u64,
        running: counts.alive() as u64,
    }
}

fn overall(model: &Model) -> Overall {
    let all = model.overall();
    let completed = all.repetitions[Outcome::Completed as usize];
    Overall {
        repetitions: all.repetitions.iter().copied().fold(0, u64::saturating_add),
        completed,
        throughput: per_second(completed, model.now()),
        repetition_ns: all.repetition.into(),
        delay_ns: all.delay.into(),
        lateness_ns: all.lateness.into(),
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
    let completed = group.repetitions[Outcome::Completed as usize];
    let suspended_on = Reason::ALL
        .iter()
        .zip(times.suspended_on)
        .filter(|(_, time)| *time > Nanos::ZERO)
        .map(|(reason, time)| (reason.word(), time.0));
    Group {
        name: clean(&group.name),
        library: group.library,
        spawned: group.spawned,
        tasks: tasks(&group.counts()),
        orphaned: group.orphaned,
        failures_lost: group.failures_lost,
        span_ns: span.0,
        repetitions: group.repetitions.iter().copied().fold(0, u64::saturating_add),
        completed,
        throughput: per_second(completed, span),
        timed_out: group.repetitions[Outcome::TimedOut as usize],
        failed: group.repetitions[Outcome::Failed as usize],
        polls: group.polls,
        running_ns: times.running.0,
        blocking_ns: times.blocking.0,
        queued_ns: times.queued.0,
        unnoticed_ns: times.unnoticed.0,
        suspended_ns: times.suspended.0,
        suspended_on: suspended_on.collect(),
        poll_ns: group.poll().into(),
        delay_ns: group.delay().into(),
        lateness_ns: group.lateness().into(),
        repetition_ns: group.repetition().into(),
        task_monitor: group
            .totals
            .as_ref()
            .filter(|totals| totals.polls > 0)
            .map(|totals| TaskMonitor {
                polls: totals.polls,
                mean_scheduled_ns: totals.mean_scheduled().0,
                mean_poll_ns: totals.mean_poll().0,
                slow_polls: rounded(totals.slow_polls()),
            }),
    }
}

impl From<model::Percentiles> for Percentiles {
    fn from(of: model::Percentiles) -> Percentiles {
        Percentiles {
            count: of.count,
            p50: of.p50.0,
            p90: of.p90.0,
            p99: of.p99.0,
            max: of.max.0,
        }
    }
}

fn lane(model: &Model, lane: &model::Lane) -> Lane {
    let (running, blocking) = model.lane_times(lane.id);
    let held = (running + blocking).as_secs_f64() / model.now().max(Nanos(1)).as_secs_f64();
    Lane {
        name: clean(&lane.name),
        kind: lane.kind.word(),
        slices: lane.slices,
        running_ns: running.0,
        blocking_ns: blocking.0,
        utilisation: rounded(held.min(1.0)),
        on_cpu_ns: lane.os.map(|os| os.on_cpu.0),
        off_cpu_ns: lane.os.map(|os| os.waiting.0),
    }
}

fn records(model: &Model) -> Records {
    let accounts = model.accounts();
    Records {
        written: accounts.written,
        dropped: accounts.dropped,
        others_dropped: accounts.other_dropped,
        polls: accounts.polls(),
        matches_tokio: match accounts.check() {
            PollCountCheck::Unknown => None,
            PollCountCheck::Holds => Some(true),
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
        most_global_queue: totals.most_global_queue,
        most_local_queue: totals.most_local_queue,
        most_blocking_queue: totals.most_blocking_queue,
        most_blocking_threads: totals.most_blocking_threads,
    })
}
