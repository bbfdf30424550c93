//! Tests of the rows of branches: parts of a task that the task polls itself.

use super::mixed_run::MixedRun;
use super::*;
use crate::model::{Model, RunInfo};
use crate::record::{
    Acquired, CompactDuration, Definition, Ended, GroupId, LaneId, Outcome, Record, ResourceId, ResourceInfo,
    ResourceKind, RunInstant, Spawned, TaskId, Wanted,
};

fn id(n: u32) -> TaskId {
    TaskId::new(n).expect("a nonzero id")
}

/// A branch of the task `parent`.
fn branch(n: u32, parent: u32) -> Spawned {
    Spawned {
        at: RunInstant::from_millis(7_000 + u64::from(n)),
        task: id(n),
        parent: Some(id(parent)),
        index: n,
        group: GroupId(90),
        branch: true,
    }
}

/// Task 5 polls the branches 101 and 103, and branch 101 polls branch 102.
fn stage() -> Stage {
    let mut stage = Stage::mixed(7_000, LARGE);
    let mut batch = stage.records.batch(RunInstant::from_millis(7_200));
    batch.definitions.push(Definition::Group {
        id: GroupId(90),
        name: "part".into(),
        library: false,
    });
    let spawns = [branch(101, 5), branch(102, 101), branch(103, 5)];
    let records = spawns.map(|spawned| (LaneId(0), Record::Spawned(spawned)));
    batch.records.extend(records);
    stage.model.apply(&batch);
    stage
}

/// The names in the first rows below the row of task 5, with their marks.
fn rows_below(stage: &mut Stage) -> Vec<String> {
    let text = stage.text();
    let name = stage.model.task_name(id(5)).to_string();
    let rows = text
        .lines()
        .skip_while(|line| !line.trim_start_matches([' ', '▸']).starts_with(&name));
    let names = rows.skip(1).filter(|line| line.contains('#')).take(3);
    names
        .filter_map(|row| row.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn the_branches_of_a_task_are_listed_below_the_task_in_each_order() {
    let mut stage = stage();
    let tasks = stage.model.counts().alive();
    for _ in 0..3 {
        stage.act(Action::Sort);
        stage.draw();
        assert_eq!(rows_below(&mut stage).len(), 3);
        let order = stage.app.task_order.tasks();
        let place = order.iter().position(|task| *task == id(5)).expect("a row");
        assert_eq!(order[place + 1..place + 4], [101, 102, 103].map(id));
    }
    let rows = rows_below(&mut stage);
    assert_eq!(rows, ["└part#101", "└part#102", "└part#103"], "{}", stage.text());
    assert_eq!(stage.model.counts().alive(), tasks);
    assert!(
        stage.text().contains(&format!("tasks {tasks}")),
        "branches are no tasks"
    );
}

#[test]
fn a_branch_that_has_ended_does_not_stay_below_its_task() {
    let mut stage = stage();
    let mut batch = stage.records.batch(RunInstant::from_millis(8_000));
    let ended = Ended::observed(RunInstant::from_millis(7_300), id(103), Outcome::Cancelled);
    batch.records.push((LaneId(0), Record::Ended(ended)));
    stage.model.apply(&batch);
    stage.play(9_500);
    let order = stage.app.task_order.tasks();
    let place = order.iter().position(|task| *task == id(5)).expect("a row");
    assert_eq!(order[place + 1..place + 3], [101, 102].map(id));
    assert_ne!(order[place + 3], id(103));
}

#[test]
fn a_branch_that_is_ready_and_not_polled_shows_what_it_holds() {
    let mut stage = Stage {
        model: Model::new(RunInfo {
            resources: vec![ResourceInfo::new(ResourceKind::Lock, "accounts", Some(1))],
            ..MixedRun::info()
        }),
        ..Stage::mixed(0, LARGE)
    };
    stage.play(7_000);
    let mut batch = stage.records.batch(RunInstant::from_millis(7_200));
    let acquired = Acquired {
        at: RunInstant::from_millis(7_150),
        task: id(101),
        waited: CompactDuration::ZERO,
        level: 1,
        wanted: Wanted::Access,
        resource: ResourceId(0),
    };
    // No slice of the branch has arrived, so it is queued.
    let records = [Record::Spawned(branch(101, 5)), Record::Acquired(acquired)];
    batch.records.extend(records.map(|record| (LaneId(0), record)));
    stage.model.apply(&batch);
    let text = stage.text();
    let row = text
        .lines()
        .find(|line| line.contains("└"))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("queued") && row.contains("holds accounts"), "{row}");
}
