//! Tests of what the model evicts and what it keeps.

use super::*;

#[test]
fn a_task_is_kept_until_its_last_slice_has_arrived() {
    let mut model = Model::with_limit(RunInfo::default(), 1);
    // Task 1 ends within its slice. The record of the slice arrives after the record of the end.
    // Between these two records, another lane records many slices.
    let ended = Record::Ended(Ended::observed(at_us(5), id(1), Outcome::Completed));
    let last = Record::Slice(slice(1, at_us(4), us(90)));
    let other_lane = (10..80).map(|at| (OTHER, Record::Slice(slice(2, at_us(at), us(1)))));
    for record in [(WORKER, spawned(1, at_us(1))), (WORKER, ended)]
        .into_iter()
        .chain(other_lane)
        .chain([(WORKER, last)])
    {
        model.apply(&Batch {
            records: vec![record],
            ..Batch::default()
        });
    }
    assert!(model.horizon() > at_us(5));
    let counts = model.counts();
    assert_eq!(
        (counts.completed, counts.alive()),
        (1, 1),
        "only task 2 is alive: {counts:?}"
    );
}

#[test]
fn the_log_keeps_the_last_messages() {
    let mut model = model(at_us(0), []);
    let line = |at| LogLine {
        at: RunInstant::new(at),
        level: tracing::Level::INFO,
        task: None,
        target: "test".into(),
        message: "hello".into(),
    };
    model.apply(&Batch {
        log: (0..LOG_LINES as u64 + 3).map(line).collect(),
        ..Batch::default()
    });
    assert_eq!(model.log().len(), LOG_LINES);
    assert_eq!(model.log().front().map(|line| line.at), Some(RunInstant::new(3)));
}

#[test]
fn ended_tasks_are_evicted_but_stay_in_the_sums_of_their_group() {
    let mut model = Model::with_limit(RunInfo::default(), 4_000);
    let tasks = 10_000;
    for task in 1..=tasks {
        let at = at_us(u64::from(task) * 10);
        let ended = Record::Ended(Ended::observed(at + us(2), id(task), Outcome::Completed));
        let records = [spawned(task, at), Record::Slice(slice(task, at, us(2))), ended].map(|record| (WORKER, record));
        model.apply(&Batch {
            now: at + us(2),
            records: records.to_vec(),
            ..Batch::default()
        });
    }
    assert!(model.tasks().len() < 1_000, "{} tasks are kept", model.tasks().len());
    let memory = model.memory();
    assert!(
        memory.slice_bytes < 1_000 * 200,
        "{memory:?}: the memory of evicted tasks is used again"
    );
    assert_eq!(model.counts().completed, tasks as usize);
    assert_eq!(model.group_times(GroupId(0)).running, us(2 * u64::from(tasks)));
    let last = model.tasks().last().unwrap();
    assert_eq!(model.task(last.id).map(|task| task.id), Some(id(tasks)));
    assert_eq!(model.state_at(last.id, last.spawned_at), Some(State::Running));
}

#[test]
fn evicted_receivers_stay_in_the_sums_of_their_group() {
    let info = RunInfo {
        resources: vec![ResourceInfo::new(ResourceKind::Watch, "config", None)],
        ..RunInfo::default()
    };
    let mut model = Model::with_limit(info, 4_000);
    let tasks = 10_000;
    for task in 1..=tasks {
        let at = at_us(u64::from(task) * 10);
        let received = Record::Received(Received {
            at,
            task: id(task),
            waited: CompactDuration::ZERO,
            age: us(1).into(),
            resource: ResourceId(0),
        });
        let missed = Record::Missed(Missed {
            at,
            task: id(task),
            count: 2,
            resource: ResourceId(0),
        });
        let ended = Record::Ended(Ended::observed(at + us(2), id(task), Outcome::Completed));
        let polled = Record::Slice(slice(task, at, us(2)));
        let records = [spawned(task, at), received, missed, polled, ended].map(|record| (WORKER, record));
        model.apply(&Batch {
            now: at + us(2),
            records: records.to_vec(),
            ..Batch::default()
        });
    }
    let resource = &model.resources()[0];
    assert!(
        resource.receptions.len() <= model.tasks().len(),
        "evicted tasks have no entry"
    );
    let all = Receptions {
        received: u64::from(tasks),
        missed: 2 * u64::from(tasks),
    };
    let by_group: Vec<_> = model.receptions(resource).into_iter().collect();
    assert_eq!(by_group, [(Some(GroupId(0)), all)]);
}
