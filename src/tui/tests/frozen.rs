//! Tests of the frozen view.

use super::*;
use crate::record::{
    Batch, CompactDuration, Definition, GroupId, Label, LaneId, LaneKind, Nanos, Reason, Record, RunInstant, Slice,
    Spawned, TaskId,
};

#[test]
fn a_frozen_view_does_not_change_while_the_run_goes_on() {
    let mut stage = Stage::mixed(5_240, LARGE);
    stage.act(Action::Freeze);
    let rows = |text: String| {
        let names = ["worker 0", "worker 1", "heartbeat#0", "api#3", "thumb#0"];
        names.map(|name| row(&text, name).to_owned())
    };
    let before = rows(stage.text());
    assert!(stage.text().contains("❄ frozen"));
    stage.play(6_500);
    assert_eq!(rows(stage.text()), before);
    stage.act(Action::Freeze);
    assert_ne!(rows(stage.text()), before);
    assert!(stage.text().contains("● live"));
}

#[test]
fn a_frozen_view_shows_which_task_held_a_lane_and_what_tasks_waited_for() {
    let mut stage = Stage::mixed(5_240, LARGE);
    stage.act(Action::Freeze);
    let text = stage.text();
    assert!(text.contains("❄ frozen   ") && text.contains(" busy  then"), "{text}");
    assert!(row(&text, "worker 1").ends_with("api#3  block 236 ms"), "{text}");
    assert!(
        row(&text, "heartbeat#0").ends_with("unnoticed      234 ms  sleep"),
        "{text}"
    );
    assert!(row(&text, "writer#0").ends_with("file write"), "{text}");
}

#[test]
fn threads_and_names_that_appear_later_do_not_change_a_frozen_view() {
    let mut stage = Stage::mixed(5_240, LARGE);
    stage.act(Action::Freeze);
    let before = stage.text();
    let lanes = (40..44).map(|number| Definition::Lane {
        id: LaneId(number),
        kind: LaneKind::Blocking,
        name: format!("blocking thread with a long name {number}"),
    });
    let start = stage.model.now() + Nanos::from_millis(1);
    let writer = stage.model.tasks().iter().map(|task| task.id);
    let mut writer = writer.filter(|&id| stage.model.task_name(id).to_string() == "writer#0");
    let task = writer.next_back().expect("the task `writer#0`");
    let slices = (40..44).map(|number| {
        let slice = Slice {
            start,
            task,
            len: CompactDuration::new(Nanos::from_millis(2)),
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            woken_by: None,
            label: Label::NONE,
            suspended_on: Reason::Timer,
            branch: false,
        };
        (LaneId(number), Record::Slice(slice))
    });
    let mut batch = stage.records.batch(RunInstant::from_millis(5_260));
    batch.definitions.extend(lanes);
    batch.records.extend(slices);
    stage.model.apply(&batch);
    let time_axis = |text: &str| {
        let names = ["worker 0", "worker 1", "heartbeat#0", "api#3"];
        names.map(|name| row(text, name).to_owned())
    };
    assert_eq!(time_axis(&stage.text()), time_axis(&before));
    stage.act(Action::Freeze);
    assert!(
        stage.text().contains("blocking thread with"),
        "a live view shows the new lanes"
    );
}

#[test]
fn all_tasks_are_counted_over_several_frames_while_new_tasks_arrive() {
    let mut stage = Stage::mixed(100, LARGE);
    let tasks = 25_000;
    let spawned = |id: u32, at| {
        let spawned = Spawned {
            at,
            task: TaskId::new(1_000_000 + id).expect("not zero"),
            parent: None,
            index: id,
            group: GroupId(0),
            branch: false,
        };
        (LaneId::NONE, Record::Spawned(spawned))
    };
    let at = stage.model.now() - Nanos::from_millis(90);
    let records = (0..tasks).map(|id| spawned(id, at + Nanos(id.into())));
    stage.model.apply(&Batch {
        records: records.collect(),
        ..Batch::default()
    });
    stage.act(Action::Freeze);
    stage.draw();
    // The records of two spawns arrive late: the first frame has already counted the tasks of that
    // time.
    stage.model.apply(&Batch {
        records: [tasks, tasks + 1].map(|id| spawned(id, RunInstant::ZERO)).to_vec(),
        ..Batch::default()
    });
    let mut frames = 0;
    while stage.app.is_unfinished() && frames < 100 {
        stage.draw();
        frames += 1;
    }
    let counted = stage.app.state_count.counts().expect("a complete count").alive();
    let alive = |id: &TaskId| {
        stage
            .model
            .state_at(*id, stage.app.viewport.instant(stage.model.now()))
            .is_some()
    };
    let all = stage.model.tasks().iter().filter(|task| alive(&task.id)).count();
    assert_eq!(counted, all);
    assert!(counted >= tasks as usize + 2);
}
