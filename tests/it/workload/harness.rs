//! Runs small scenarios on each kind of executor, and returns what the probe recorded.

use super::captured_log;
pub(super) use super::observed::Observed;
pub(super) use super::scenarios::*;
use crate::support::wait::{self, DEADLINE, wait_until};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::thread;
use tasklab::probe::{self, Collector, Group, Registry, TaskHandle};
use tasklab::record::{Batch, Definition, Label, Outcome, Record};
use tasklab::scenario::{Scenario, Start, TaskSpec};
use tasklab::workload::{Labels, Program, Services, TaskCtx, compile};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A run that has been set up and does not have a task yet.
pub(super) struct Harness {
    pub registry: Arc<Registry>,
    pub services: Arc<Services>,
    pub programs: Vec<(Arc<Program>, Arc<Group>)>,
    labels: HashMap<Label, String>,
}

impl Harness {
    pub(super) fn new(scenario: &Scenario) -> Harness {
        captured_log::install();
        let registry = Registry::new();
        let mut labels = Labels::new();
        let services = Arc::new(Services::start(scenario, &mut labels, &|| false).expect("services"));
        let programs = compile(scenario, &mut labels);
        let has_arrivals = |task: &TaskSpec| matches!(task.start, Start::At(_));
        let programs = programs
            .into_iter()
            .zip(&scenario.tasks)
            .filter(|(_, task)| has_arrivals(task))
            .map(|(program, _)| (program.clone(), registry.group_named(program.group())))
            .collect();
        let labels = labels
            .definitions()
            .map(|definition| match definition {
                Definition::Label { id, text } => (id, text),
                other => panic!("{other:?}"),
            })
            .collect();
        Harness {
            registry,
            services,
            programs,
            labels,
        }
    }

    pub(super) fn context(&self, handle: TaskHandle, program: &Arc<Program>) -> TaskCtx {
        TaskCtx::new(handle, program.clone(), self.services.clone(), 0)
    }

    /// Starts a task of each group on one of tokio's runtimes.
    pub(super) fn start(&self, mut builder: Builder) -> Running<'_> {
        probe::install(&mut builder, &self.registry);
        let runtime = builder.enable_all().build().expect("a runtime");
        wait_until_workers_are_parked(&runtime);
        let spawn = |(program, group): &(Arc<Program>, Arc<Group>)| {
            probe::spawn(runtime.handle(), &self.registry, group, |handle| {
                self.context(handle, program).run_async()
            })
        };
        let tasks = self.programs.iter().map(spawn).collect();
        Running {
            harness: self,
            tasks,
            runtime,
            watch: Watch::new(&self.registry),
        }
    }

    /// Runs a task of each group to its end on two workers of tokio.
    #[track_caller]
    pub(super) fn on_tokio(&self) -> Observed {
        self.start(two_workers()).join()
    }

    /// Runs a task of each group to its end on tokio's current-thread runtime.
    #[track_caller]
    pub(super) fn on_current_thread(&self) -> Observed {
        self.start(Builder::new_current_thread()).join()
    }

    /// Runs a task of each group to its end. Each task has its own thread. Also runs all tasks that
    /// these tasks spawn.
    #[track_caller]
    pub(super) fn on_threads(&self) -> Observed {
        self.start_threads();
        let mut watch = Watch::new(&self.registry);
        watch.until("the end of all tasks", |_| self.services.live_tasks().count() == 0);
        watch.observed(self)
    }

    fn start_threads(&self) {
        for (program, group) in &self.programs {
            let handle = TaskHandle::new(&self.registry, group);
            self.context(handle, program).run_on_thread();
        }
    }

    /// Runs on two workers of tokio, and stops the run after the first batch for which `is_done`
    /// returns true. `what` names this condition in the failure message.
    #[track_caller]
    pub(super) fn on_tokio_until(&self, what: &str, is_done: impl FnMut(&Batch) -> bool) -> Observed {
        let mut running = self.start(two_workers());
        running.until(what, is_done);
        self.services.stop().request(tasklab::probe::now());
        running.join()
    }

    /// Runs on threads, and stops the run after the first batch for which `is_done` returns true.
    /// `what` names this condition in the failure message.
    #[track_caller]
    pub(super) fn on_threads_until(&self, what: &str, is_done: impl FnMut(&Batch) -> bool) -> Observed {
        self.start_threads();
        let mut watch = Watch::new(&self.registry);
        watch.until(what, is_done);
        self.services.stop().request(tasklab::probe::now());
        watch.until("the end of all tasks", |_| self.services.live_tasks().count() == 0);
        watch.observed(self)
    }
}

