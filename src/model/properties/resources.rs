//! Properties of locks and semaphores: a deadlock is found if and only if there is one, and the
//! figures do not depend on the order of delivery.
//!
//! A simulation runs tasks that acquire and release resources in a random order. The simulation
//! knows which tasks can never continue.

use super::super::*;
use crate::record::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;

const LANES: u16 = 3;

/// One step of a simulated task.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Acquires this resource.
    Acquire(usize),
    /// Releases what the task acquired last, if it holds anything.
    Release,
}

/// A simulated task.
#[derive(Clone, Debug)]
struct Plan {
    steps: Vec<Step>,
    /// Whether a timeout can end its waits. The task then releases everything and ends.
    limited: bool,
}

/// A simulated run.
#[derive(Clone, Debug)]
struct Plans {
    capacities: Vec<u32>,
    tasks: Vec<Plan>,
    /// Which task does the next step, and on which lane.
    schedule: Vec<(Index, u16)>,
}

fn plans() -> impl Strategy<Value = Plans> {
    let step = prop_oneof![(0usize..3).prop_map(Step::Acquire), Just(Step::Release)];
    let plan = (prop::collection::vec(step, 1..8), prop::bool::weighted(0.15));
    let plan = plan.prop_map(|(steps, limited)| Plan { steps, limited });
    (
        prop::collection::vec(1u32..4, 3),
        prop::collection::vec(plan, 1..6),
        prop::collection::vec((any::<Index>(), 0..LANES), 40..120),
    )
        .prop_map(|(capacities, tasks, schedule)| Plans {
            capacities,
            tasks,
            schedule,
        })
}

/// What a simulated task does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ready,
    /// Waits for a resource. The wait began at this instant.
    Waits(usize, u64),
    /// Has been given a resource. The wait for the resource began at this instant.
    Given(usize, u64),
    Ended,
}

struct Simulation {
    now: u64,
    free: Vec<u32>,
    queues: Vec<VecDeque<usize>>,
    states: Vec<State>,
    /// The resources that each task holds, with the instants at which it acquired them.
    holds: Vec<Vec<(usize, u64)>>,
    done: Vec<usize>,
    /// All records with their instants and lanes, in order of time.
    records: Vec<(u64, LaneId, Record)>,
}

fn task_id(task: usize) -> TaskId {
    TaskId::new(task as u32 + 1).unwrap()
}

impl Simulation {
    /// Runs the tasks until no task can do a step.
    fn run(plans: &Plans) -> Simulation {
        let count = plans.tasks.len();
        let mut simulation = Simulation {
            now: 0,
            free: plans.capacities.clone(),
            queues: vec![VecDeque::new(); plans.capacities.len()],
            states: vec![State::Ready; count],
            holds: vec![Vec::new(); count],
            done: vec![0; count],
            records: Vec::new(),
        };
        for task in 0..count {
            let spawned = Spawned {
                at: RunInstant::new(0),
                task: task_id(task),
                parent: None,
                index: task as u32,
                group: GroupId(0),
                branch: false,
            };
            simulation.write(0, Record::Spawned(spawned));
        }
        for (which, lane) in plans.schedule.iter().cycle() {
            let ready: Vec<_> = (0..count).filter(|task| simulation.can_step(*task)).collect();
            if !ready.is_empty() {
                simulation.step(ready[which.index(ready.len())], *lane, plans);
                continue;
            }
            let limited = (0..count)
                .find(|&task| plans.tasks[task].limited && matches!(simulation.states[task], State::Waits(..)));
            match limited {
                Some(task) => simulation.time_out(task, *lane),
                None => return simulation,
            }
        }
        unreachable!("the schedule repeats")
    }

    /// The tasks that can never continue.
    fn stuck(&self) -> BTreeSet<TaskId> {
        let waiting = self.states.iter().enumerate();
        waiting
            .filter(|(_, state)| matches!(state, State::Waits(..)))
            .map(|(task, _)| task_id(task))
            .collect()
    }

    fn can_step(&self, task: usize) -> bool {
        matches!(self.states[task], State::Ready | State::Given(..))
    }

    fn write(&mut self, lane: u16, record: Record) {
        self.records.push((self.now, LaneId(lane), record));
    }

