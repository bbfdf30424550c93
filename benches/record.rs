//! Measures the cost of recording: the throughput of a load with and without recording.
//!
//! ```text
//! cargo bench --bench record              # all loads, nine rounds each
//! cargo bench --bench record -- storm     # only the loads whose name contains the word
//! ```
//!
//! | load | what it does | what the rate counts |
//! |---|---|---|
//! | `storm` | 64 tasks call `yield_now` 40,000 times each | yields |
//! | `growth` | 10, 1,000 or 100,000 tasks share the same number of yields | yields |
//! | `spawn` | one task spawns 200,000 tasks that end immediately, and awaits them in groups of 64 | tasks |
//! | `real` | 1,000 tasks repeat 20 µs of work and a sleep of 1 ms, for one second | repetitions |
//!
//! Each load runs in four modes: not recorded, recorded, watched only by tokio-metrics'
//! `TaskMonitor`, and recorded while tokio-console can connect. A round runs every mode once. In
//! this way, other load on the machine affects all modes equally. The table shows the medians over
//! all rounds. The ratio compares each mode with `bare` in the same round.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tasklab::probe::{self, Collector, Registry};
use tasklab::record::{Batch, Label, Nanos, Outcome, Reason};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_metrics::TaskMonitor;

const ROUNDS: usize = 9;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Bare,
    Recorded,
    TaskMonitor,
    /// Recorded. tokio-console could connect, but does not connect. This mode runs in a separate
    /// process, because a process can have only one `tracing` subscriber.
    Console,
}

const MODES: [(&str, Mode); 4] = [
    ("bare", Mode::Bare),
    ("recorded", Mode::Recorded),
    ("TaskMonitor", Mode::TaskMonitor),
    ("with --console", Mode::Console),
];

struct Load {
    name: &'static str,
    run: fn(Bench) -> Measurement,
    /// True: the load runs on two workers. False: the load runs on a current-thread runtime.
    two_workers: bool,
    /// Whether the load also runs with the console. tokio-console needs about 65 KB per task, so
    /// loads with many tasks run without the console.
    with_console: bool,
}

const fn load(name: &'static str, run: fn(Bench) -> Measurement) -> Load {
    Load {
        name,
        run,
        two_workers: false,
        with_console: true,
    }
}

const fn on_two_workers(name: &'static str, run: fn(Bench) -> Measurement) -> Load {
    Load {
        two_workers: true,
        ..load(name, run)
    }
}

const fn without_console(load: Load) -> Load {
    Load {
        with_console: false,
        ..load
    }
}

const LOADS: [Load; 9] = [
    load("storm, current-thread", storm::<64>),
    on_two_workers("storm, 2 workers", storm::<64>),
    without_console(load("growth, 10 tasks", storm::<10>)),
    without_console(load("growth, 1 k tasks", storm::<1_000>)),
    without_console(load("growth, 100 k tasks", storm::<100_000>)),
    without_console(load("spawn, current-thread", spawn)),
    without_console(on_two_workers("spawn, 2 workers", spawn)),
    load("real, current-thread", real),
    on_two_workers("real, 2 workers", real),
];

/// The environment variable that contains the name of the load for a child process.
const CHILD: &str = "TASKLAB_BENCH_WITH_CONSOLE";

fn main() {
    if let Some(load) = std::env::var_os(CHILD) {
        return run_as_child(&load.to_string_lossy());
    }
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    println!(
        "{:28} {:14} {:>14} {:>8} {:>10} {:>8}",
        "load", "mode", "per second", "ratio", "ns more", "lost"
    );
    for load in LOADS.iter().filter(|load| load.name.contains(&wanted)) {
        compare_modes(load);
    }
}

/// Runs a load in every mode for several rounds, and prints one line per mode.
fn compare_modes(load: &Load) {
    let modes = match load.with_console {
        true => &MODES[..],
        false => &MODES[..3],
    };
    let mut rounds: Vec<Vec<Measurement>> = Vec::new();
    for _ in 0..ROUNDS {
        let run = |&(_, mode): &(&str, Mode)| match mode {
            Mode::Console => run_with_console(load.name),
            _ => (load.run)(Bench::new(mode, load.two_workers)),
        };
        rounds.push(modes.iter().map(run).collect());
    }
    for (m, (mode, _)) in modes.iter().enumerate() {
        let rate = median(rounds.iter().map(|round| round[m].rate));
        let ratio = median(rounds.iter().map(|round| round[m].rate / round[0].rate));
        let more = median(rounds.iter().map(|round| 1e9 / round[m].rate - 1e9 / round[0].rate));
        let lost: u64 = rounds.iter().map(|round| round[m].lost).sum();
        println!(
            "{:28} {mode:14} {rate:>14.0} {ratio:>8.2} {more:>10.0} {lost:>8}",
            load.name
        );
    }
}

/// Runs a load in a process that serves tokio-console.
fn run_with_console(load: &str) -> Measurement {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).env(CHILD, load).output();
    let output = output.expect("the child process starts").stdout;
    let text = String::from_utf8_lossy(&output);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    Measurement {
        rate: numbers[0],
        lost: numbers[1] as u64,
    }
}

fn run_as_child(name: &str) {
    let console = probe::console::serve(([127, 0, 0, 1], 0).into()).expect("a free port");
    let _log =
        probe::subscribe(tracing::level_filters::LevelFilter::INFO, Some(console.layer)).expect("the only subscriber");
    let load = LOADS
        .iter()
        .find(|load| load.name == name)
        .expect("a load of this name");
    let measured = (load.run)(Bench::new(Mode::Recorded, load.two_workers));
    println!("{} {}", measured.rate, measured.lost);
}

