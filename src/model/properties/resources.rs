//! Properties of locks, read-write locks and semaphores: a deadlock is found if and only if there
//! is one, and the figures do not depend on the order of delivery.
//!
//! A simulation runs tasks that acquire and release resources in a random order. The simulation
//! knows which tasks can never continue.

use super::super::*;
use crate::record::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;

const LANES: u16 = 3;
/// The read-write lock. The other resources are locks and semaphores.
const RWLOCK: usize = 3;
/// The parts of a read-write lock: a reader takes one, and a writer takes all.
const PARTS: u32 = 100;

/// One step of a simulated task.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Acquires this resource.
    Acquire(usize),
    /// Acquires the read-write lock to read.
    Read,
    /// Releases what the task acquired last, if it holds anything.
    Release,
}

/// A simulated task.
#[derive(Clone, Debug)]
struct Plan {
    steps: Vec<Step>,
    /// Whether a timeout can end the waits of the task. After a timeout, the task releases
    /// everything and ends.
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
    let step = prop_oneof![
        4 => (0..=RWLOCK).prop_map(Step::Acquire),
        1 => Just(Step::Read),
        4 => Just(Step::Release)
    ];
    let plan = (prop::collection::vec(step, 1..8), prop::bool::weighted(0.15));
    let plan = plan.prop_map(|(steps, limited)| Plan { steps, limited });
    (
        prop::collection::vec(1u32..4, RWLOCK),
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
    Waits(Want, u64),
    /// Has been given a resource. The wait for the resource began at this instant.
    Given(Want, u64),
    Ended,
}

/// What a simulated task wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Want {
    resource: usize,
    wanted: Wanted,
}

impl Want {
    fn of(step: Option<&Step>) -> Option<Want> {
        let (resource, wanted) = match step? {
            Step::Acquire(resource) => (*resource, Wanted::Access),
            Step::Read => (RWLOCK, Wanted::Read),
            Step::Release => return None,
        };
        Some(Want { resource, wanted })
    }

    /// How much of the resource the task takes.
    fn parts(self) -> u32 {
        match (self.resource, self.wanted) {
            (RWLOCK, Wanted::Access) => PARTS,
            _ => 1,
        }
    }
}

struct Simulation {
    now: u64,
    free: Vec<u32>,
    queues: Vec<VecDeque<usize>>,
    states: Vec<State>,
    /// The resources that each task holds, with the instants at which it acquired them.
    holds: Vec<Vec<(Want, u64)>>,
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
            free: plans.capacities.iter().copied().chain([PARTS]).collect(),
            queues: vec![VecDeque::new(); RWLOCK + 1],
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
        if let State::Given(want, since) = self.states[task] {
            return self.acquire(task, want, Some(since), lane);
        }
        let step = plans.tasks[task].steps.get(self.done[task]);
        match (Want::of(step), step) {
            (Some(want), _) if self.free[want.resource] >= want.parts() && self.queues[want.resource].is_empty() => {
                self.free[want.resource] -= want.parts();
                self.acquire(task, want, None, lane);
            }
            (Some(want), _) => {
                self.queues[want.resource].push_back(task);
                self.states[task] = State::Waits(want, self.now);
                let began = WaitBegan {
                    at: RunInstant::new(self.now),
                    task: task_id(task),
                    waiting: self.queues[want.resource].len() as u32,
                    resource: ResourceId(want.resource as u16),
                    wanted: want.wanted,
                    limited: plans.tasks[task].limited,
                };
                self.write(lane, Record::WaitBegan(began));
            }
            (None, Some(_)) => {
                self.done[task] += 1;
                self.release_last(task, lane);
            }
            (None, None) => self.end(task, lane),
        }
    }

    fn acquire(&mut self, task: usize, want: Want, since: Option<u64>, lane: u16) {
        self.states[task] = State::Ready;
        self.done[task] += 1;
        self.holds[task].push((want, self.now));
        let holds = self.holds.iter().flatten();
        let acquired = Acquired {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: Nanos(since.map_or(0, |since| self.now - since)).into(),
            level: holds.filter(|(other, _)| other.resource == want.resource).count() as u32,
            resource: ResourceId(want.resource as u16),
            wanted: want.wanted,
        };
        self.write(lane, Record::Acquired(acquired));
    }

    fn release_last(&mut self, task: usize, lane: u16) {
        let Some((want, acquired)) = self.holds[task].pop() else {
            return;
        };
        let released = Released {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: CompactDuration::ZERO,
            held: Nanos(self.now - acquired).into(),
            resource: ResourceId(want.resource as u16),
            wanted: want.wanted,
        };
        self.write(lane, Record::Released(released));
        self.free[want.resource] += want.parts();
        self.hand_over(want.resource);
    }

    /// Gives what is free to the tasks in the queue, in their order.
    fn hand_over(&mut self, resource: usize) {
        while let Some(&next) = self.queues[resource].front() {
            let State::Waits(want, since) = self.states[next] else {
                unreachable!("only waiting tasks are in a queue")
            };
            if self.free[resource] < want.parts() {
                return;
            }
            self.free[resource] -= want.parts();
            self.queues[resource].pop_front();
            self.states[next] = State::Given(want, since);
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
        let State::Waits(want, since) = self.states[task] else {
            unreachable!("only a waiting task times out")
        };
        self.queues[want.resource].retain(|other| *other != task);
        self.hand_over(want.resource);
        let ended = WaitEnded {
            at: RunInstant::new(self.now),
            task: task_id(task),
            waited: Nanos(self.now - since).into(),
            resource: ResourceId(want.resource as u16),
            wanted: want.wanted,
            handed_over: false,
        };
        self.write(lane, Record::WaitEnded(ended));
        self.end(task, lane);
    }
}