    fn step(&mut self, task: usize, lane: u16, plans: &Plans) {
        self.now += 10;
        match self.states[task] {
            State::Given(resource, since) => self.acquire(task, resource, Some(since), lane, plans),
            _ => match plans.tasks[task].steps.get(self.done[task]) {
                Some(Step::Acquire(resource)) if self.free[*resource] > 0 => {
                    self.free[*resource] -= 1;
                    self.acquire(task, *resource, None, lane, plans);
                }
                Some(Step::Acquire(resource)) => {
                    self.queues[*resource].push_back(task);
                    self.states[task] = State::Waits(*resource, self.now);
                    let began = WaitBegan {
                        at: RunInstant::new(self.now),
                        task: task_id(task),
                        waiting: self.queues[*resource].len() as u32,
                        resource: ResourceId(*resource as u16),
                        wanted: Wanted::Access,
                        limited: plans.tasks[task].limited,
                    };
                    self.write(lane, Record::WaitBegan(began));
                }
                Some(Step::Release) => {
                    self.done[task] += 1;
                    self.release_last(task, lane);
                }
                None => self.end(task, lane),
            },
        }
    }

    fn acquire(&mut self, task: usize, resource: usize, since: Option<u64>, lane: u16, plans: &Plans) {
        self.states[task] = State::Ready;
        self.done[task] += 1;
        self.holds[task].push((resource, self.now));
        let acquired = Acquired {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: Nanos(since.map_or(0, |since| self.now - since)).into(),
            level: plans.capacities[resource] - self.free[resource],
            resource: ResourceId(resource as u16),
        };
        self.write(lane, Record::Acquired(acquired));
    }

    fn release_last(&mut self, task: usize, lane: u16) {
        let Some((resource, acquired)) = self.holds[task].pop() else {
            return;
        };
        let released = Released {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: CompactDuration::ZERO,
            held: Nanos(self.now - acquired).into(),
            resource: ResourceId(resource as u16),
        };
        self.write(lane, Record::Released(released));
        match self.queues[resource].pop_front() {
            Some(next) => {
                let State::Waits(_, since) = self.states[next] else {
                    unreachable!("only waiting tasks are in a queue")
                };
                self.states[next] = State::Given(resource, since);
            }
            None => self.free[resource] += 1,
        }
    }

    fn end(&mut self, task: usize, lane: u16) {
        while !self.holds[task].is_empty() {
            self.release_last(task, lane);
        }
        self.states[task] = State::Ended;
        let ended = Ended::observed(RunInstant::new(self.now), task_id(task), Outcome::Completed);
        self.write(lane, Record::Ended(ended));
    }

    fn time_out(&mut self, task: usize, lane: u16) {
        self.now += 10;
        let State::Waits(resource, since) = self.states[task] else {
            unreachable!("only a waiting task times out")
        };
        self.queues[resource].retain(|other| *other != task);
        let ended = WaitEnded {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: Nanos(self.now - since).into(),
            resource: ResourceId(resource as u16),
            wanted: Wanted::Access,
            handed_over: false,
        };
        self.write(lane, Record::WaitEnded(ended));
        self.end(task, lane);
    }
}

fn empty_model(plans: &Plans) -> Model {
    let resource = |(index, capacity): (usize, &u32)| ResourceInfo {
        kind: if *capacity == 1 {
            ResourceKind::Lock
        } else {
            ResourceKind::Semaphore
        },
        name: format!("r{index}"),
        capacity: *capacity,
        senders: Vec::new(),
        receivers: Vec::new(),
    };
    let mut model = Model::new(RunInfo {
        workers: usize::from(LANES),
        async_executor: true,
        resources: plans.capacities.iter().enumerate().map(resource).collect(),
        ..RunInfo::default()
    });
    model.apply(&Batch {
        definitions: vec![Definition::Group {
            id: GroupId(0),
            name: "task".into(),
            library: false,
        }],
        arrivals_over: true,
        ..Batch::default()
    });
    model
}

/// The answers about each resource, as text.
fn answers(model: &Model) -> Vec<String> {
    let now = model.now();
    let resources = model.resources().iter();
    resources
        .map(|it| {
            format!(
                "{:?}",
                (
                    (it.acquired, it.released, it.abandoned, it.handed_to_cancelled),
                    (it.held(now), it.waiting(now)),
                    (it.wait_time(now), it.held_time()),
                )
            )
        })
        .collect()
}

