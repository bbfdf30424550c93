//! Tests of the order of the tasks' rows.

use super::*;
use crate::model::State;
use crate::record::{GroupId, LaneId, Record, RunInstant, Spawned, TaskId};
use mixed_run::TASKS;

/// The row of the first task.
fn first_row(stage: &mut Stage) -> String {
    let text = stage.text();
    let mut rows = text.lines().skip_while(|line| !line.trim_start().starts_with("tasks "));
    rows.nth(1).expect("a first row").to_owned()
}

#[test]
fn a_frozen_view_puts_the_problems_of_its_visible_time_first() {
    let mut stage = Stage::mixed(7_500, SMALL);
    assert!(!first_row(&mut stage).contains('▓'), "no task blocks any more");
    stage.act(Action::Freeze);
    let frozen = stage.app.task_order.tasks().to_vec();
    stage.draw();
    assert_eq!(stage.app.task_order.tasks(), frozen, "a freeze does not move any row");
    for _ in 0..9 {
        stage.act(Action::PanLeft);
    }
    let first = first_row(&mut stage);
    assert!(
        first.contains("api#3") && first.contains('▓'),
        "the task that blocked at that time: {first}"
    );
    stage.act(Action::Back);
    stage.play(9_000);
    assert!(!first_row(&mut stage).contains("api#3"));
}

#[test]
fn a_task_that_is_spawned_after_the_visible_time_comes_last() {
    let mut stage = Stage::mixed(7_000, SMALL);
    let mut batch = stage.records.batch(RunInstant::from_millis(7_020));
    let spawned = Spawned {
        at: RunInstant::from_millis(7_010),
        task: TaskId::new(99).expect("a nonzero id"),
        parent: None,
        index: 7,
        group: GroupId(0),
        branch: false,
    };
    batch.records.push((LaneId(0), Record::Spawned(spawned)));
    stage.model.apply(&batch);
    stage.play(9_000);
    let last = |stage: &Stage| stage.app.task_order.tasks().last().copied();
    assert_ne!(
        last(&stage),
        Some(spawned.task),
        "the new task waits for a lane, so it is not last"
    );
    for _ in 0..13 {
        stage.act(Action::PanLeft);
    }
    stage.draw();
    assert_eq!(last(&stage), Some(spawned.task));
}

#[test]
fn the_selected_task_keeps_its_cursor_when_rows_move() {
    let mut stage = Stage::mixed(2_000, LARGE);
    for _ in 0..4 {
        stage.act(Action::Down);
    }
    let selected = stage.app.tasks.selected().expect("a selected task");
    let name = stage.model.task_name(selected).to_string();
    assert!(stage.text().contains(&format!("▸{name}")));
    stage.act(Action::Sort);
    stage.play(5_240);
    assert_eq!(stage.app.tasks.selected(), Some(selected));
    assert!(stage.text().contains(&format!("▸{name}")));
}

#[test]
fn rows_move_at_most_once_a_second() {
    let mut stage = Stage::mixed(2_000, LARGE);
    let mut order = stage.app.task_order.tasks().to_vec();
    let mut moves = 0;
    for ms in (2_100..=4_900).step_by(100) {
        stage.play(ms);
        moves += usize::from(stage.app.task_order.tasks() != order);
        order = stage.app.task_order.tasks().to_vec();
    }
    assert!(moves <= 3, "rows moved {moves} times in three seconds");
    assert_eq!(order.len(), TASKS as usize);
}

#[test]
fn the_first_tasks_have_rows_in_the_first_frame_after_their_spawn() {
    let mut stage = Stage::mixed(0, LARGE);
    assert!(!stage.text().contains("heartbeat#0"), "no task has been spawned yet");
    stage.play(20);
    assert!(stage.text().contains("heartbeat#0"));
    assert_eq!(stage.app.task_order.tasks().len(), TASKS as usize);
}

#[test]
fn a_task_that_begins_to_block_moves_to_the_top_soon() {
    let mut stage = Stage::mixed(4_900, LARGE);
    stage.play(5_000 + 220);
    let first = stage.app.task_order.tasks()[0];
    assert_eq!(stage.model.state(first), State::Blocking);
}