fn empty_model(plans: &Plans) -> Model {
    let resource = |(index, capacity): (usize, &u32)| {
        let kind = match (index, capacity) {
            (RWLOCK, _) => ResourceKind::Rwlock,
            (_, 1) => ResourceKind::Lock,
            _ => ResourceKind::Semaphore,
        };
        ResourceInfo::new(kind, &format!("r{index}"), Some(*capacity))
    };
    let mut model = Model::new(RunInfo {
        workers: usize::from(LANES),
        async_executor: true,
        resources: plans.capacities.iter().chain([&1]).enumerate().map(resource).collect(),
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
                    (it.reads, it.waiting_to_read(now)),
                    (it.wait_time(now), it.read_wait_time(now), it.held_time()),
                    (model.usage(it, now), it.held_time_of(RunInstant::ZERO, now)),
                    it.traffic(RunInstant::ZERO, now),
                )
            )
        })
        .chain(usages(model, now))
        .collect()
}

/// Which tasks hold each resource and wait for it at the instant `at`, and because of whom.
fn usages(model: &Model, at: RunInstant) -> Vec<String> {
    let usages = model.resources().iter().map(|it| format!("{:?}", model.usage(it, at)));
    let waits = model.tasks().iter().flat_map(|task| {
        let wait = model.wait(task.id, at);
        let resource = wait.map(|wait| wait.resource.map(|it| &it.info.name));
        [
            format!("{resource:?}"),
            format!("{:?}", wait.and_then(|wait| wait.because)),
        ]
    });
    usages.chain(waits).collect()
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

    /// What the model says about a past instant is what it said at that instant, or nothing.
    #[test]
    fn the_past_holders_and_waits_are_true(plans in plans(), at in any::<Index>()) {
        let simulation = Simulation::run(&plans);
        let at = at.index(simulation.now as usize / 10 + 1) as u64 * 10 + 5;
        let model_at = |now| {
            let records = simulation.records.iter().filter(|(at, ..)| *at <= now);
            let records = records.map(|(_, lane, record)| (*lane, *record)).collect();
            let mut model = empty_model(&plans);
            model.apply(&Batch { now: RunInstant::new(now), records, ..Batch::default() });
            model
        };
        let (then, now) = (model_at(at), model_at(simulation.now + 20));
        let at = RunInstant::new(at);
        for (said_then, says_now) in usages(&then, at).iter().zip(usages(&now, at)) {
            prop_assert!(says_now == "None" || says_now == *said_then, "{says_now} but then {said_then}");
        }
        for resource in now.resources() {
            let instants = simulation.now / 10 + 2;
            let used = (0..instants).map(|number| now.usage(resource, RunInstant::new(number * 10 + 5)));
            let Some(used) = used.collect::<Option<Vec<_>>>() else { continue };
            let held = used.iter().filter(|usage| usage.holders > 0).count() as f64 / instants as f64;
            let said = resource.held_time_of(RunInstant::ZERO, RunInstant::new(instants * 10));
            prop_assert!(said.is_some_and(|said| (said.share - held).abs() < 1e-9), "{said:?} but {held}");
        }
        for (then, now) in then.resources().iter().zip(now.resources()) {
            prop_assert!(now.longest_open_wait(at).is_none_or(|wait| Some(wait) == then.longest_open_wait(at)));
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
