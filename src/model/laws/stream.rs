//! Plausible streams of records, as lanes might write and deliver them.

use super::super::*;
use crate::record::*;
use proptest::prelude::*;
use proptest::sample::Index;

const LANES: u16 = 3;

/// One thing that happens in a generated run: a task holds a lane for a while.
#[derive(Clone, Debug)]
pub(super) struct Act {
    lane: u16,
    task: u32,
    idle: u64,
    len: u64,
    queued: u64,
    unnoticed: u64,
    blocks: Vec<(u64, u64)>,
    reason: Reason,
    /// It is the task's last.
    pub(super) ends: bool,
    /// The record of it finds the ring full.
    lost: bool,
}

/// A run as its lanes recorded it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Per lane in the order of writing; the last is [`LaneId::NONE`].
    written: Vec<Vec<Record>>,
    samples: Vec<Sample>,
    pub(super) lost: Vec<Lost>,
    live: Live,
    now: RunInstant,
    pub(super) spawned: u64,
    /// To be delivered in order of time.
    orderly: bool,
}

impl Run {
    /// The same records as of one lane, in order of time, which each lane's keep among themselves.
    pub(super) fn in_order(mut self) -> Run {
        self.orderly = true;
        self
    }
}

fn act() -> impl Strategy<Value = Act> {
    let reason = prop::sample::select(&Reason::ALL[..]);
    let blocks = prop::collection::vec((0u64..30, 1u64..20), 0..2);
    (
        (0..LANES, 1u32..7, 0u64..40, 0u64..40),
        (0u64..50, 0u64..50, blocks, reason),
        (prop::bool::weighted(0.05), prop::bool::weighted(0.1)),
    )
        .prop_map(
            |((lane, task, idle, len), (queued, unnoticed, blocks, reason), (ends, lost))| Act {
                lane,
                task,
                idle,
                len,
                queued,
                unnoticed,
                blocks,
                reason,
                ends,
                lost,
            },
        )
}

/// Lets the acts happen one after another as far as lanes and tasks are free; one unit of time is
/// `unit` long.
pub(super) fn happen(acts: &[Act], unit: u64, losing: bool) -> Run {
    let mut written = vec![Vec::new(); usize::from(LANES) + 1];
    let mut lost = Vec::new();
    let mut samples = Vec::new();
    let mut lane_free = [0; LANES as usize];
    let mut task_free = HashMap::new();
    let mut over = Vec::new();
    for act in acts {
        if over.contains(&act.task) {
            continue;
        }
        let task = TaskId::new(act.task).unwrap();
        let lane = usize::from(act.lane);
        let born = !task_free.contains_key(&act.task);
        let free: &mut u64 = task_free.entry(act.task).or_insert(lane_free[lane]);
        if born {
            let group = GroupId((act.task % 2) as u16);
            let spawned = Spawned {
                at: RunInstant::new(*free),
                task,
                parent: None,
                index: act.task / 2,
                group,
            };
            written[usize::from(LANES)].push(Record::Spawned(spawned));
        }
        let start = lane_free[lane].max(*free) + act.idle * unit;
        let len = CompactDuration::new(Nanos(act.len * unit));
        let end = start + len.get().0;
        for &(from, lasts) in &act.blocks {
            let (from, to) = ((start + from * unit).min(end), (start + (from + lasts) * unit).min(end));
            let step = Step {
                start: RunInstant::new(from),
                task,
                len: Nanos(to - from).into(),
                label: Label(1),
                blocking: true,
            };
            written[lane].push(Record::Step(step));
        }
        if act.len % 7 == 3 {
            for at in [start + 1, end - 1].map(RunInstant::new) {
                let on_cpu = Nanos(start);
                let sample = LaneSample {
                    at,
                    lane: LaneId(act.lane),
                    on_cpu,
                    waiting: Nanos(0),
                    asleep_in: None,
                    asleep: true,
                };
                samples.push(Sample::Lane(sample));
            }
        }
        let slice = Slice {
            start: RunInstant::new(start),
            task,
            len,
            queued: Nanos(act.queued * unit).into(),
            unnoticed: Nanos(act.unnoticed * unit).into(),
            woken_by: TaskId::new(act.task / 2),
            label: Label((act.len % 3) as u16),
            suspended_on: act.reason,
        };
        if act.ends {
            over.push(act.task);
            if act.idle % 3 == 1 {
                let at = RunInstant::new(start);
                written[lane].push(Record::Orphaned(Orphaned { at, task }));
            }
            let ended = Ended {
                at: RunInstant::new(end),
                task,
                outcome: Outcome::ALL[act.len as usize % Outcome::ALL.len()],
                unheard: act.idle % 2 == 1,
            };
            written[lane].push(Record::Ended(ended));
        }
        if act.idle % 3 == 0 {
            let outcome = Outcome::ALL[act.queued as usize % Outcome::ALL.len()];
            written[lane].push(Record::Repetition(Repetition {
                start: RunInstant::new(start),
                task,
                len,
                outcome,
            }));
        }
        if losing && act.lost {
            lost.push(Lost {
                lane: LaneId(act.lane),
                slices: 1,
                others: 0,
            });
        } else {
            written[lane].push(Record::Slice(slice));
        }
        // A slice is never followed at the same instant: the clock has gone on.
        lane_free[lane] = end + 1;
        *free = end + 1;
    }
    let now = lane_free
        .into_iter()
        .chain(task_free.values().copied())
        .max()
        .unwrap_or(0)
        + 30 * unit;
    let live = unfinished(&task_free, &over, now, unit);
    let spawned = task_free.len() as u64;
    Run {
        written,
        samples,
        lost,
        live,
        now: RunInstant::new(now),
        spawned,
        orderly: false,
    }
}

