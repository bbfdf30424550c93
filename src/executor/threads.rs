//! One operating system thread per task: it begins with the task, does its repetitions one after the other, and ends with it.
//!
//! Nobody shares a thread, so nothing ever queues for one; what tasks wait for beyond their own steps is a core, and the
//! kernel tells how long (a lane's samples). The time from a task's arrival to its thread's first line is its first slice's
//! queueing: it is what the machine takes to make a thread.

use super::limits::{Needs, at_one_instant, branches, connections, together};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe::{Registry, TaskHandle};
use crate::scenario::Scenario;
use crate::workload::{Services, TaskCtx};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

struct Threads {
    registry: Arc<Registry>,
    services: Arc<Services>,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    Needs {
        threads: at_one_instant(scenario.tasks.iter().map(|task| {
            let each = 1 + branches(&task.steps, scenario);
            (task.start, together(task).saturating_mul(each))
        })),
        files: connections(scenario),
    }
}

fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    Ok(Started::here(Threads {
        registry: setup.registry.clone(),
        services: setup.services.clone(),
    }))
}

impl Executor for Threads {
    fn spawn(&self, arrival: &Arrival) {
        let handle = TaskHandle::new(&self.registry, &arrival.group);
        let index = handle.index();
        TaskCtx::new(handle, arrival.program.clone(), self.services.clone(), index).run_on_thread();
    }

    fn stop(self: Box<Self>, grace: Duration) {
        // The flag in the services has been raised: every thread ends at its task's next step.
        let deadline = Instant::now() + grace;
        while self.services.alive().count() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
    }
}
