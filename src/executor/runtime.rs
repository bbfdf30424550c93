//! What tokio's two executors share: the builder's settings, and how a task is spawned.

use super::{Arrival, Setup};
use crate::probe::{self, GroupMonitors, Registry, Watch};
use crate::scenario::Knobs;
use crate::workload::{Services, TaskCtx};
use std::sync::Arc;
use tokio::runtime::{Builder, Handle};

/// Gives `builder` the probe's hooks and the knobs that both runtimes have.
pub(super) fn prepare(builder: &mut Builder, setup: &Setup<'_>) {
    let Knobs {
        event_interval,
        global_queue_interval,
        max_blocking_threads,
        // Only the multi-thread runtime has these; the scenario's reader has seen to it.
        disable_lifo_slot: _,
        enable_eager_driver_handoff: _,
        enable_alt_timer: _,
    } = setup.spec.knobs;
    builder.enable_all();
    if let Some(n) = event_interval {
        builder.event_interval(n);
    }
    if let Some(n) = global_queue_interval {
        builder.global_queue_interval(n);
    }
    if let Some(n) = max_blocking_threads {
        builder.max_blocking_threads(n);
    }
    probe::install(builder, setup.registry);
}

/// Spawns tasks on a runtime.
pub(super) struct Spawner {
    runtime: Handle,
    registry: Arc<Registry>,
    services: Arc<Services>,
    monitors: GroupMonitors,
}

impl Spawner {
    pub(super) fn new(runtime: &Handle, setup: &Setup<'_>) -> Spawner {
        Spawner {
            runtime: runtime.clone(),
            registry: setup.registry.clone(),
            services: setup.services.clone(),
            monitors: GroupMonitors::new(setup.groups.iter().map(|group| group.id)),
        }
    }

    pub(super) fn watch(&self) -> Watch {
        Watch::new(&self.runtime, &self.monitors)
    }

    pub(super) fn spawn(&self, arrival: &Arrival) {
        // The run does not join its tasks: the probe sees how each ends, and the services know when all have.
        drop(probe::spawn(&self.runtime, &self.registry, &arrival.group, |handle| {
            let index = handle.index();
            let task = TaskCtx::new(handle, arrival.program.clone(), self.services.clone(), index);
            let monitor = self.monitors.monitor(arrival.group.id, index);
            probe::monitored(monitor, task.run_async())
        }));
    }
}
