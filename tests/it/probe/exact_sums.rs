//! Tests that counts and times by state stay exact when rings lose records.

use super::*;
use crate::support::wait::{DEADLINE, join, wait_until};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tasklab::model::{Group, Model, RunInfo, StateTimes};
use tasklab::probe::lane;
use tasklab::record::Label;
use tokio::sync::Semaphore;

const TASKS: usize = 8;
/// The yields of each task. The rings of two workers cannot hold that many slices.
const YIELDS: usize = 30_000;

/// Stops tasks until the test lets them go on.
#[derive(Clone)]
struct Gate {
    permits: Arc<Semaphore>,
    arrivals: Sender<()>,
    /// Whether a task of a library uses the gate. Such a task does not say what it waits for.
    is_of_library: bool,
}

impl Gate {
    fn new() -> (Gate, Receiver<()>) {
        let (arrivals, arrived) = channel();
        let permits = Arc::new(Semaphore::new(0));
        let gate = Gate {
            permits,
            arrivals,
            is_of_library: false,
        };
        (gate, arrived)
    }

    fn set_wait(&self, reason: Reason) {
        if !self.is_of_library {
            lane::set_wait(reason, Label::NONE);
        }
    }

    async fn pass(&self) {
        self.arrivals.send(()).expect("the test waits");
        self.set_wait(Reason::Semaphore);
        self.permits.acquire().await.expect("the gate is not closed").forget();
    }

    async fn storm(&self) {
        for _ in 0..YIELDS {
            self.set_wait(Reason::Yield);
            tokio::task::yield_now().await;
        }
        self.pass().await;
    }
}

/// Sleeps, blocks, and is unnoticed for some time.
async fn wait_in_many_ways(task: &TaskHandle) {
    for _ in 0..10 {
        task.ready_at(probe::now() + Nanos::from_micros(100));
        lane::set_wait(Reason::Timer, Label::NONE);
        tokio::time::sleep(Duration::from_millis(1)).await;
        task.clear_ready();
        lane::blocking(Reason::File, Label::NONE, || thread::sleep(Duration::from_micros(100)));
    }
}

/// Waits until all tasks are at the gate and no slice is open. Before that, it does not drain the
/// rings.
fn all_at_gate(arrived: &Receiver<()>, collector: &mut Collector, model: &mut Model) {
    for _ in 0..=TASKS {
        arrived.recv_timeout(DEADLINE).expect("each task comes to the gate");
    }
    // The first batch shows the lanes, but not yet their open slices.
    model.apply(&collector.batch());
    wait_until("the end of all slices", DEADLINE, || {
        let batch = collector.batch();
        model.apply(&batch);
        batch.live.lanes.is_empty()
    });
}

fn model() -> Model {
    Model::new(RunInfo::default())
}

fn group<'a>(model: &'a Model, name: &str) -> &'a Group {
    let group = model.groups().iter().find(|group| group.name.starts_with(name));
    group.expect("a group of this name")
}

/// Checks that the states of each task add up to its life, and the times of the tasks of each group
/// to the times of the group.
fn assert_sums(model: &Model) {
    let mut groups = HashMap::<_, StateTimes>::new();
    for task in model.tasks() {
        let times = model.times(task.id);
        let until = task.ended_at().unwrap_or(model.now());
        assert_eq!(times.total(), until - task.spawned_at, "{}", model.task_name(task.id));
        assert_eq!(times.waiting() + times.suspended(), times.not_ready.into_iter().sum());
        *groups.entry(task.group).or_default() += times;
    }
    for group in model.groups() {
        assert_eq!(
            Some(&model.group_times(group.id)),
            groups.get(&Some(group.id)),
            "{}",
            group.name
        );
    }
}

fn polls(model: &Model) -> u64 {
    model.groups().iter().map(Group::polls).sum()
}

