//! tokio's current-thread runtime, on its own thread.

use super::limits::{Needs, connections};
use super::runtime::{Spawner, prepare};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe;
use crate::scenario::Scenario;
use crate::workload::wait_until;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Extra time to wait after the grace period. The runtime's thread ends within the grace period by
/// itself, unless a task holds that
/// thread.
const LEEWAY: Duration = Duration::from_millis(100);

struct CurrentThread {
    spawner: Spawner,
    stop: oneshot::Sender<Instant>,
    /// Disconnected when the runtime's thread has ended.
    ended: Receiver<()>,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    Needs {
        threads: 1,
        files: connections(scenario),
    }
}

fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let mut builder = Builder::new_current_thread();
    prepare(&mut builder, setup);
    let runtime = probe::build(&mut builder, setup.registry).map_err(|error| setup.no_threads(error))?;
    let spawner = Spawner::new(runtime.handle(), setup);
    let (stop, stopped) = oneshot::channel::<Instant>();
    let (running, ended) = mpsc::channel();
    let run = move || {
        let _running = running;
        // The body of `block_on` only waits for the stop. This body is not a task and leaves no
        // records.
        let deadline = runtime.block_on(stopped).unwrap_or_else(|_| Instant::now());
        let metrics = runtime.metrics();
        // `shutdown_timeout` would wait for the blocking threads before it drops the tasks.
        runtime.shutdown_background();
        wait_until(deadline, || metrics.num_blocking_threads() == 0);
    };
    let thread = thread::Builder::new().name("tasklab-runtime".into());
    thread.spawn(run).map_err(|error| setup.no_threads(error))?;
    Ok(Started {
        watch: Some(spawner.watch()),
        remote: None,
        executor: Box::new(CurrentThread { spawner, stop, ended }),
    })
}

impl Executor for CurrentThread {
    fn spawn(&self, arrival: &Arrival) {
        self.spawner.spawn(arrival);
    }

    fn stop(self: Box<Self>, grace: Duration) {
        // If the thread has already ended, both calls fail, and there is nothing to stop.
        let _ = self.stop.send(Instant::now() + grace);
        let _ = self.ended.recv_timeout(grace + LEEWAY);
    }
}
