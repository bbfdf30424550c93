//! One operating system thread per task: it begins with the task, does its repetitions one after the other, and ends with it.
//!
//! Nobody shares a thread, so nothing ever queues for one; what tasks wait for beyond their own steps is a core, and the
//! kernel tells how long (a lane's samples). The time from a task's arrival to its thread's first line is its first slice's
//! queueing: it is what the machine takes to make a thread.

use super::alive::{Alive, Presence};
use super::{Arrival, Executor, Setup, Started};
use crate::probe::{self, Hub, TaskHandle, lane};
use crate::record::{Nanos, Outcome, Reason};
use crate::workload::{Services, TaskCtx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

struct Threads {
    hub: Arc<Hub>,
    services: Arc<Services>,
    alive: Arc<Alive>,
}

pub(super) fn start(setup: &Setup<'_>) -> Started {
    Started {
        watch: None,
        executor: Box::new(Threads {
            hub: setup.hub.clone(),
            services: setup.services.clone(),
            alive: setup.alive.clone(),
        }),
    }
}

impl Executor for Threads {
    fn spawn(&self, arrival: &Arrival) {
        let handle = TaskHandle::new(&self.hub, &arrival.group);
        let index = handle.index();
        let life = Life {
            ctx: TaskCtx::new(handle.clone(), arrival.program.clone(), self.services.clone(), index),
            handle: handle.clone(),
            since: probe::now(),
            _presence: self.alive.enter(),
        };
        let name = format!("{}#{index}", arrival.program.group());
        // The kernel keeps the first 15 bytes of a thread's name.
        let begun = thread::Builder::new().name(name.clone()).spawn(move || life.run());
        if let Err(error) = begun {
            tracing::error!("{name} has no thread: {error}");
            probe::ended(&handle, Outcome::Failed);
        }
    }

    fn stop(self: Box<Self>, grace: Duration) {
        // The flag in the services has been raised: every thread ends at its task's next step.
        let deadline = Instant::now() + grace;
        while self.alive.count() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A task, from its arrival to its end.
struct Life {
    ctx: TaskCtx,
    handle: TaskHandle,
    /// Since when it could run.
    since: Nanos,
    _presence: Presence,
}

impl Life {
    fn run(mut self) {
        while self.ctx.more() {
            let panicked = lane::job(&self.handle, self.since, Reason::Yield, || {
                let panicked = catch_unwind(AssertUnwindSafe(|| self.ctx.repetition_sync())).is_err();
                // Within the last slice, so that the task has not been anywhere after it.
                if panicked {
                    probe::ended(&self.handle, Outcome::Panicked);
                } else if !self.ctx.more() {
                    probe::ended(&self.handle, self.ctx.outcome());
                }
                panicked
            });
            if panicked {
                return;
            }
            self.since = probe::now();
        }
        // Too late to change anything, unless the run ended before the first repetition or between two.
        probe::ended(&self.handle, self.ctx.outcome());
    }
}
