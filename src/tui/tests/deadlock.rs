//! A deadlock on the screen.

use super::*;
use crate::model::{Model, RunInfo};
use crate::record::*;
use crate::run::RunState;

/// Each of two tasks holds a lock. Each task has waited for the lock of the other task for 50 ms.
fn crossed_locks() -> Model {
    let lock = |name| ResourceInfo::new(ResourceKind::Lock, name, Some(1));
    let mut model = Model::new(RunInfo {
        title: "Crossed locks".into(),
        executor: "tokio".into(),
        workers: 2,
        async_executor: true,
        resources: vec![lock("accounts"), lock("ledger")],
        ..RunInfo::default()
    });
    let mut batch = Batch {
        arrivals_over: true,
        now: RunInstant::from_millis(60),
        ..Batch::default()
    };
    for (number, name) in [(0, "one"), (1, "two")] {
        let (task, group) = (TaskId::new(u32::from(number) + 1).expect("not zero"), GroupId(number));
        batch.definitions.push(Definition::Group {
            id: group,
            name: name.into(),
            library: false,
        });
        let spawned = Record::Spawned(Spawned {
            at: RunInstant::ZERO,
            task,
            parent: None,
            index: 0,
            group,
            branch: false,
        });
        let acquired = Record::Acquired(Acquired {
            at: RunInstant::from_millis(1),
            task,
            waited: CompactDuration::ZERO,
            level: 1,
            resource: ResourceId(number),
            wanted: Wanted::Access,
        });
        let waits = Record::WaitBegan(WaitBegan {
            at: RunInstant::from_millis(50),
            task,
            waiting: 1,
            resource: ResourceId(1 - number),
            wanted: Wanted::Access,
            limited: false,
        });
        let slice = Record::Slice(Slice {
            start: RunInstant::from_millis(49),
            task,
            len: Nanos::from_millis(1).into(),
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            woken_by: None,
            label: Label(1 + number),
            suspended_on: Reason::Lock,
            branch: false,
        });
        let lane = LaneId(number);
        batch.definitions.push(Definition::Lane {
            id: lane,
            kind: LaneKind::Worker,
            name: format!("worker {number}"),
        });
        batch.definitions.push(Definition::Label {
            id: Label(1 + number),
            text: ["lock ledger", "lock accounts"][usize::from(number)].into(),
        });
        let records = [spawned, acquired, waits, slice];
        batch.records.extend(records.map(|record| (lane, record)));
    }
    model.apply(&batch);
    let at = |ms| Batch {
        now: RunInstant::from_millis(ms),
        ..Batch::default()
    };
    model.apply(&at(100));
    assert!(model.deadlocks().is_empty(), "one search is not enough to be certain");
    model.apply(&at(150));
    model
}

#[test]
fn the_caption_names_the_deadlock_from_its_discovery_to_the_end() {
    for size in [SMALL, MEDIUM, LARGE] {
        let mut stage = Stage {
            model: crossed_locks(),
            ..Stage::mixed(0, size)
        };
        let name = format!("deadlock_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, stage.text());
        stage.run = RunState::Ended { left: None };
        let text = stage.text();
        assert!(text.contains("deadlock: one waits for ledger, held by two"), "{text}");
    }
}
