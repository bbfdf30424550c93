//! Data of a run in which tasks spawn tasks and many things go wrong. The first child of a gather
//! fails, and the second child becomes an orphan. One future is never awaited, one failure is never
//! observed, one process is killed, and one channel is full. The captions are in Russian.

use crate::model::{CueInfo, Model, RunInfo};
use crate::record::{
    Batch, ChannelSample, CompactDuration, CurrentSlice, DEAD, Definition, Ended, GroupId, Label, LaneId, LaneKind,
    LogLine, Mark, Marked, Nanos, Orphaned, Outcome, Reason, Record, ResourceId, ResourceInfo, ResourceKind,
    RunInstant, Sample, Slice, Spawned, TaskId, WaitBegan, Wanted,
};
use tracing::Level;

const GROUPS: [&str; 7] = ["trip", "weather", "currencies", "forgotten", "audit", "worker", "feed"];
const LABELS: [&str; 6] = ["gather", "http /weather", "cpu 2s", "send jobs", "jobs", "results"];

/// The newest instant of the run.
const NOW: RunInstant = RunInstant::from_millis(2_400);

/// The model at [`NOW`].
pub(super) fn model() -> Model {
    let cue = |at, say: &str, is_question| CueInfo {
        at: RunInstant::from_millis(at),
        caption: say.into(),
        is_question,
    };
    let mut model = Model::new(RunInfo {
        title: "Погода и курсы валют".into(),
        executor: "tokio".into(),
        workers: 2,
        async_executor: true,
        duration: Some(Nanos::from_millis(9_000)),
        cues: vec![
            cue(0, "Поездка ждёт погоду и курсы вместе.", false),
            cue(
                2_000,
                "Погода не ответила, и gather вернулся сразу. Что стало с курсами валют, которых больше никто не ждёт?",
                true,
            ),
            cue(6_000, "Они считаются дальше, до конца.", false),
        ],
        resources: [("jobs", 8), ("results", 16)]
            .map(|(name, capacity)| ResourceInfo::new(ResourceKind::Channel, name, Some(capacity)))
            .into(),
        ..RunInfo::default()
    });
    model.apply(&batch());
    model
}

fn task(id: u32) -> TaskId {
    TaskId::new(id).expect("ids begin with 1")
}

fn batch() -> Batch {
    let mut batch = Batch {
        now: NOW,
        ..Batch::default()
    };
    define(&mut batch);
    spawn_tasks(&mut batch);
    record_slices(&mut batch);
    record_ends(&mut batch);
    mark_cues(&mut batch);
    sample_channels(&mut batch);
    let waits = WaitBegan {
        at: RunInstant::from_millis(1_900),
        task: task(7),
        waiting: 1,
        resource: ResourceId(0),
        wanted: Wanted::Access,
        limited: false,
    };
    batch.records.push((LaneId(1), Record::WaitBegan(waits)));
    batch.log.push(LogLine {
        at: RunInstant::from_millis(1_800),
        level: Level::WARN,
        task: Some(task(5)),
        target: "task".into(),
        message: "failed, and no task was left to observe it: the audit's disk is full".into(),
    });
    hold_lanes(&mut batch);
    batch
}

fn define(batch: &mut Batch) {
    let lanes = [
        (LaneKind::Worker, "worker 0"),
        (LaneKind::Worker, "worker 1"),
        (LaneKind::Process, "process 0"),
        (LaneKind::Blocking, "blocking 0"),
    ];
    for (id, (kind, name)) in (0..).zip(lanes) {
        let dead = if kind == LaneKind::Process { DEAD } else { "" };
        batch.definitions.push(Definition::Lane {
            id: LaneId(id),
            kind,
            name: format!("{dead}{name}"),
        });
    }
    for (id, name) in (0..).zip(GROUPS) {
        batch.definitions.push(Definition::Group {
            id: GroupId(id),
            name: name.into(),
            library: false,
        });
    }
    for (id, text) in (1..).zip(LABELS) {
        batch.definitions.push(Definition::Label {
            id: Label(id),
            text: text.into(),
        });
    }
}