proptest! {
    /// The monitor drains one ring after another, while the tasks continue. So for each lane, a
    /// batch contains everything up to an instant within the drain.
    #[test]
    fn a_deadlock_is_found_if_and_only_if_there_is_one(
        plans in plans(),
        drains in prop::collection::vec((any::<Index>(), prop::array::uniform3(any::<Index>())), 0..12),
    ) {
        let simulation = Simulation::run(&plans);
        let stuck = simulation.stuck();
        let mut model = empty_model(&plans);
        let mut begins: Vec<u64> = drains.iter().map(|(begin, _)| begin.index(simulation.now as usize + 1) as u64).collect();
        begins.sort_unstable();
        begins.push(simulation.now + 1);
        let mut from = [0; LANES as usize];
        for (number, (_, within)) in drains.iter().enumerate() {
            let length = (begins[number + 1] - begins[number]) as usize + 1;
            let to = within.map(|within| begins[number] + within.index(length) as u64);
            let records = simulation.records.iter().filter(|(at, lane, _)| {
                let lane = usize::from(lane.0);
                from[lane] <= *at && *at < to[lane]
            });
            let records = records.map(|(_, lane, record)| (*lane, *record)).collect();
            model.apply(&Batch { records, arrivals_over: true, ..Batch::default() });
            for wait in model.deadlocks().iter().flat_map(|deadlock| &deadlock.waits) {
                prop_assert!(stuck.contains(&wait.task), "{:?}", model.deadlocks());
            }
            from = to;
        }
        let rest = simulation.records.iter().filter(|(at, lane, _)| from[usize::from(lane.0)] <= *at);
        let rest = rest.map(|(_, lane, record)| (*lane, *record)).collect();
        let now = RunInstant::new(simulation.now);
        model.apply(&Batch { now, records: rest, arrivals_over: true, ..Batch::default() });
        for _ in 0..3 {
            model.apply(&Batch { now, arrivals_over: true, ..Batch::default() });
        }
        let found: BTreeSet<TaskId> =
            model.deadlocks().iter().flat_map(|deadlock| &deadlock.waits).map(|wait| wait.task).collect();
        prop_assert!(found.is_subset(&stuck), "{found:?} of {stuck:?}");
        prop_assert_eq!(found.is_empty(), stuck.is_empty(), "{:?}", stuck);
        prop_assert_eq!(model.is_hopeless(), !stuck.is_empty());
        for deadlock in model.deadlocks() {
            prop_assert!(deadlock.sentence.starts_with("deadlock: "), "{}", deadlock.sentence);
        }
    }

    #[test]
    fn the_figures_of_resources_do_not_depend_on_the_order_of_delivery(
        plans in plans(),
        order in prop::collection::vec(any::<Index>(), 0..200),
        size in 1usize..20,
    ) {
        let simulation = Simulation::run(&plans);
        let now = RunInstant::new(simulation.now + 5);
        let in_order: Vec<_> = simulation.records.iter().map(|(_, lane, record)| (*lane, *record)).collect();
        let mut rings = vec![VecDeque::new(); usize::from(LANES)];
        for (lane, record) in &in_order {
            rings[usize::from(lane.0)].push_back((*lane, *record));
        }
        let mut order = order.iter();
        let mut shuffled = Vec::new();
        while shuffled.len() < in_order.len() {
            let mut ready: Vec<_> = rings.iter_mut().filter(|ring| !ring.is_empty()).collect();
            let chosen = order.next().map_or(0, |index| index.index(ready.len()));
            shuffled.extend(ready[chosen].pop_front());
        }
        let deliver = |records: &[(LaneId, Record)], size| {
            let mut model = empty_model(&plans);
            for records in records.chunks(size) {
                model.apply(&Batch { records: records.to_vec(), ..Batch::default() });
            }
            model.apply(&Batch { now, ..Batch::default() });
            answers(&model)
        };
        prop_assert_eq!(deliver(&shuffled, size), deliver(&in_order, in_order.len()));
    }
}
