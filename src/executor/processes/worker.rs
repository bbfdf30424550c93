//! The code of a worker process. A worker reads orders from standard input, writes records to
//! standard output, and runs tasks on one thread.
//!
//! ```text
//!   stdin ──► reader ──► orders ──► main thread ──► pool of one thread
//!                                        ▲               │ rings
//!   stdout ◄──── batches ────────────────┴── collector ◄─┘
//! ```
//!
//! When the parent process ends, standard input ends. Then the worker exits immediately, so that no
//! worker continues after its run.

use super::protocol::{self, Begin, FromWorker, GroupOrder, Hello, Nothing, TaskOrder, ToWorker};
use crate::executor::pool::Pool;
use crate::panics::HookGuard;
use crate::probe::{self, Collector, LogFilter, Registry, TaskHandle};
use crate::record::{Batch, Calibration, LaneKind, MonotonicClock};
use crate::scenario::{Draw, ExecutorKind, ExecutorSpec, HttpSpec, Knobs, Scenario};
use crate::workload::{Labels, Program, Services, compile};
use std::collections::HashMap;
use std::io::{self, BufReader, Stdin};
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two drains of the rings: much less than the time in which a ring fills.
const DRAIN_INTERVAL: Duration = Duration::from_millis(5);
/// Time between two batches, unless [`Batch::DUE`] records have accumulated earlier.
const BATCH_INTERVAL: Duration = Duration::from_millis(20);
/// The time between two drains while the worker has no task. It is longer than [`DRAIN_INTERVAL`],
/// because many idle workers must not use up the cores.
const IDLE_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two reports of the resources that the process has used.
const RESOURCES_INTERVAL: Duration = Duration::from_millis(100);

/// Runs tasks until the worker receives the order to stop or standard input ends.
///
/// # Errors
/// Returns an error if the parent speaks another version of the protocol or breaks the protocol.
pub fn work() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut output = io::stdout();
    let mut line = Vec::new();
    protocol::send(&mut output, &FromWorker::Hello(Hello::ours()))?;
    match protocol::receive(&mut input, &mut line)? {
        Some(ToWorker::Hello(hello)) => hello
            .check_version()
            .map_err(|why| protocol_error(&format!("cannot work for this parent: {why}")))?,
        _ => {
            return Err(protocol_error(
                "the first message is not `hello`: only tasklab can start a worker",
            ));
        }
    }
    let begin = match protocol::receive(&mut input, &mut line)? {
        Some(ToWorker::Begin(begin)) => begin,
        // The parent has abandoned the start.
        None => return Ok(()),
        Some(_) => return Err(protocol_error("received another message before `begin`")),
    };
    let (orders, inbox) = channel();
    let mut worker = Worker::new(*begin)?;
    let _panics = HookGuard::install(thread::current().id(), || ());
    thread::Builder::new()
        .name("tasklab-orders".into())
        .spawn(move || read_orders(input, &orders))?;
    protocol::send(&mut output, &FromWorker::Ready(Nothing {}))?;
    let used_before = probe::usage();
    let mut next_batch = Instant::now();
    let mut next_resources = Instant::now();
    let mut idle = false;
    loop {
        let timeout = if idle { IDLE_INTERVAL } else { DRAIN_INTERVAL };
        let mut order = match inbox.recv_timeout(timeout) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(protocol_error("the thread that reads orders has ended"));
            }
        };
        while let Some(next) = order {
            idle = false;
            worker.execute(next)?;
            order = inbox.try_recv().ok();
        }
        // This check must precede the drain: if all tasks have ended, this batch has all their
        // records.
        let over = worker.is_over();
        let has_tasks = worker.services.live_tasks().count() > 0;
        let now = Instant::now();
        if worker.collector.drain() >= Batch::DUE || now >= next_batch || over {
            next_batch = now + BATCH_INTERVAL;
            // The batch has all records of the tasks that have ended.
            idle = !has_tasks;
            protocol::send(&mut output, &FromWorker::Batch(Box::new(worker.batch())))?;
        }
        if now >= next_resources || over {
            next_resources = now + RESOURCES_INTERVAL;
            protocol::send(&mut output, &FromWorker::Resources(probe::usage() - used_before))?;
        }
        if over {
            return protocol::send(&mut output, &FromWorker::Bye(Nothing {}));
        }
    }
}

