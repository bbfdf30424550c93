//! A task that waits in the LIFO slot of a worker. Such a task is in no queue of tokio.
//!
//! A parent has spawned two children, and then blocks its worker. The other worker has run the
//! first child. The last child waits until the parent awaits, because no worker takes a task from
//! the LIFO slot of another worker.

use super::*;
use crate::model::{Model, RunInfo};
use crate::record::*;

fn ms(ms: u64) -> RunInstant {
    RunInstant::from_millis(ms)
}

fn id(n: u32) -> TaskId {
    TaskId::new(n).expect("not zero")
}

/// The definitions, and the records until the parent blocks.
fn first_batch() -> Batch {
    let mut batch = Batch {
        now: ms(1_020),
        ..Batch::default()
    };
    for lane in 0..2 {
        batch.definitions.push(Definition::Lane {
            id: LaneId(lane),
            kind: LaneKind::Worker,
            name: format!("worker {lane}"),
        });
    }
    for (number, name) in (0..).zip(["parent", "first", "last"]) {
        let group = GroupId(number);
        batch.definitions.push(Definition::Group {
            id: group,
            name: name.into(),
            library: false,
        });
        let task = id(u32::from(number) + 1);
        let spawned = Spawned {
            at: ms(1_000),
            task,
            parent: (number > 0).then_some(id(1)),
            index: 0,
            group,
            branch: false,
        };
        batch.records.push((LaneId(0), Record::Spawned(spawned)));
    }
    let first = Slice {
        start: ms(1_001),
        task: id(2),
        len: Nanos::from_millis(1).into(),
        queued: Nanos::from_millis(1).into(),
        unnoticed: CompactDuration::ZERO,
        woken_by: Some(id(1)),
        label: Label::NONE,
        suspended_on: Reason::Unknown,
        branch: false,
    };
    let ended = Ended::observed(ms(1_002), id(2), Outcome::Completed);
    batch.records.push((LaneId(1), Record::Slice(first)));
    batch.records.push((LaneId(1), Record::Ended(ended)));
    batch.live = live();
    batch
}

/// The parent blocks, and the last child waits.
fn live() -> Live {
    Live {
        lanes: vec![CurrentSlice {
            blocking_since: Some(ms(1_001)),
            blocked_on: Reason::Timer,
            ..CurrentSlice::new(LaneId(0), id(1), ms(1_000))
        }],
        branches: Vec::new(),
        waiting: vec![Waiting {
            task: id(3),
            ready: None,
            woken: Some(ms(1_000)),
        }],
    }
}

/// What tokio says: no task is in a queue.
fn empty_queues(at: RunInstant) -> Sample {
    Sample::Runtime(RuntimeSample {
        at,
        elapsed: Nanos::from_millis(250),
        total_polls: 2,
        live_tasks: 2,
        ..RuntimeSample::default()
    })
}

fn stage(size: stage::Size) -> Stage {
    let mut model = Model::new(RunInfo {
        title: "Two children of a busy parent".into(),
        executor: "tokio".into(),
        workers: 2,
        async_executor: true,
        lifo_slot: true,
        ..RunInfo::default()
    });
    model.apply(&first_batch());
    for now in (1_250..=3_000).step_by(250) {
        model.apply(&Batch {
            now: ms(now),
            samples: vec![empty_queues(ms(now))],
            live: live(),
            ..Batch::default()
        });
    }
    Stage {
        model,
        ..Stage::mixed(0, size)
    }
}

/// The number of queued tasks in the heading of the tasks.
fn in_the_heading(text: &str) -> usize {
    let (_, after) = row(text, "tasks").split_once('▒').expect("the glyph of queued tasks");
    let number = after.split_whitespace().next();
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// The number of queued tasks in the gauge.
fn in_the_gauge(text: &str) -> usize {
    let gauges = text.lines().find(|line| line.contains("late p99")).expect("the gauges");
    let (_, after) = gauges.split_once("queued").expect("the gauge");
    let number = after.split_whitespace().next();
    number.and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn the_gauge_and_the_heading_count_a_task_in_a_lifo_slot() {
    for size in [SMALL, MEDIUM, LARGE] {
        let mut stage = stage(size);
        let live = stage.text();
        insta::assert_snapshot!(format!("last_spawned_{}x{}", size.0, size.1), live);
        assert_eq!((in_the_heading(&live), in_the_gauge(&live)), (1, 1), "{live}");
        // Before its spawn, the task was not queued.
        for _ in 0..10 {
            stage.act(Action::PanLeft);
        }
        let frozen = stage.text();
        insta::assert_snapshot!(format!("last_spawned_frozen_{}x{}", size.0, size.1), frozen);
        assert_eq!(in_the_heading(&frozen), in_the_gauge(&frozen), "{frozen}");
    }
}

/// In a frozen view, both numbers stay the numbers of the frozen instant.
#[test]
fn the_gauge_and_the_heading_always_count_the_same_queued_tasks() {
    for instant in [5_060, 5_302, 5_304, 5_310, 8_340] {
        let mut stage = Stage::mixed(instant, LARGE);
        let live = stage.text();
        assert_eq!(in_the_heading(&live), in_the_gauge(&live), "{live}");
        stage.act(Action::Freeze);
        stage.play(instant + 500);
        let frozen = stage.text();
        assert_eq!(in_the_heading(&frozen), in_the_gauge(&frozen), "{frozen}");
    }
}
