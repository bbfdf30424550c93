//! What must hold for any plausible stream of records, in any order that the lanes may deliver them in.

use super::*;
use crate::record::*;
use proptest::prelude::*;
use proptest::sample::Index;

const LANES: u16 = 3;

/// One thing that happens in a generated run: a task holds a lane for a while.
#[derive(Clone, Debug)]
struct Act {
    lane: u16,
    task: u32,
    idle: u64,
    len: u64,
    queued: u64,
    unnoticed: u64,
    blocks: Vec<(u64, u64)>,
    reason: Reason,
    /// It is the task's last.
    ends: bool,
    /// The record of it finds the ring full.
    lost: bool,
}

/// A run as its lanes recorded it.
#[derive(Clone, Debug)]
struct Run {
    /// Per lane in the order of writing; the last is [`LaneId::NONE`].
    written: Vec<Vec<Record>>,
    samples: Vec<Sample>,
    lost: Vec<Lost>,
    live: Live,
    now: Nanos,
    spawned: u64,
    /// To be delivered in order of time.
    orderly: bool,
}

impl Run {
    /// The same records as of one lane, in order of time, which each lane's keep among themselves.
    fn in_order(mut self) -> Run {
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

/// Lets the acts happen one after another as far as lanes and tasks are free; one unit of time is `unit` long.
fn happen(acts: &[Act], unit: u64, losing: bool) -> Run {
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
                at: Nanos(*free),
                task,
                parent: None,
                index: act.task / 2,
                group,
            };
            written[usize::from(LANES)].push(Record::Spawned(spawned));
        }
        let start = lane_free[lane].max(*free) + act.idle * unit;
        let len = Short::new(Nanos(act.len * unit));
        let end = start + len.get().0;
        for &(from, lasts) in &act.blocks {
            let (from, to) = ((start + from * unit).min(end), (start + (from + lasts) * unit).min(end));
            let step = Step {
                start: Nanos(from),
                task,
                len: Nanos(to - from).into(),
                label: Label(1),
                blocking: true,
            };
            written[lane].push(Record::Step(step));
        }
        if act.len % 7 == 3 {
            for at in [start + 1, end - 1].map(Nanos) {
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
            start: Nanos(start),
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
                let at = Nanos(start);
                written[lane].push(Record::Orphaned(Orphaned { at, task }));
            }
            let ended = Ended {
                at: Nanos(end),
                task,
                outcome: Outcome::ALL[act.len as usize % Outcome::ALL.len()],
                unheard: act.idle % 2 == 1,
            };
            written[lane].push(Record::Ended(ended));
        }
        if act.idle % 3 == 0 {
            let outcome = Outcome::ALL[act.queued as usize % Outcome::ALL.len()];
            written[lane].push(Record::Repetition(Repetition {
                start: Nanos(start),
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
        now: Nanos(now),
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
        let at = |part: u64| Nanos(free.max(now - part * unit));
        match place {
            0 | 3 => live.lanes.push(CurrentSlice {
                lane: LaneId(place as u16 / 3),
                task,
                start: Nanos(now - 20 * unit),
                queued: Nanos(3 * unit).into(),
                unnoticed: Nanos(4 * unit).into(),
                blocking_since: (place == 0).then(|| Nanos(now - 5 * unit)),
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

/// Delivers a run: at each turn the next record of the lane that `turns` picks, in batches of `size`.
fn deliver(run: &Run, turns: &[Index], size: usize, limit: usize) -> Model {
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
    // The kernel is asked in order of time; its answers may come before the slices that they are about, or after.
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

/// All that the model answers, as text; with what each task did at every `step`-th instant.
fn answers(model: &Model, step: u64) -> Vec<String> {
    let mut all = vec![format!("{:?} {:?} {:?}", model.now(), model.counts(), model.accounts())];
    let span = Window {
        from: Nanos(0),
        to: model.now() + Nanos(50),
        columns: 37,
    };
    for task in model.tasks() {
        let id = task.id;
        all.push(format!(
            "{} {:?} {:?} {:?} {:?} {:?}",
            model.task_name(id),
            (task.group, task.spawned_at, task.ended, task.polls, task.repetitions),
            model.times(id),
            model.state(id),
            model.since(id),
            model.waiting_on(id)
        ));
        let states: Vec<_> = (0..model.now().0)
            .step_by(step as usize)
            .map(|t| model.state_at(id, Nanos(t)))
            .collect();
        all.push(format!("{states:?}"));
        let mut cells = Vec::new();
        model.paint_task(id, span, &mut cells);
        all.push(format!("{cells:?}"));
    }
    for group in model.groups() {
        all.push(format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?}",
            group.name,
            (
                group.spawned,
                group.counts(),
                group.repetitions,
                group.polls,
                group.orphaned,
                group.failures_lost
            ),
            (model.group_times(group.id), model.group_span(group.id)),
            group.poll(),
            group.delay(),
            group.lateness(),
            group.repetition()
        ));
    }
    for lane in model.lanes() {
        let mut cells = Vec::new();
        model.paint_lane(lane.id, span, &mut cells);
        all.push(format!(
            "{} {} {:?} {:?} {cells:?}",
            lane.name,
            lane.slices,
            model.lane_times(lane.id),
            lane.poll()
        ));
        all.push(format!("{:?}", model.utilisation(lane.id, model.now())));
    }
    all.extend(model.series().map(|point| format!("{point:?}")));
    all
}

/// The laws that need no look at single instants.
fn sums_hold(model: &Model) -> Result<(), TestCaseError> {
    let mut groups = HashMap::<GroupId, Times>::new();
    let mut all = Times::default();
    let mut counts = Counts::default();
    for task in model.tasks() {
        let times = model.times(task.id);
        let until = task.over_at().unwrap_or(model.now());
        prop_assert_eq!(
            times.total(),
            until - task.spawned_at,
            "{:?}: its times cover its life",
            task.id
        );
        prop_assert_eq!(times.suspended, times.suspended_on.into_iter().sum::<Nanos>());
        *groups.entry(task.group.unwrap()).or_default() += times;
        all += times;
        *counts.of_mut(model.state(task.id)) += 1;
    }
    for group in model.groups() {
        let sum = groups.get(&group.id).copied().unwrap_or_default();
        prop_assert_eq!(model.group_times(group.id), sum, "group {:?}", group.id);
    }
    prop_assert_eq!(model.counts(), counts);
    let lanes = model.lanes().iter().map(|lane| model.lane_times(lane.id));
    let (running, blocking) = lanes.fold((Nanos::ZERO, Nanos::ZERO), |(r, b), lane| (r + lane.0, b + lane.1));
    prop_assert_eq!(
        (running, blocking),
        (all.running, all.blocking),
        "lanes and tasks tell of the same slices"
    );
    Ok(())
}

/// The laws of single instants, looked at one by one.
fn instants_hold(model: &Model) -> Result<(), TestCaseError> {
    let (now, horizon) = (model.now(), model.horizon());
    let span = Window {
        from: Nanos(0),
        to: now,
        columns: now.0 as usize,
    };
    let mut lanes = Vec::new();
    for lane in model.lanes() {
        let mut cells = Vec::new();
        model.paint_lane(lane.id, span, &mut cells);
        lanes.push(cells);
    }
    for at in 0..now.0 {
        let mut on_lanes: Vec<_> = lanes
            .iter()
            .filter_map(|cells| cells[at as usize].task.zip(cells[at as usize].state))
            .collect();
        let mut on_tasks = Vec::new();
        for task in model.tasks() {
            let state = model.state_at(task.id, Nanos(at));
            prop_assert_eq!(
                state.is_some(),
                Nanos(at) >= task.spawned_at.max(horizon),
                "{:?} at {}",
                task.id,
                at
            );
            on_tasks.extend(
                state
                    .filter(|s| matches!(s, State::Running | State::Blocking))
                    .map(|s| (task.id, s)),
            );
        }
        on_lanes.sort_by_key(|(task, _)| *task);
        on_tasks.sort_by_key(|(task, _)| *task);
        prop_assert_eq!(on_lanes, on_tasks, "who runs at {}", at);
    }
    if horizon == Nanos::ZERO {
        for task in model.tasks() {
            let mut times = Times::default();
            let states = (0..now.0).filter_map(|at| model.state_at(task.id, Nanos(at)));
            states.for_each(|state| times.add(state, Nanos(1)));
            prop_assert_eq!(
                times,
                model.times(task.id),
                "{:?}: times are the instants counted",
                task.id
            );
        }
    }
    Ok(())
}

/// Every cell shows something that is in it, and the worst of it.
fn cells_hold(model: &Model, from: u64, len: u64, columns: usize) -> Result<(), TestCaseError> {
    let window = Window {
        from: Nanos(from),
        to: Nanos(from + len),
        columns,
    };
    let mut cells = Vec::new();
    for task in model.tasks() {
        model.paint_task(task.id, window, &mut cells);
        prop_assert_eq!(cells.len(), columns);
        for (column, cell) in cells.iter().enumerate() {
            let instants = window.edge(column).0..window.edge(column + 1).0;
            let states: Vec<_> = instants.filter_map(|at| model.state_at(task.id, Nanos(at))).collect();
            match cell.state {
                None => prop_assert!(states.is_empty(), "an empty cell holds {states:?}"),
                Some(state) => prop_assert!(states.contains(&state), "{state:?} is not among {states:?}"),
            }
            if states.contains(&State::Blocking) {
                prop_assert_eq!(cell.state, Some(State::Blocking));
            }
            let held = states
                .iter()
                .filter(|state| matches!(state, State::Running | State::Blocking))
                .count();
            let width = (window.edge(column + 1) - window.edge(column)).0.max(1);
            prop_assert!(
                (cell.ran - held as f32 / width as f32).abs() < 1e-3,
                "{} of {held}/{width}",
                cell.ran
            );
        }
    }
    Ok(())
}

fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 0..most)
}

fn turns() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..300)
}

proptest! {
    #[test]
    fn the_order_in_which_lanes_deliver_does_not_matter(
        acts in acts(150), turns in turns(), size in 1usize..40, unit in prop::sample::select(vec![1u64, 1_000, 3_000_017])
    ) {
        let run = happen(&acts, unit, false);
        let plain = deliver(&run, &[], usize::MAX, usize::MAX);
        let shuffled = deliver(&run, &turns, size, usize::MAX);
        for (a, b) in answers(&plain, unit * 3).iter().zip(&answers(&shuffled, unit * 3)) {
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(plain.groups().iter().map(|group| group.spawned).sum::<u64>(), run.spawned);
    }

    #[test]
    fn sums_hold_for_any_run(acts in acts(200), turns in turns(), unit in prop::sample::select(vec![1u64, 3_000_017]), losing: bool) {
        let run = happen(&acts, unit, losing);
        let model = deliver(&run, &turns, 50, usize::MAX);
        sums_hold(&model)?;
        let accounts = model.accounts();
        prop_assert_eq!(accounts.dropped, run.lost.len() as u64);
    }

    #[test]
    fn every_instant_has_one_state(acts in acts(40), turns in turns(), losing: bool) {
        let model = deliver(&happen(&acts, 1, losing), &turns, 10, usize::MAX);
        instants_hold(&model)?;
    }

    #[test]
    fn cells_show_what_is_in_them(acts in acts(60), turns in turns(), from in 0u64..800, len in 1u64..2000, columns in 1usize..90) {
        let model = deliver(&happen(&acts, 1, false), &turns, 10, usize::MAX);
        cells_hold(&model, from, len, columns)?;
    }

    #[test]
    fn forgetting_takes_nothing_from_the_sums(acts in acts(150), size in 1usize..40, limit in 1usize..400) {
        let run = happen(&acts, 1, true).in_order();
        let model = deliver(&run, &[], size, limit);
        let whole = deliver(&run, &[], size, usize::MAX);
        prop_assert_eq!(model.counts(), whole.counts());
        for (group, whole_group) in model.groups().iter().zip(whole.groups()) {
            prop_assert_eq!(model.group_times(group.id), whole.group_times(group.id));
            prop_assert_eq!(group.poll(), whole_group.poll());
        }
        for lane in model.lanes() {
            prop_assert_eq!(model.lane_times(lane.id), whole.lane_times(lane.id));
        }
        for task in model.tasks() {
            prop_assert_eq!(model.times(task.id), whole.times(task.id));
            for at in model.horizon().0..model.now().0 {
                prop_assert_eq!(model.state_at(task.id, Nanos(at)), whole.state_at(task.id, Nanos(at)));
            }
        }
    }

    #[test]
    fn what_is_held_obeys_the_laws_also_when_lanes_lag_behind_the_horizon(
        acts in acts(150), turns in turns(), limit in 1usize..60, from in 0u64..3000
    ) {
        let mut acts = acts;
        acts.iter_mut().for_each(|act| act.ends = false);
        let model = deliver(&happen(&acts, 1, true), &turns, 10, limit);
        sums_hold(&model)?;
        instants_hold(&model)?;
        cells_hold(&model, from, 500, 40)?;
    }
}
