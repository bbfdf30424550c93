//! Deadlocks of branches: parts of a task that the task polls itself.

use super::*;

const A: ResourceId = ResourceId(0);
const B: ResourceId = ResourceId(1);

/// What happened, and what was open when the last batch ended.
struct Story {
    async_executor: bool,
    records: Vec<(LaneId, Record)>,
    live: Live,
}

impl Story {
    /// Task 1 waits for its branches.
    fn with_branches(branches: impl IntoIterator<Item = u32>) -> Story {
        let mut story = Story {
            async_executor: true,
            records: vec![(WORKER, spawned(1, at_us(0)))],
            live: Live::default(),
        };
        for branch in branches {
            story.add(Record::Spawned(Spawned {
                at: at_us(1),
                task: id(branch),
                parent: Some(id(1)),
                index: branch,
                group: GroupId(0),
                branch: true,
            }));
        }
        story.add(waits(1, ResourceId::NONE, Wanted::Children, 2, false));
        story
    }

    fn add(&mut self, record: Record) {
        self.add_on(WORKER, record);
    }

    fn add_on(&mut self, lane: LaneId, record: Record) {
        self.records.push((lane, record));
    }

    /// Task 1 holds the worker and has slept in the poll of this branch since the instant `since`.
    fn blocks_in(&mut self, branch: u32, since: u64) {
        let open = |task| CurrentSlice {
            blocking_since: Some(at_us(since)),
            ..current(task, at_us(since - 1))
        };
        self.live.lanes = vec![open(1)];
        self.live.branches = vec![open(branch)];
    }

    /// The model after enough batches to report a deadlock.
    fn model(&self) -> Model {
        let lock = |name| ResourceInfo::new(ResourceKind::Lock, name, Some(1));
        let mut model = Model::new(RunInfo {
            workers: 2,
            async_executor: self.async_executor,
            resources: vec![lock("a"), lock("b")],
            ..RunInfo::default()
        });
        let lane = |id, name: &str| Definition::Lane {
            id,
            kind: if self.async_executor {
                LaneKind::Worker
            } else {
                LaneKind::Pool
            },
            name: name.into(),
        };
        model.apply(&Batch {
            definitions: vec![
                lane(WORKER, "first"),
                lane(OTHER, "second"),
                Definition::Group {
                    id: GroupId(0),
                    name: "api".into(),
                    library: false,
                },
            ],
            records: self.records.clone(),
            now: at_us(100),
            live: self.live.clone(),
            arrivals_over: true,
            ..Batch::default()
        });
        for now in [200, 300, 400] {
            model.apply(&Batch {
                now: at_us(now),
                live: self.live.clone(),
                arrivals_over: true,
                ..Batch::default()
            });
        }
        model
    }

    fn sentences(&self) -> Vec<String> {
        let model = self.model();
        model.deadlocks().iter().map(|it| it.sentence.clone()).collect()
    }
}

fn waits(task: u32, resource: ResourceId, wanted: Wanted, at: u64, limited: bool) -> Record {
    Record::WaitBegan(WaitBegan {
        at: at_us(at),
        task: id(task),
        waiting: 1,
        resource,
        wanted,
        limited,
    })
}

fn waits_for(task: u32, resource: ResourceId, at: u64) -> Record {
    waits(task, resource, Wanted::Access, at, false)
}

fn acquired(task: u32, resource: ResourceId, at: u64) -> Record {
    Record::Acquired(Acquired {
        at: at_us(at),
        task: id(task),
        waited: CompactDuration::ZERO,
        level: 1,
        wanted: Wanted::Access,
        resource,
    })
}

/// Branches 2 and 3 of task 1 hold one lock each and wait for the other lock.
fn crossed(branches: impl IntoIterator<Item = u32>) -> Story {
    let mut story = Story::with_branches(branches);
    story.add(acquired(2, A, 10));
    story.add(acquired(3, B, 11));
    story.add(waits_for(2, B, 12));
    story.add(waits_for(3, A, 13));
    story
}

const CROSSED: &str = "deadlock: api#2 waits for b, held by api#3; api#3 waits for a, held by api#2";

