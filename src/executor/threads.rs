//! One operating system thread per task. The thread starts and ends with the task, and runs the
//! task's repetitions one after the other.
//!
//! Tasks share no threads, so no task is queued for a thread. Apart from the waits of its own
//! steps, a task waits only for a core. The lane's samples, which come from the kernel, contain
//! this waiting time. The delay of a task's first slice is the time that the machine takes to start
//! a thread. This is the time from the task's arrival to the first instruction on the task's
//! thread.

use super::limits::{Needs, arriving_together, branches, connections, max_at_one_instant};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe::{Registry, TaskHandle};
use crate::scenario::Scenario;
use crate::workload::{Services, TaskCtx, wait_until};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Threads {
    registry: Arc<Registry>,
    services: Arc<Services>,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    Needs {
        threads: max_at_one_instant(scenario.tasks.iter().map(|task| {
            let each = 1 + branches(&task.steps, scenario);
            (task.start, arriving_together(task).saturating_mul(each))
        })),
        files: connections(scenario),
    }
}

fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    Ok(Started::local(Threads {
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
        // The stop flag has been raised, so every thread ends at the next step of its task.
        wait_until(Instant::now() + grace, || self.services.live_tasks().count() == 0);
    }
}