/// Checks that the tasks ran and blocked for the same total time as the lanes.
fn assert_same_as_lanes(model: &Model) {
    let lanes = model.lanes().iter().map(|lane| model.lane_times(lane.id));
    let lanes = lanes.fold((Nanos::ZERO, Nanos::ZERO), |(r, b), lane| (r + lane.0, b + lane.1));
    let groups = model.groups().iter().map(|group| model.group_times(group.id));
    let groups = groups.fold((Nanos::ZERO, Nanos::ZERO), |(r, b), times| {
        (r + times.computing(), b + times.asleep())
    });
    assert_eq!(lanes, groups);
}

/// Overloads the rings of a runtime, and returns the model at the end.
fn overload(builder: Builder) -> Model {
    let registry = Registry::new();
    let ours = registry.group_named("ours");
    let mut collector = Collector::new(registry.clone(), None);
    let runtime = runtime(builder, &registry);
    let metrics = runtime.metrics();
    let (gate, arrived) = Gate::new();
    let mut model = model();
    let spawn = |_| {
        let gate = gate.clone();
        probe::spawn(runtime.handle(), &registry, &ours, |task| async move {
            wait_in_many_ways(&task).await;
            gate.pass().await;
            gate.storm().await;
            Outcome::Completed
        })
    };
    let mut tasks: Vec<_> = (0..TASKS).map(spawn).collect();
    let library = Gate {
        is_of_library: true,
        ..gate.clone()
    };
    tasks.push(runtime.spawn(async move {
        library.pass().await;
        library.storm().await;
    }));
    let driver = thread::spawn(move || {
        runtime.block_on(join_all(tasks));
        drop(runtime);
    });
    all_at_gate(&arrived, &mut collector, &mut model);
    assert_eq!(model.record_counts().dropped, 0);
    assert_eq!(model.overall().sampled, None);
    assert!(model.groups().iter().all(|group| group.sampled().is_none()));
    assert_sums(&model);
    let before = model.group_times(ours.id);

    gate.permits.add_permits(TASKS + 1);
    all_at_gate(&arrived, &mut collector, &mut model);
    assert!(model.record_counts().dropped > 0);
    assert_sums(&model);
    gate.permits.add_permits(TASKS + 1);
    join("the end of the tasks", driver);
    model.apply(&collector.batch());
    assert_sums(&model);
    assert_eq!(polls(&model), polls_by_tokio(&metrics));

    // The storm added no time to the states blocking and unnoticed.
    let after = model.group_times(ours.id);
    assert!(before.blocking > Nanos::ZERO && before.unnoticed > Nanos::ZERO);
    assert_eq!((after.blocking, after.unnoticed), (before.blocking, before.unnoticed));
    let others = |times: StateTimes| {
        let mut times = times.not_ready;
        times[Reason::Semaphore as usize] = Nanos::ZERO;
        times
    };
    assert_eq!(others(after), others(before));
    for name in ["ours", "tests"] {
        let group = group(&model, name);
        let sampled = group.sampled().expect("slices were lost");
        assert_eq!(sampled.of, group.polls());
        assert!(sampled.slices < sampled.of);
    }
    for task in model.tasks() {
        assert!(task.polls > YIELDS as u64, "{}", model.task_name(task.id));
    }
    model
}

#[test]
fn sums_of_tasks_and_groups_are_exact_on_one_thread_whatever_the_ring_loses() {
    assert_same_as_lanes(&overload(Builder::new_current_thread()));
}

#[test]
fn sums_of_tasks_and_groups_are_exact_on_many_threads_whatever_the_rings_lose() {
    overload(multi_thread(false));
}