/// The result of one run of a load in one mode.
struct Measurement {
    /// The number of operations per second. The table above says what an operation is in each load.
    rate: f64,
    /// The number of slices that were dropped because the reader of the rings was too slow.
    lost: u64,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A runtime in one of the modes, and the thread that reads its rings.
struct Bench {
    runtime: Runtime,
    spawner: Spawner,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<u64>>,
}

impl Bench {
    fn new(mode: Mode, two_workers: bool) -> Bench {
        let mut builder = match two_workers {
            true => Builder::new_multi_thread(),
            false => Builder::new_current_thread(),
        };
        builder.enable_all().worker_threads(2);
        let registry = Registry::new();
        let stop = Arc::new(AtomicBool::new(false));
        let mut reader = None;
        if mode == Mode::Recorded {
            probe::install(&mut builder, &registry);
            let collector = Collector::new(registry.clone(), None);
            let stop = stop.clone();
            reader = Some(thread::spawn(move || read_until(&stop, collector)));
        }
        let runtime = builder.build().expect("a runtime");
        let spawner = Spawner {
            mode,
            handle: runtime.handle().clone(),
            group: registry.group_named("bench"),
            registry,
            monitor: TaskMonitor::new(),
        };
        Bench {
            runtime,
            spawner,
            stop,
            reader,
        }
    }

    fn is_recorded(&self) -> bool {
        self.spawner.mode == Mode::Recorded
    }

    /// Ends the benchmark and returns the result. `operations` is the number of operations, and
    /// `elapsed` is the time that they took.
    fn finish(self, operations: f64, elapsed: Duration) -> Measurement {
        drop(self.runtime);
        self.stop.store(true, Relaxed);
        Measurement {
            rate: operations / elapsed.as_secs_f64(),
            lost: self
                .reader
                .map_or(0, |reader| reader.join().expect("the reader does not panic")),
        }
    }
}

/// Reads the rings as the screen does: it reads slices often, and everything else once per frame.
/// Returns the number of lost slices.
fn read_until(stop: &AtomicBool, mut collector: Collector) -> u64 {
    let mut lost = 0;
    for turn in 1.. {
        let last = stop.load(Relaxed);
        if collector.drain() >= Batch::DUE || turn % 16 == 0 || last {
            lost += collector.batch().lost.iter().map(|lost| lost.slices).sum::<u64>();
        }
        if last {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    lost
}

/// Spawns tasks as the mode requires. Works both outside the runtime and within a task.
#[derive(Clone)]
struct Spawner {
    mode: Mode,
    handle: Handle,
    registry: Arc<Registry>,
    group: Arc<probe::Group>,
    monitor: TaskMonitor,
}

impl Spawner {
    fn spawn(&self, body: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        self.spawn_in(&self.group, body)
    }

    /// Spawns a task as a step spawns a child: first looks up the child's group by name.
    fn spawn_child(&self, body: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        match self.mode {
            Mode::Recorded => self.spawn_in(&self.registry.group_named("child"), body),
            _ => self.spawn(body),
        }
    }

    fn spawn_in(
        &self,
        group: &probe::Group,
        body: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::JoinHandle<()> {
        match self.mode {
            Mode::Bare => self.handle.spawn(body),
            Mode::TaskMonitor => self.handle.spawn(self.monitor.instrument(body)),
            Mode::Recorded | Mode::Console => probe::spawn(&self.handle, &self.registry, group, |_| async {
                body.await;
                Outcome::Completed
            }),
        }
    }
}

fn storm<const TASKS: u32>(bench: Bench) -> Measurement {
    let yields = 2_560_000 / TASKS;
    let recorded = bench.is_recorded();
    let start = Instant::now();
    let joins: Vec<_> = (0..TASKS)
        .map(|_| {
            bench.spawner.spawn(async move {
                for _ in 0..yields {
                    if recorded {
                        probe::lane::set_wait(Reason::Yield, Label::NONE);
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    bench.runtime.block_on(async {
        for join in joins {
            join.await.expect("the task does not panic");
        }
    });
    let elapsed = start.elapsed();
    bench.finish(f64::from(TASKS * yields), elapsed)
}

fn spawn(bench: Bench) -> Measurement {
    const TASKS: u32 = 200_000;
    /// The number of children that exist at the same time. The number is small, so that the
    /// children stay in the caches.
    const AT_ONCE: u32 = 64;
    let spawner = bench.spawner.clone();
    let start = Instant::now();
    let parent = bench.spawner.spawn(async move {
        for _ in 0..TASKS / AT_ONCE {
            let children: Vec<_> = (0..AT_ONCE).map(|_| spawner.spawn_child(async {})).collect();
            for child in children {
                child.await.expect("the child does not panic");
            }
        }
    });
    bench.runtime.block_on(parent).expect("the parent does not panic");
    let elapsed = start.elapsed();
    bench.finish(f64::from(TASKS), elapsed)
}

fn real(bench: Bench) -> Measurement {
    const TASKS: u32 = 1_000;
    let recorded = bench.is_recorded();
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    for _ in 0..TASKS {
        let (done, stop) = (done.clone(), stop.clone());
        bench.spawner.spawn(async move {
            while !stop.load(Relaxed) {
                let until = probe::now() + Nanos::from_micros(20);
                while probe::now() < until {
                    std::hint::spin_loop();
                }
                if recorded {
                    probe::lane::set_wait(Reason::Timer, Label::NONE);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                done.fetch_add(1, Relaxed);
            }
        });
    }
    bench
        .runtime
        .block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
    let (elapsed, repetitions) = (start.elapsed(), done.load(Relaxed));
    stop.store(true, Relaxed);
    bench.finish(repetitions as f64, elapsed)
}
