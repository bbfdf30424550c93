//! A worker process from the inside: it obeys on standard input, tells on standard output, and runs tasks on one thread.
//!
//! ```text
//!   stdin ──► reader ──► orders ──► main thread ──► pool of one thread
//!                                        ▲               │ rings
//!   stdout ◄──── batches ────────────────┴── collector ◄─┘
//! ```
//!
//! When standard input ends, whoever started it is gone, and it ends at once: no worker outlives its run.

use super::protocol::{self, Begin, FromWorker, GroupOrder, Hello, Nothing, TaskOrder, ToWorker};
use crate::executor::pool::Pool;
use crate::panics::HookGuard;
use crate::probe::{self, Collector, LogFilter, Registry, TaskHandle};
use crate::record::{Batch, LaneKind};
use crate::run::MANY;
use crate::scenario::{Draw, ExecutorKind, ExecutorSpec, HttpSpec, Knobs, Scenario};
use crate::workload::{Calibration, Labels, Program, Services, compile};
use std::collections::HashMap;
use std::io::{self, BufReader, Stdin};
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two looks into the rings: well below what fills one.
const DRAIN: Duration = Duration::from_millis(5);
/// Time between two batches, as long as no more comes together.
const BATCH: Duration = Duration::from_millis(20);
/// Time between two accounts of what the process has used.
const ACCOUNT: Duration = Duration::from_millis(100);

/// Works until it is told to stop, or nobody tells it anything any more.
///
/// # Errors
/// When who started it speaks another version of the protocol, or breaks it.
pub fn work() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut output = io::stdout();
    let mut line = Vec::new();
    protocol::send(&mut output, &FromWorker::Hello(Hello::ours()))?;
    match protocol::receive(&mut input, &mut line)? {
        Some(ToWorker::Hello(hello)) => hello
            .understood()
            .map_err(|why| wrong(&format!("cannot work for who started it: {why}")))?,
        _ => return Err(wrong("a worker is started by tasklab, which says hello first")),
    }
    let begin = match protocol::receive(&mut input, &mut line)? {
        Some(ToWorker::Begin(begin)) => begin,
        // Nobody needs it after all.
        None => return Ok(()),
        Some(_) => return Err(wrong("was told something before it was told to begin")),
    };
    let (orders, inbox) = channel();
    let mut worker = Worker::new(*begin)?;
    let _panics = HookGuard::install(thread::current().id(), || ());
    thread::Builder::new()
        .name("tasklab-orders".into())
        .spawn(move || read(input, &orders))?;
    protocol::send(&mut output, &FromWorker::Ready(Nothing {}))?;
    let used_before = probe::usage();
    let mut next_batch = Instant::now();
    let mut next_account = Instant::now();
    loop {
        let mut order = match inbox.recv_timeout(DRAIN) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Err(wrong("nobody reads its orders any more")),
        };
        while let Some(next) = order {
            worker.obey(next)?;
            order = inbox.try_recv().ok();
        }
        // Looked at before the rings: then everything is in this batch.
        let over = worker.is_over();
        let now = Instant::now();
        if worker.collector.drain() >= MANY || now >= next_batch || over {
            next_batch = now + BATCH;
            protocol::send(&mut output, &FromWorker::Batch(Box::new(worker.batch())))?;
        }
        if now >= next_account || over {
            next_account = now + ACCOUNT;
            protocol::send(&mut output, &FromWorker::Resources(probe::usage() - used_before))?;
        }
        if over {
            return protocol::send(&mut output, &FromWorker::Bye(Nothing {}));
        }
    }
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Hands on what it is told, until the end.
fn read(mut input: BufReader<Stdin>, orders: &Sender<ToWorker>) {
    let mut line = Vec::new();
    loop {
        match protocol::receive(&mut input, &mut line) {
            Ok(Some(order)) => {
                if orders.send(order).is_err() {
                    return;
                }
            }
            // Who started it is gone. Nobody is left who would want to know how anything ended.
            Ok(None) => process::exit(0),
            // Nor can it say anything to who speaks gibberish, but on standard error.
            Err(error) => {
                eprintln!("was told what is no message: {error}");
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
        let place = (begin.worker, begin.workers);
        let (http, scratch, first_task, seed) = (begin.http, begin.scratch.clone(), begin.first_task, begin.seed);
        let scenario = scenario(begin);
        let mut labels = Labels::new();
        let services = Arc::new(Services::lent(calibration, http, scratch, &scenario, &mut labels));
        let programs = compile(&scenario, &mut labels);
        let registry = Registry::numbering(first_task, place.0 as u32, place.1 as u32);
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

    fn obey(&mut self, order: ToWorker) -> io::Result<()> {
        match order {
            ToWorker::Hello(_) | ToWorker::Begin(_) => return Err(wrong("was told to begin twice")),
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
                self.services.stop().request();
                self.stopping = true;
            }
        }
        Ok(())
    }

    fn run(&self, order: &TaskOrder) -> io::Result<()> {
        let program = self.programs.get(&order.group);
        let program = program.ok_or_else(|| wrong("was given a task of a group that it does not know"))?;
        let group = self.registry.group_named(&order.group);
        let since = self.registry.monotonic_ahead().from_monotonic(order.since);
        let task = TaskHandle::adopted(&self.registry, &group, order.task, order.index, since);
        self.pool.take(task, program.clone());
        Ok(())
    }

    /// Whether it has been stopped, and has stopped. What cannot be stopped ends with the process, which is somebody else's to end.
    fn is_over(&self) -> bool {
        self.stopping && self.services.alive().count() == 0
    }

    /// What has been recorded since the batch before, by the clock that processes share.
    fn batch(&mut self) -> Batch {
        let mut batch = self.collector.batch();
        let ahead = self.registry.monotonic_ahead();
        batch.moved(|at| ahead.to_monotonic(at));
        batch
    }
}

/// The part of the scenario that a worker is told, as a scenario.
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
        locks: Vec::new(),
        tasks: begin.groups.into_iter().map(GroupOrder::into_spec).collect(),
        cues: Vec::new(),
        expect: Vec::new(),
    }
}