#[test]
fn sums_of_jobs_and_branches_are_exact_whatever_the_ring_loses() {
    let registry = Registry::new();
    let (jobs, branches) = (registry.group_named("jobs"), registry.group_named("branches"));
    let thread = thread::spawn({
        let registry = registry.clone();
        move || {
            let task = TaskHandle::new(&registry, &jobs);
            let branch = task.branch(&branches);
            for _ in 0..20_000 {
                task.run_job(probe::now(), Reason::Unknown, || branch.run_branch(|| ()));
            }
            branch.end(Outcome::Completed);
            task.end(Outcome::Completed);
        }
    });
    join("the end of the jobs", thread);
    let mut model = model();
    model.apply(&Collector::new(registry, None).batch());
    assert_sums(&model);
    for name in ["jobs", "branches"] {
        let group = group(&model, name);
        assert_eq!(group.polls(), 20_000);
        assert!(group.sampled().is_some_and(|sampled| sampled.slices < 20_000));
    }
    let (jobs, lane) = (group(&model, "jobs").id, model.lanes()[0].id);
    assert_eq!(model.group_times(jobs).running, model.lane_times(lane).0);
}

#[test]
fn a_blocking_step_counts_even_if_the_ring_was_full_at_its_end() {
    let registry = Registry::new();
    let jobs = registry.group_named("jobs");
    let mut collector = Collector::new(registry.clone(), None);
    let mut model = model();
    let task = TaskHandle::new(&registry, &jobs);
    task.run_job(probe::now(), Reason::Unknown, || {
        for _ in 0..20_000 {
            task.record_repetition(probe::now(), Outcome::Completed);
        }
        lane::blocking(Reason::File, Label::NONE, || thread::sleep(Duration::from_millis(5)));
        // After this batch, the ring has room for the record of the slice.
        model.apply(&collector.batch());
    });
    task.end(Outcome::Completed);
    model.apply(&collector.batch());
    assert_eq!(model.record_counts().dropped, 0);
    assert!(model.record_counts().others_dropped > 0, "the ring was full");
    let sleeping = model.group_times(jobs.id).sleeping;
    assert!(sleeping >= Nanos::from_millis(5), "{sleeping:?}");
    assert_eq!(model.lane_times(model.lanes()[0].id).1, sleeping);
    assert_eq!(model.group_blocked_on(jobs.id)[Reason::File as usize], sleeping);
    assert_sums(&model);
}

#[test]
fn the_sums_of_tasks_that_are_alive_when_the_run_ends_end_with_the_run() {
    let registry = Registry::new();
    let ours = registry.group_named("ours");
    let mut collector = Collector::new(registry.clone(), None);
    let runtime = runtime(multi_thread(false), &registry);
    let (gate, arrived) = Gate::new();
    let spawn = |_| {
        let gate = gate.clone();
        probe::spawn(runtime.handle(), &registry, &ours, |_| async move {
            gate.permits.add_permits(1);
            gate.pass().await;
            // The task yields until the runtime ends.
            for yields in 0.. {
                lane::set_wait(Reason::Yield, Label::NONE);
                tokio::task::yield_now().await;
                if yields == YIELDS {
                    gate.arrivals.send(()).expect("the test waits");
                }
            }
            Outcome::Completed
        })
    };
    let _tasks: Vec<_> = (0..TASKS).map(spawn).collect();
    for _ in 0..2 * TASKS {
        arrived.recv_timeout(DEADLINE).expect("each task yields");
    }
    let end = registry.run_start().to_run(registry.end_run());
    let shutdown = thread::spawn(move || drop(runtime));
    join("the end of the runtime", shutdown);
    let mut model = model();
    model.apply(&collector.last_batch());
    assert_eq!(model.now(), end);
    assert_sums(&model);
    for task in model.tasks() {
        assert_eq!(task.ended, Some((end, Outcome::Cancelled)));
    }
    assert!(group(&model, "ours").sampled().is_some());
    let lanes = model.lanes().iter().map(|lane| model.lane_times(lane.id).0);
    let (lanes, tasks) = (lanes.sum::<Nanos>(), model.group_times(ours.id).computing());
    // The clocks of two cores may differ a little.
    let difference = (lanes - tasks) + (tasks - lanes);
    assert!(difference.0 <= lanes.0 / 1000, "{lanes:?} {tasks:?}");
}