/// Some tasks run at the end, some are woken, some are ready, and some rest.
fn unfinished(task_free: &HashMap<u32, u64>, over: &[u32], now: u64, unit: u64) -> Live {
    let mut live = Live::default();
    let mut tasks: Vec<_> = task_free.iter().filter(|(task, _)| !over.contains(task)).collect();
    tasks.sort();
    for (place, (&task, &free)) in tasks.into_iter().enumerate() {
        let task = TaskId::new(task).unwrap();
        let at = |part: u64| RunInstant::new(free.max(now - part * unit));
        match place {
            0 | 3 => live.lanes.push(CurrentSlice {
                lane: LaneId(place as u16 / 3),
                task,
                start: RunInstant::new(now - 20 * unit),
                queued: Nanos(3 * unit).into(),
                unnoticed: Nanos(4 * unit).into(),
                blocking_since: (place == 0).then(|| RunInstant::new(now - 5 * unit)),
                overdue_since: None,
                label: Label(2),
            }),
            1 => live.waiting.push(Waiting {
                task,
                ready: Some(at(9)),
                woken: Some(at(4)),
            }),
            4 => live.waiting.push(Waiting {
                task,
                ready: Some(at(9)),
                woken: None,
            }),
            _ => {}
        }
    }
    live
}

fn definitions() -> Vec<Definition> {
    let lane = |id| Definition::Lane {
        id: LaneId(id),
        kind: LaneKind::Worker,
        name: format!("worker {id}"),
    };
    let group = |id| Definition::Group {
        id: GroupId(id),
        name: format!("group-{id}"),
        library: false,
    };
    let label = |id| Definition::Label {
        id: Label(id),
        text: format!("step {id}"),
    };
    (0..LANES)
        .map(lane)
        .chain((0..2).map(group))
        .chain((1..3).map(label))
        .collect()
}

/// Delivers a run: at each turn the next record of the lane that `turns` picks, in batches of
/// `size`.
pub(super) fn deliver(run: &Run, turns: &[Index], size: usize, limit: usize) -> Model {
    let info = RunInfo {
        workers: usize::from(LANES),
        ..RunInfo::default()
    };
    let mut model = Model::with_limit(info, limit);
    let mut lanes: Vec<_> = run.written.iter().map(|records| records.iter().copied()).collect();
    let mut records = Vec::new();
    let mut turn = 0;
    loop {
        let ready: Vec<usize> = (0..lanes.len()).filter(|&lane| lanes[lane].len() > 0).collect();
        if ready.is_empty() {
            break;
        }
        let lane = turns
            .get(turn)
            .map_or(ready[0], |index| ready[index.index(ready.len())]);
        turn += 1;
        let id = if lane == usize::from(LANES) {
            LaneId::NONE
        } else {
            LaneId(lane as u16)
        };
        records.extend(lanes[lane].next().map(|record| (id, record)));
    }
    if run.orderly {
        records.sort_by_key(|(_, record)| record.written_at());
    }
    model.apply(&Batch {
        definitions: definitions(),
        lost: run.lost.clone(),
        ..Batch::default()
    });
    // The kernel is asked in order of time; its answers may come before the slices that they are
    // about, or after.
    let early = run.orderly || turns.first().is_some_and(|index| index.index(2) == 0);
    if early {
        model.apply(&Batch {
            samples: run.samples.clone(),
            ..Batch::default()
        });
    }
    for records in records.chunks(size) {
        model.apply(&Batch {
            records: records.to_vec(),
            ..Batch::default()
        });
    }
    if !early {
        model.apply(&Batch {
            samples: run.samples.clone(),
            ..Batch::default()
        });
    }
    model.apply(&Batch {
        now: run.now,
        live: run.live.clone(),
        ..Batch::default()
    });
    model
}

pub(super) fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 0..most)
}

pub(super) fn turns() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..300)
}