#[test]
fn two_branches_that_wait_for_each_other_are_a_deadlock_if_all_branches_wait() {
    let story = crossed([2, 3]);
    assert_eq!(story.sentences(), [CROSSED]);
    assert!(story.model().is_hopeless());

    let mut third = crossed([2, 3, 4]);
    assert!(third.sentences().is_empty(), "the third branch may end a `select`");
    third.add(Record::Ended(Ended::observed(at_us(50), id(4), Outcome::Completed)));
    assert_eq!(
        third.sentences(),
        [CROSSED],
        "a `join` does not end with its third branch"
    );
}

#[test]
fn a_time_limit_of_the_task_may_end_the_waits_of_its_branches() {
    let mut story = crossed([2, 3]);
    let limited = waits(1, ResourceId::NONE, Wanted::Children, 2, true);
    story
        .records
        .retain(|(_, record)| !matches!(record, Record::WaitBegan(it) if it.wanted == Wanted::Children));
    story.add(limited);
    assert!(story.sentences().is_empty());
}

/// Branch 2 holds lock `a` and waits for nothing. Branch 3 waits for lock `b`. Task 9 holds lock
/// `b` and waits for lock `a`.
fn holder_beside_a_blocked_branch() -> Story {
    let mut story = Story::with_branches([2, 3]);
    story.add(acquired(2, A, 10));
    story.add_on(OTHER, spawned(9, at_us(0)));
    story.add_on(OTHER, acquired(9, B, 12));
    story.add_on(OTHER, waits_for(9, A, 13));
    story.add(waits_for(3, B, 20));
    story
}

#[test]
fn a_branch_that_blocks_the_thread_keeps_its_siblings_from_releasing_their_locks() {
    let mut story = holder_beside_a_blocked_branch();
    assert!(story.sentences().is_empty(), "branch 2 can continue");
    story.blocks_in(3, 20);
    let sentence = "deadlock: api#2 waits for its thread, held by api#3; api#3 waits for b, held by api#9; \
                    api#9 waits for a, held by api#2";
    assert_eq!(story.sentences(), [sentence]);
    assert!(story.model().is_hopeless());
    // A time limit cannot end a wait that blocks the thread.
    story
        .records
        .retain(|(_, record)| !matches!(record, Record::WaitBegan(it) if it.wanted == Wanted::Children));
    story.add(waits(1, ResourceId::NONE, Wanted::Children, 2, true));
    assert_eq!(story.sentences(), [sentence]);
}

#[test]
fn a_branch_that_sleeps_in_a_later_poll_does_not_wait_on_its_thread() {
    let mut story = holder_beside_a_blocked_branch();
    story.blocks_in(3, 40);
    assert!(story.sentences().is_empty());
}

#[test]
fn on_a_thread_a_branch_waits_until_the_branch_before_it_has_ended() {
    let mut story = Story::with_branches([2, 3]);
    story.async_executor = false;
    story.add(acquired(2, A, 10));
    story.add(waits_for(2, B, 12));
    story.add_on(OTHER, spawned(9, at_us(0)));
    story.add_on(OTHER, acquired(9, B, 11));
    story.add_on(OTHER, waits_for(9, A, 13));
    story.blocks_in(2, 12);
    let sentence = "deadlock: api#2 waits for b, held by api#9; api#9 waits for a, held by api#2";
    assert_eq!(story.sentences(), [sentence]);
    assert!(story.model().is_hopeless(), "the other branch can never begin");
}

/// Task 1 holds lock `a` and waits for its children, off its lane. All children have ended. The
/// lane now runs task 9, which waits for lock `a`.
#[test]
fn a_task_below_another_job_on_the_stack_of_its_thread_cannot_continue() {
    let mut story = Story {
        async_executor: false,
        records: Vec::new(),
        live: Live::default(),
    };
    story.add(spawned(1, at_us(0)));
    story.add(acquired(1, A, 5));
    story.add(waits(1, ResourceId::NONE, Wanted::Children, 10, false));
    story.add(spawned(9, at_us(2)));
    story.add(waits_for(9, A, 20));
    story.live.lanes = vec![CurrentSlice {
        blocking_since: Some(at_us(20)),
        ..current(9, at_us(15))
    }];
    let sentence = "deadlock: api#1 waits for its thread, held by api#9; api#9 waits for a, held by api#1";
    assert_eq!(story.sentences(), [sentence]);
    story.live.lanes[0].lane = OTHER;
    assert!(story.sentences().is_empty(), "another thread waits for the lock");
}
