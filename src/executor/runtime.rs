//! The common parts of the two tokio executors: the settings of the builder, and the spawning of
//! tasks.

use super::{Arrival, Setup};
use crate::probe::{self, GroupMonitors, Registry, RuntimeSampler};
use crate::scenario::Knobs;
use crate::workload::{Services, TaskCtx};
use std::sync::Arc;
use tokio::runtime::{Builder, Handle};

/// Applies the settings that both runtimes have, and installs the probe's hooks.
pub(super) fn prepare(builder: &mut Builder, setup: &Setup<'_>) {
    let Knobs {
        event_interval,
        global_queue_interval,
        max_blocking_threads,
        // Only the multi-thread runtime has these settings. `check` rejects the settings for other
        // executors.
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

    pub(super) fn watch(&self) -> RuntimeSampler {
        RuntimeSampler::new(&self.runtime, &self.monitors)
    }

    pub(super) fn spawn(&self, arrival: &Arrival) {
        // The join handle is not needed. The probe records how each task ends, and the services
        // count the tasks that
        // have not ended.
        drop(probe::spawn(&self.runtime, &self.registry, &arrival.group, |handle| {
            let index = handle.index();
            let task = TaskCtx::new(handle, arrival.program.clone(), self.services.clone(), index);
            let monitor = self.monitors.monitor(arrival.group.id, index);
            probe::monitored(monitor, task.run_async())
        }));
    }
}