fn protocol_error(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Forwards orders until standard input ends. Then exits the process.
fn read_orders(mut input: BufReader<Stdin>, orders: &Sender<ToWorker>) {
    let mut line = Vec::new();
    loop {
        match protocol::receive(&mut input, &mut line) {
            Ok(Some(order)) => {
                if orders.send(order).is_err() {
                    return;
                }
            }
            // The parent has ended, so no process needs the records.
            Ok(None) => process::exit(0),
            // The parent logs each line of standard error.
            Err(error) => {
                eprintln!("received a line that is not a message: {error}");
                process::exit(1);
            }
        }
    }
}

struct Worker {
    registry: Arc<Registry>,
    services: Arc<Services>,
    pool: Pool,
    collector: Collector,
    labels: Labels,
    seed: u64,
    programs: HashMap<String, Arc<Program>>,
    log: LogFilter,
    stopping: bool,
}

impl Worker {
    fn new(begin: Begin) -> io::Result<Worker> {
        let log = probe::subscribe(begin.log.into(), None).map_err(io::Error::other)?;
        let calibration = Calibration {
            units_per_ms: begin.units_per_ms,
            spread: 0.0,
            samples: 1,
            took: Duration::ZERO,
        };
        let (worker, workers) = (begin.worker as u32, begin.workers as u32);
        let (http, scratch, first_task, seed) = (begin.http, begin.scratch.clone(), begin.first_task, begin.seed);
        let scenario = scenario(begin);
        let mut labels = Labels::new();
        let services = Arc::new(Services::for_worker(calibration, http, scratch, &scenario, &mut labels));
        let programs = compile(&scenario, &mut labels);
        let registry = Registry::of_process(first_task, worker, workers);
        registry.define(labels.definitions());
        Ok(Worker {
            pool: Pool::start(&registry, &services, 1, LaneKind::Process)?,
            collector: Collector::new(registry.clone(), Some(log.lines)),
            programs: programs.into_iter().map(|p| (p.group().to_owned(), p)).collect(),
            registry,
            services,
            labels,
            seed,
            log: log.filter,
            stopping: false,
        })
    }

    fn execute(&mut self, order: ToWorker) -> io::Result<()> {
        match order {
            ToWorker::Hello(_) | ToWorker::Begin(_) => return Err(protocol_error("received `hello` or `begin` twice")),
            ToWorker::Group(group) => {
                let program = Program::new(&group.into_spec(), self.seed, &mut self.labels);
                self.registry.define(self.labels.definitions());
                self.programs.insert(program.group().to_owned(), Arc::new(program));
            }
            ToWorker::Task(order) => self.run(&order)?,
            ToWorker::Close(group) => {
                if let Some(program) = self.programs.get(&group) {
                    program.close();
                }
            }
            ToWorker::Log(level) => self.log.keep(level.into()),
            ToWorker::Stop(_) => {
                self.services.stop().request(crate::probe::now());
                self.stopping = true;
            }
        }
        Ok(())
    }

    fn run(&self, order: &TaskOrder) -> io::Result<()> {
        let program = self.programs.get(&order.group);
        let program = program.ok_or_else(|| protocol_error("received a task of an unknown group"))?;
        let group = self.registry.group_named(&order.group);
        let since = self.registry.clock_offset().from_monotonic(order.since);
        let task = TaskHandle::adopted(&self.registry, &group, order.task, order.index, since);
        self.pool.accept(task, program.clone());
        Ok(())
    }

    /// Whether the worker was ordered to stop and all tasks have ended. If a task cannot be
    /// stopped, the parent kills the process.
    fn is_over(&self) -> bool {
        self.stopping && self.services.live_tasks().count() == 0
    }

    /// The records since the last batch. The instants are on the clock that all processes share.
    fn batch(&mut self) -> Batch<MonotonicClock> {
        let batch = self.collector.batch();
        let offset = self.registry.clock_offset();
        batch.map_instants(|at| offset.to_monotonic(at))
    }
}

/// A scenario with the parts that the worker received.
fn scenario(begin: Begin) -> Scenario {
    Scenario {
        title: String::new(),
        about: String::new(),
        duration: None,
        seed: begin.seed,
        executor: ExecutorSpec {
            kind: ExecutorKind::Processes,
            workers: Some(1),
            knobs: Knobs::default(),
        },
        executors: vec![ExecutorKind::Processes],
        log: None,
        http: HttpSpec {
            latency: Draw::Fixed(Duration::ZERO),
            failure_rate: 0.0,
        },
        db: begin.db,
        channels: Vec::new(),
        semaphores: Vec::new(),
        barriers: Vec::new(),
        locks: Vec::new(),
        rwlocks: Vec::new(),
        notifies: Vec::new(),
        results: Vec::new(),
        tasks: begin.groups.into_iter().map(GroupOrder::into_spec).collect(),
        cues: Vec::new(),
        expect: Vec::new(),
    }
}