fn spawn_tasks(batch: &mut Batch) {
    // Each tuple: task, group, parent, and instant in milliseconds.
    for (id, group, parent, at) in [
        (1, 0, None, 100),
        (2, 1, Some(1), 200),
        (3, 2, Some(1), 200),
        (4, 3, Some(1), 1_000),
        (5, 4, None, 400),
        (6, 5, None, 100),
        (7, 6, None, 150),
        (8, 4, None, 1_700),
    ] {
        let spawned = Spawned {
            at: RunInstant::from_millis(at),
            task: task(id),
            parent: parent.map(task),
            index: 0,
            group: GroupId(group),
            branch: false,
        };
        batch.records.push((LaneId(0), Record::Spawned(spawned)));
    }
}

fn record_slices(batch: &mut Batch) {
    // Each tuple: lane, task, start and end in milliseconds, the reason for the wait afterwards,
    // and the label of that wait.
    for (lane, id, start, end, reason, label) in [
        (0, 1, 100, 200, Reason::Join, 1),
        (1, 2, 200, 300, Reason::Http, 2),
        (0, 3, 200, 900, Reason::Yield, 3),
        (2, 6, 100, 1_500, Reason::Timer, 0),
        (1, 5, 400, 1_100, Reason::Http, 2),
        (0, 3, 900, 1_400, Reason::Yield, 3),
        (1, 2, 1_400, 1_420, Reason::Unknown, 0),
        (0, 1, 1_420, 1_600, Reason::Timer, 0),
        (1, 5, 1_700, 1_800, Reason::Unknown, 0),
        (1, 7, 1_800, 1_900, Reason::Channel, 4),
    ] {
        let slice = Slice {
            start: RunInstant::from_millis(start),
            task: task(id),
            len: CompactDuration::new(Nanos::from_millis(end - start)),
            queued: CompactDuration::new(Nanos::ZERO),
            unnoticed: CompactDuration::new(Nanos::ZERO),
            woken_by: None,
            label: Label(label),
            suspended_on: reason,
            branch: false,
        };
        batch.records.push((LaneId(lane), Record::Slice(slice)));
    }
}

fn record_ends(batch: &mut Batch) {
    for (id, at, outcome) in [
        (2, 1_420, Outcome::Failed),
        (4, 1_000, Outcome::NeverStarted),
        (5, 1_800, Outcome::UnobservedFailure),
        (6, 1_600, Outcome::Lost),
    ] {
        let ended = Ended::observed(RunInstant::from_millis(at), task(id), outcome);
        batch.records.push((LaneId::NONE, Record::Ended(ended)));
    }
    let orphaned = Orphaned {
        at: RunInstant::from_millis(1_420),
        task: task(3),
    };
    batch.records.push((LaneId::NONE, Record::Orphaned(orphaned)));
}

fn mark_cues(batch: &mut Batch) {
    for (cue, at) in [(0, 0), (1, 2_000)] {
        let marked = Marked {
            at: RunInstant::from_millis(at),
            mark: Mark::Cue(cue),
        };
        batch.records.push((LaneId::NONE, Record::Marked(marked)));
    }
}

fn sample_channels(batch: &mut Batch) {
    for (at, label, len, capacity) in [
        (RunInstant::from_millis(1_500), 5, 3, 8),
        (NOW, 5, 8, 8),
        (NOW, 6, 1, 16),
    ] {
        batch.samples.push(Sample::Channel(ChannelSample {
            at,
            label: Label(label),
            len,
            item_bytes: 0,
            capacity: Some(capacity),
            oldest: None,
        }));
    }
}

/// Adds two slices that are still open at [`NOW`].
fn hold_lanes(batch: &mut Batch) {
    let orphan = CurrentSlice {
        label: Label(3),
        ..CurrentSlice::new(LaneId(0), task(3), RunInstant::from_millis(1_600))
    };
    // The timeout of this task is half a second. The thread of the task continues to run after the
    // timeout.
    let overdue = CurrentSlice {
        lane: LaneId(3),
        task: task(8),
        start: RunInstant::from_millis(1_700),
        overdue_since: Some(RunInstant::from_millis(2_200)),
        ..orphan
    };
    batch.live.lanes.extend([orphan, overdue]);
}