/// Runs a scenario to its end on each kind of executor.
pub(super) fn on_every_executor(scenario: &Scenario) -> [(&'static str, Observed); 3] {
    [
        ("tokio", Harness::new(scenario).on_tokio()),
        ("current-thread", Harness::new(scenario).on_current_thread()),
        ("threads", Harness::new(scenario).on_threads()),
    ]
}

/// True as soon as `count` repetitions have ended with this outcome.
pub(super) fn repetitions(count: usize, outcome: Outcome) -> impl FnMut(&Batch) -> bool {
    let mut total = 0;
    move |batch| {
        let matches = |record: &Record| matches!(record, Record::Repetition(r) if r.outcome == outcome);
        total += batch.records.iter().filter(|(_, record)| matches(record)).count();
        total >= count
    }
}

/// Runs a scenario on tokio and on threads. `is_done` returns the condition for one run. The run
/// stops at the first batch for which its condition is true. `what` names the condition in the
/// failure message.
pub(super) fn on_both_until<F: FnMut(&Batch) -> bool>(
    scenario: &Scenario,
    what: &str,
    is_done: impl Fn() -> F,
) -> [(&'static str, Observed); 2] {
    [
        ("tokio", Harness::new(scenario).on_tokio_until(what, is_done())),
        ("threads", Harness::new(scenario).on_threads_until(what, is_done())),
    ]
}

pub(super) fn two_workers() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2);
    builder
}

/// Waits until each worker of a multi-thread runtime has parked once. When a worker starts, it can
/// take two tasks from the global queue without waking another worker for the second task. If the
/// first task then blocks the worker, the second task never runs. When a parked worker is woken, it
/// always wakes another worker.
fn wait_until_workers_are_parked(runtime: &Runtime) {
    let metrics = runtime.metrics();
    let workers = metrics.num_workers();
    if workers > 1 {
        wait_until("all workers to park", DEADLINE, || {
            (0..workers).all(|worker| metrics.worker_park_count(worker) > 0)
        });
    }
}

/// Stops the run if a test fails while its tasks run. Otherwise the tasks would continue to run,
/// and dropping the runtime would wait for tasks that block.
struct StopOnPanic<'a>(&'a Services);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop().request(tasklab::probe::now());
        }
    }
}

/// Tasks on a runtime. The tasks of a current-thread runtime run only while a thread joins this
/// value.
pub(super) struct Running<'a> {
    harness: &'a Harness,
    pub tasks: Vec<JoinHandle<()>>,
    runtime: Runtime,
    watch: Watch,
}

impl Running<'_> {
    /// Waits for a batch for which `is_done` returns true. `what` names this condition in the
    /// failure message.
    ///
    /// # Panics
    /// If no such batch arrives within [`DEADLINE`].
    #[track_caller]
    pub(super) fn until(&mut self, what: &str, is_done: impl FnMut(&Batch) -> bool) {
        let _stop = StopOnPanic(&self.harness.services);
        self.watch.until(what, is_done);
    }

    /// Waits until a repetition ends with this outcome.
    #[track_caller]
    pub(super) fn until_repetition(&mut self, outcome: Outcome) {
        let what = format!("a repetition that ends as {outcome:?}");
        self.until(&what, |batch| {
            let ends = |record: &Record| matches!(record, Record::Repetition(r) if r.outcome == outcome);
            batch.records.iter().any(|(_, record)| ends(record))
        });
    }

    /// Waits for all tasks, and for the tasks that they spawn.
    #[track_caller]
    pub(super) fn join(self) -> Observed {
        let live_tasks = self.harness.services.live_tasks().clone();
        self.join_and(usize::MAX, async move {
            while live_tasks.count() > 0 {
                tokio::task::yield_now().await;
            }
        })
    }

    /// Waits for the first `count` tasks, and cancels the others.
    #[track_caller]
    pub(super) fn join_first(self, count: usize) -> Observed {
        self.join_and(count, async {})
    }

    #[track_caller]
    fn join_and(self, count: usize, then: impl Future<Output = ()> + std::marker::Send + 'static) -> Observed {
        let Running {
            harness,
            tasks,
            runtime,
            watch,
        } = self;
        let _stop = StopOnPanic(&harness.services);
        // This closure runs on a new thread. A thread that drives a current-thread runtime stays a
        // lane of this run.
        let driver = thread::spawn(move || {
            runtime.block_on(async {
                for task in tasks.into_iter().take(count) {
                    // The records show how the task ended.
                    let _ = task.await;
                }
                then.await;
            });
            drop(runtime);
        });
        wait::join("the end of the tasks", driver);
        watch.observed(harness)
    }
}

/// Collects the batches of a run.
struct Watch {
    collector: Collector,
    batches: Vec<Batch>,
}

impl Watch {
    fn new(registry: &Arc<Registry>) -> Watch {
        Watch {
            collector: Collector::new(registry.clone(), None),
            batches: Vec::new(),
        }
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut is_done: impl FnMut(&Batch) -> bool) {
        wait_until(what, DEADLINE, || is_done(self.collect()));
    }

    fn collect(&mut self) -> &Batch {
        // A wait collects many batches. Batches without records are dropped, to save memory.
        self.batches
            .pop_if(|last| last.records.is_empty() && last.definitions.is_empty());
        self.batches.push(self.collector.batch());
        self.batches.last().expect("one was just pushed")
    }

    fn observed(mut self, harness: &Harness) -> Observed {
        self.collect();
        Observed::of(self.batches, harness.labels.clone())
    }
}
