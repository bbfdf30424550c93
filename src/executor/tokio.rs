//! tokio's multi-thread runtime.

use super::limits::{Needs, connections};
use super::runtime::{Spawner, prepare};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe;
use crate::scenario::Scenario;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

struct MultiThread {
    runtime: Runtime,
    spawner: Spawner,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    Needs {
        threads: scenario.executor.threads() as u64,
        files: connections(scenario),
    }
}

fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(setup.spec.threads());
    prepare(&mut builder, setup);
    let knobs = setup.spec.knobs;
    if knobs.disable_lifo_slot {
        builder.disable_lifo_slot();
    }
    if knobs.enable_eager_driver_handoff {
        builder.enable_eager_driver_handoff();
    }
    if knobs.enable_alt_timer {
        builder.enable_alt_timer();
    }
    let runtime = probe::build(&mut builder, setup.registry).map_err(|error| setup.no_threads(error))?;
    let spawner = Spawner::new(runtime.handle(), setup);
    Ok(Started {
        watch: Some(spawner.watch()),
        remote: None,
        executor: Box::new(MultiThread { runtime, spawner }),
    })
}

impl Executor for MultiThread {
    fn spawn(&self, arrival: &Arrival) {
        self.spawner.spawn(arrival);
    }

    fn stop(self: Box<Self>, grace: Duration) {
        self.runtime.shutdown_timeout(grace);
    }
}
