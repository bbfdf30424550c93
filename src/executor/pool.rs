//! rayon's thread pool. Each repetition of a task is one job, which holds its thread until the job
//! has ended.
//!
//! A job is one repetition and not a whole task, because a task that repeats forever would hold its
//! thread forever. All threads share one queue, and the next repetition of a task goes to the end
//! of this queue. rayon's own queues are not suitable: each thread has its own queue and prefers
//! the jobs that it has spawned itself, so the first few tasks would occupy all threads. Therefore
//! rayon gets one ticket per job, and each ticket runs the job that has waited longest.

use super::limits::{Needs, connections, widest_branches};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe::{self, Registry, TaskHandle, lane};
use crate::record::{LaneKind, ProcessInstant, Reason};
use crate::scenario::Scenario;
use crate::workload::{Cancelled, DetachedSpawner, Program, Services, TaskCtx, wait_until};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How long the new threads may take until they sleep.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The threads sleep if the process needs less than a quarter of a core during this time.
const IDLE_INTERVAL: Duration = Duration::from_millis(10);

/// Accepts tasks and runs their repetitions on its threads.
pub(super) struct Pool {
    queue: Arc<Queue>,
    registry: Arc<Registry>,
    services: Arc<Services>,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    let threads = scenario.executor.threads() as u64;
    Needs {
        threads: threads + widest_branches(scenario),
        // A task has a connection only while it has a thread. Both ends of each connection are in
        // this process.
        files: connections(scenario).min(2 * threads),
    }
}

fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let pool = Pool::start(setup.registry, setup.services, setup.spec.threads(), LaneKind::Pool)
        .map_err(|error| setup.no_threads(error))?;
    await_idle_threads(setup.cancelled)?;
    Ok(Started::local(pool))
}

/// Waits until the new threads have found no work and sleep. Without this wait, a thousand new
/// threads would take the cores from the first tasks for seconds. They would also take the cores
/// from the thread that ends the run.
///
/// # Errors
/// Returns an error if the start was cancelled.
fn await_idle_threads(cancelled: &dyn Fn() -> bool) -> Result<(), Cancelled> {
    let deadline = Instant::now() + IDLE_TIMEOUT;
    while Instant::now() < deadline {
        if cancelled() {
            return Err(Cancelled);
        }
        let before = probe::usage().cpu;
        thread::sleep(IDLE_INTERVAL);
        if (probe::usage().cpu - before).0 < u64::try_from(IDLE_INTERVAL.as_nanos()).unwrap_or(u64::MAX) / 4 {
            break;
        }
    }
    Ok(())
}

impl Pool {
    /// Starts a pool of `threads` threads, which are lanes of this kind.
    pub(super) fn start(
        registry: &Arc<Registry>,
        services: &Arc<Services>,
        threads: usize,
        kind: LaneKind,
    ) -> io::Result<Pool> {
        let lanes = registry.clone();
        let threads = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("tasklab-pool-{n}"))
            .start_handler(move |_| lane::enter_for_jobs(&lanes, kind))
            .build()
            .map_err(io::Error::other)?;
        let queue = Arc::new(Queue {
            threads,
            jobs: Mutex::default(),
        });
        let spawner: Weak<dyn DetachedSpawner> = Arc::<Queue>::downgrade(&queue);
        services.set_detached_spawner(spawner);
        Ok(Pool {
            queue,
            registry: registry.clone(),
            services: services.clone(),
        })
    }

    /// Accepts a task that already has its id.
    pub(super) fn accept(&self, task: TaskHandle, program: Arc<Program>) {
        let (since, index) = (task.queued_since(), task.index());
        self.queue.push(Job {
            ctx: TaskCtx::new(task, program, self.services.clone(), index),
            since,
        });
    }
}

impl Executor for Pool {
    fn spawn(&self, arrival: &Arrival) {
        self.accept(TaskHandle::new(&self.registry, &arrival.group), arrival.program.clone());
    }

    fn stop(self: Box<Self>, grace: Duration) {
        // The stop flag has been raised, so running jobs end at their next step, and queued jobs
        // end immediately.
        wait_until(Instant::now() + grace, || self.services.live_tasks().count() == 0);
    }
}

/// The threads of the pool, and the jobs that wait for a thread, oldest first.
struct Queue {
    threads: ThreadPool,
    jobs: Mutex<VecDeque<Job>>,
}

impl DetachedSpawner for Queue {
    fn spawn_detached(self: Arc<Self>, task: TaskCtx) {
        self.push(Job {
            ctx: task,
            since: probe::now(),
        });
    }
}

impl Queue {
    fn push(self: &Arc<Self>, job: Job) {
        job.ctx.set_queued_since(job.since);
        self.jobs().push_back(job);
        let queue = self.clone();
        self.threads.spawn(move || {
            // There is one job per ticket, so the queue is not empty here.
            let Some(job) = queue.jobs().pop_front() else { return };
            if let Some(next) = job.run() {
                queue.push(next);
            }
        });
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        // No code that can panic runs while the lock is held.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next repetition of a task.
struct Job {
    ctx: TaskCtx,
    /// The instant at which the job was queued.
    since: ProcessInstant,
}

impl Job {
    /// Runs the repetition. Returns the job of the next repetition, if another repetition follows.
    fn run(mut self) -> Option<Job> {
        let continues = self.ctx.run_next_repetition(self.since, Reason::Yield);
        self.since = probe::now();
        continues.then_some(self)
    }
}
