//! Tests with tasks that spawn tasks, and with lanes that appear and disappear: orphans, children,
//! dead processes, and thousands of threads.

use super::*;
use crate::record::{
    Batch, CompactDuration, Definition, Ended, GroupId, Label, LaneId, LaneKind, Nanos, Outcome, Reason, Record,
    RunInstant, Slice, Spawned, TaskId,
};

#[test]
fn the_row_of_an_orphan_is_marked() {
    let mut stage = Stage::family(LARGE);
    let text = stage.text();
    let orphan = text
        .lines()
        .find(|line| line.contains("◌currencies#0"))
        .expect("a row with the mark of an orphan");
    assert!(
        orphan.contains("orphaned") && orphan.contains("hogging cpu 2s ‹ trip#0"),
        "{orphan}"
    );
    assert_eq!(
        orphan.matches('◌').count(),
        2,
        "marks at the left edge and at the instant of the orphaning: {orphan}"
    );
    assert!(text.contains("◌  1 orphaned"));
}

#[test]
fn children_are_listed_below_their_parent() {
    let mut stage = Stage::family(LARGE);
    stage.act(Action::Sort);
    stage.act(Action::Sort);
    let text = stage.text();
    let rows: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with(" trip#0"))
        .filter(|line| line.contains('#'))
        .take(4)
        .collect();
    for (row, name) in rows
        .iter()
        .zip([" trip#0", "  weather#0", "◌ currencies#0", "  forgotten#0"])
    {
        assert!(row.starts_with(name), "{text}");
    }
}

#[test]
fn a_dead_process_and_the_fill_of_each_channel_are_visible() {
    let mut stage = Stage::family(SMALL);
    let text = stage.text();
    assert!(row(&text, "† process 0").contains("dead"), "{text}");
    assert!(text.contains("8/8") && text.contains("1/16"), "{text}");
    stage.act(Action::Freeze);
    let text = stage.text();
    assert!(
        text.contains("3/8"),
        "the length of the channel at the frozen instant: {text}"
    );
    assert!(
        text.contains("?/16"),
        "the channel had not been sampled at the frozen instant: {text}"
    );
}

#[test]
fn threads_that_held_a_task_in_the_visible_time_come_before_idle_threads() {
    let mut stage = Stage::mixed(4_000, LARGE);
    let mut batch = stage.records.batch(RunInstant::from_millis(4_020));
    for id in 2..3_000 {
        batch.definitions.push(Definition::Lane {
            id: LaneId(id),
            kind: LaneKind::Thread,
            name: format!("thread {}", id - 2),
        });
    }
    let slice = Slice {
        start: RunInstant::from_millis(3_990),
        task: TaskId::new(1).expect("a nonzero id"),
        len: CompactDuration::new(Nanos::from_millis(1)),
        queued: CompactDuration::new(Nanos::ZERO),
        unnoticed: CompactDuration::new(Nanos::ZERO),
        woken_by: None,
        label: Label::NONE,
        suspended_on: Reason::Timer,
        branch: false,
    };
    let lane = LaneId(2_500);
    batch.records.push((lane, Record::Slice(slice)));
    stage.model.apply(&batch);
    let text = stage.text();
    let lanes: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim_start().split("  ").next())
        .filter(|name| name.starts_with("worker") || name.starts_with("thread"))
        .take(4)
        .collect();
    assert_eq!(lanes, ["worker 0", "worker 1", "thread 2498", "thread 0"], "{text}");
}

/// One of three tasks ended long ago. The rows of the other two tasks are tall, and both rows are
/// visible.
#[test]
fn an_ended_task_does_not_hide_the_two_tasks_that_run() {
    let id = |n| TaskId::new(n).expect("a nonzero id");
    let spawned = |n| Spawned {
        at: RunInstant::from_millis(1),
        task: id(n),
        parent: None,
        index: n,
        group: GroupId(0),
        branch: false,
    };
    let mut batch = Batch {
        now: RunInstant::from_millis(20_000),
        ..Batch::default()
    };
    batch.definitions.push(Definition::Group {
        id: GroupId(0),
        name: "few".into(),
        library: false,
    });
    let ended = Ended::observed(RunInstant::from_millis(100), id(2), Outcome::Completed);
    let records = (1..=3)
        .map(|n| Record::Spawned(spawned(n)))
        .chain([Record::Ended(ended)]);
    batch.records.extend(records.map(|record| (LaneId(0), record)));
    for size in [SMALL, LARGE, (60, 15), (120, 36), (200, 60), (300, 80)] {
        let mut stage = Stage::mixed(0, size);
        stage.model.apply(&batch);
        stage.draw();
        let text = stage.text();
        assert!(text.contains(" few#1") && text.contains(" few#3"), "{size:?}: {text}");
    }
}
