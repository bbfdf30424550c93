//! rayon's thread pool: every repetition of a task is one job, which keeps its thread until it is done.
//!
//! A job is a repetition and not a whole task, because a task that repeats for ever would keep its thread for ever. The next
//! repetition queues behind the jobs that wait already.

use super::alive::{Alive, Presence};
use super::{Arrival, Executor, Setup, Started};
use crate::probe::{self, Hub, TaskHandle, lane};
use crate::record::{Nanos, Outcome, Reason};
use crate::workload::{Services, TaskCtx};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

struct Pool {
    threads: Arc<ThreadPool>,
    hub: Arc<Hub>,
    services: Arc<Services>,
    alive: Arc<Alive>,
}

pub(super) fn start(setup: &Setup<'_>) -> io::Result<Started> {
    let hub = setup.hub.clone();
    let threads = ThreadPoolBuilder::new()
        .num_threads(setup.spec.threads())
        .thread_name(|n| format!("tasklab-pool-{n}"))
        .start_handler(move |_| lane::ready_for_jobs(&hub))
        .build()
        .map_err(io::Error::other)?;
    Ok(Started {
        watch: None,
        executor: Box::new(Pool {
            threads: Arc::new(threads),
            hub: setup.hub.clone(),
            services: setup.services.clone(),
            alive: setup.alive.clone(),
        }),
    })
}

impl Executor for Pool {
    fn spawn(&self, arrival: &Arrival) {
        let handle = TaskHandle::new(&self.hub, &arrival.group);
        let index = handle.index();
        let job = Job {
            ctx: TaskCtx::new(handle.clone(), arrival.program.clone(), self.services.clone(), index),
            handle,
            _presence: self.alive.enter(),
        };
        job.queue(&self.threads, probe::now());
    }

    fn stop(self: Box<Self>, grace: Duration) {
        // The flag in the services has been raised: running jobs end at their next step, queued ones at once.
        let deadline = Instant::now() + grace;
        while self.alive.count() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A task and its way back into the queue.
struct Job {
    ctx: TaskCtx,
    handle: TaskHandle,
    _presence: Presence,
}

impl Job {
    fn queue(mut self, threads: &Arc<ThreadPool>, since: Nanos) {
        let again = threads.clone();
        threads.spawn_fifo(move || {
            if !self.ctx.more() {
                return probe::ended(&self.handle, self.ctx.outcome());
            }
            let goes_on = lane::job(&self.handle, since, Reason::Yield, || {
                let panicked = catch_unwind(AssertUnwindSafe(|| self.ctx.repetition_sync())).is_err();
                let goes_on = !panicked && self.ctx.more();
                if !goes_on {
                    let outcome = if panicked {
                        Outcome::Panicked
                    } else {
                        self.ctx.outcome()
                    };
                    probe::ended(&self.handle, outcome);
                }
                goes_on
            });
            if goes_on {
                self.queue(&again, probe::now());
            }
        });
    }
}
