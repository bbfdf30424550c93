//! Each rule is tested on records that trigger it, and on records that almost do.

mod cores;
mod failures;
mod locks;
mod queues;
mod wasted;
mod workers;

use super::*;
use crate::model::{PoolInfo, RunInfo};
use crate::record::*;
use crate::text;

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

fn at(ms: u64) -> RunInstant {
    RunInstant::from_millis(ms)
}

fn id(task: u32) -> TaskId {
    TaskId::new(task).expect("not zero")
}

/// The groups of the tests. The task of the group `n` has the id `n + 1`.
const GROUPS: [&str; 3] = ["api", "heartbeat", "report"];

/// Records of a small run: two workers and a blocking thread, and one task in each group.
struct Stage {
    info: RunInfo,
    now: u64,
    records: Vec<(LaneId, Record)>,
    samples: Vec<Sample>,
}

const API: u32 = 1;
const HEARTBEAT: u32 = 2;
const REPORT: u32 = 3;

const BLOCK: Label = Label(1);

impl Stage {
    fn new(now: u64) -> Stage {
        Stage {
            info: RunInfo {
                workers: 2,
                async_executor: true,
                pool: Some(PoolInfo {
                    name: "blocking threads",
                    lanes: LaneKind::Blocking,
                    threads: 1,
                }),
                ..RunInfo::default()
            },
            now,
            records: Vec::new(),
            samples: Vec::new(),
        }
    }

    fn record(mut self, lane: u16, record: Record) -> Stage {
        self.records.push((LaneId(lane), record));
        self
    }

    /// A slice from `start` to `end`. Before it, the task was unnoticed and then queued.
    fn slice(self, lane: u16, task: u32, (start, end): (u64, u64), unnoticed: u64, queued: u64) -> Stage {
        self.record(
            lane,
            Record::Slice(Slice {
                start: at(start),
                task: id(task),
                len: ms(end - start).into(),
                queued: ms(queued).into(),
                unnoticed: ms(unnoticed).into(),
                woken_by: None,
                label: Label::NONE,
                suspended_on: Reason::Timer,
                branch: false,
            }),
        )
    }

    /// A step that blocked the thread, and the slice around it.
    fn blocked(self, lane: u16, task: u32, (start, end): (u64, u64), reason: Reason) -> Stage {
        let step = Step {
            start: at(start),
            task: id(task),
            len: ms(end - start).into(),
            label: BLOCK,
            blocking: true,
            blocked_on: reason,
            timer_rounding: CompactDuration::ZERO,
        };
        self.record(lane, Record::Step(step))
            .slice(lane, task, (start, end), 0, 0)
    }

    /// A task of the group of `first`, which is a task of the stage. Its parent is `api`.
    fn spawned(self, task: u32, first: u32, ms_at: u64) -> Stage {
        let spawned = Spawned {
            at: at(ms_at),
            task: id(task),
            parent: Some(id(API)),
            index: task,
            group: GroupId(first as u16 - 1),
            branch: false,
        };
        self.record(0, Record::Spawned(spawned))
    }

    fn ended(self, task: u32, end: u64, outcome: Outcome, unobserved: bool) -> Stage {
        let ended = Ended {
            unobserved,
            ..Ended::observed(at(end), id(task), outcome)
        };
        self.record(0, Record::Ended(ended))
    }

    fn model(self) -> Model {
        let lane = |id, kind, name: &str| Definition::Lane {
            id: LaneId(id),
            kind,
            name: name.to_owned(),
        };
        let kinds = [
            lane(0, LaneKind::Worker, "worker 0"),
            lane(1, LaneKind::Worker, "worker 1"),
            lane(2, LaneKind::Blocking, "blocking 0"),
        ];
        let groups = GROUPS.iter().zip(0..).map(|(name, id)| Definition::Group {
            id: GroupId(id),
            name: (*name).to_owned(),
            library: false,
        });
        let label = Definition::Label {
            id: BLOCK,
            text: "block 500ms".to_owned(),
        };
        let spawned = (0..GROUPS.len() as u16).map(|group| {
            let spawned = Spawned {
                at: at(0),
                task: id(u32::from(group) + 1),
                parent: None,
                index: 0,
                group: GroupId(group),
                branch: false,
            };
            (LaneId::NONE, Record::Spawned(spawned))
        });
        let mut model = Model::new(self.info);
        model.apply(&Batch {
            definitions: kinds.into_iter().chain(groups).chain([label]).collect(),
            samples: self.samples,
            ..Batch::default()
        });
        model.apply(&Batch {
            now: at(self.now),
            records: spawned.chain(self.records).collect(),
            ..Batch::default()
        });
        model
    }

    fn find(self) -> Vec<Finding> {
        find(&self.model())
    }

    /// The rules of the findings, the costliest first.
    fn rules(self) -> Vec<Rule> {
        self.find().iter().map(|finding| finding.rule).collect()
    }
}

#[test]
fn a_healthy_run_has_no_finding() {
    let mut stage = Stage::new(1_000);
    for tick in 0..90 {
        let from = tick * 10;
        stage = stage
            .slice(0, HEARTBEAT, (from + 2, from + 3), 1, 1)
            .slice(1, API, (from, from + 4), 0, 0);
    }
    assert_eq!(stage.find(), []);
}

#[test]
fn the_costliest_finding_comes_first_and_the_earliest_of_equal_ones() {
    let found = Stage::new(2_000)
        .blocked(0, API, (0, 100), Reason::Timer)
        .slice(0, HEARTBEAT, (100, 101), 0, 100)
        .ended(HEARTBEAT, 101, Outcome::Failed, true)
        .slice(0, REPORT, (200, 500), 0, 0)
        .slice(0, API, (500, 501), 0, 300)
        .find();
    let rules: Vec<_> = found
        .iter()
        .map(|finding| (finding.rule, finding.culprit.as_str()))
        .collect();
    assert_eq!(
        rules,
        [
            (Rule::HoggedWorker, "report"),
            (Rule::BlockedWorker, "api"),
            (Rule::UnobservedFailure, "heartbeat"),
        ]
    );
}
