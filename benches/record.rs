//! What recording costs: throughput recorded over throughput bare, beside tokio-metrics' `TaskMonitor` alone, and recorded with
//! tokio-console served as well.
//!
//! ```text
//! cargo bench --bench record              # every load, nine interleaved rounds
//! cargo bench --bench record -- storm     # only the loads whose name contains the word
//! ```
//!
//! *storm*: 64 tasks × 40,000 `yield_now`. *growth*: as many yields by fewer and by more tasks. *real*: 1,000 tasks that loop 20 µs of work and a 1 ms sleep, for a second. Each round runs every
//! mode once, in turn, so that the machine's noise hits all alike; the table shows medians of the rounds and the ratio of
//! each to `bare` in the same round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tasklab::probe::{self, Collector, Registry};
use tasklab::record::{Batch, Label, Nanos, Outcome, Reason};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 9;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Bare,
    Recorded,
    TaskMonitor,
    /// Recorded, and served to tokio-consoles of which none is attached; in a process of its own, since a process has one subscriber.
    Console,
}

const MODES: [(&str, Mode); 4] = [
    ("bare", Mode::Bare),
    ("recorded", Mode::Recorded),
    ("TaskMonitor", Mode::TaskMonitor),
    ("with --console", Mode::Console),
];

type Load = fn(Mode, bool) -> Outcomes;

const LOADS: [(&str, Load, bool); 7] = [
    ("storm, current-thread", storm::<64>, false),
    ("storm, 2 workers", storm::<64>, true),
    ("growth, 10 tasks", storm::<10>, false),
    ("growth, 1 k tasks", storm::<1_000>, false),
    ("growth, 100 k tasks", storm::<100_000>, false),
    ("real, current-thread", real, false),
    ("real, 2 workers", real, true),
];

/// Tells a child process which load to run with the console.
const CHILD: &str = "TASKLAB_BENCH_WITH_CONSOLE";

fn main() {
    if let Some(load) = std::env::var_os(CHILD) {
        return child(&load.to_string_lossy());
    }
    let wanted = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .unwrap_or_default();
    println!(
        "{:28} {:14} {:>14} {:>8} {:>10} {:>8}",
        "load", "mode", "per second", "ratio", "ns more", "lost"
    );
    for (name, load, threads) in LOADS.into_iter().filter(|(name, ..)| name.contains(&wanted)) {
        // A console takes some 65 KB a task, which 100,000 tasks would make too much.
        let modes = if name.starts_with("growth") {
            &MODES[..3]
        } else {
            &MODES[..]
        };
        let mut rounds: Vec<Vec<Outcomes>> = Vec::new();
        for _ in 0..ROUNDS {
            let run = |&(_, mode): &(&str, Mode)| match mode {
                Mode::Console => with_console(name),
                _ => load(mode, threads),
            };
            rounds.push(modes.iter().map(run).collect());
        }
        for (m, (mode, _)) in modes.iter().enumerate() {
            let rate = median(rounds.iter().map(|r| r[m].rate));
            let ratio = median(rounds.iter().map(|r| r[m].rate / r[0].rate));
            let more = median(rounds.iter().map(|r| 1e9 / r[m].rate - 1e9 / r[0].rate));
            let lost: u64 = rounds.iter().map(|r| r[m].lost).sum();
            println!("{name:28} {mode:14} {rate:>14.0} {ratio:>8.2} {more:>10.0} {lost:>8}");
        }
    }
}

/// Runs a load in a process that serves consoles.
fn with_console(load: &str) -> Outcomes {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program).env(CHILD, load).output();
    let output = output.expect("a child process").stdout;
    let text = String::from_utf8_lossy(&output);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    Outcomes {
        rate: numbers[0],
        lost: numbers[1] as u64,
    }
}

fn child(name: &str) {
    let console = probe::console::serve(([127, 0, 0, 1], 0).into()).expect("a port");
    let _log = probe::subscribe(tracing::level_filters::LevelFilter::INFO, Some(console)).expect("one subscriber");
    let (_, load, threads) = LOADS.into_iter().find(|(n, ..)| *n == name).expect("a load");
    let outcomes = load(Mode::Recorded, threads);
    println!("{} {}", outcomes.rate, outcomes.lost);
}

struct Outcomes {
    /// Polls (storm) or loops (real) a second.
    rate: f64,
    lost: u64,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A runtime, recorded or not, and the thread that drains its rings.
struct Bench {
    runtime: Runtime,
    registry: Arc<Registry>,
    group: Arc<probe::Group>,
    monitor: tokio_metrics::TaskMonitor,
    mode: Mode,
    stop: Arc<AtomicBool>,
    drain: Option<std::thread::JoinHandle<u64>>,
}

impl Bench {
    fn new(mode: Mode, threads: bool) -> Bench {
        let mut builder = if threads {
            Builder::new_multi_thread()
        } else {
            Builder::new_current_thread()
        };
        builder.enable_all().worker_threads(2);
        let registry = Registry::new();
        let stop = Arc::new(AtomicBool::new(false));
        let mut drain = None;
        if mode == Mode::Recorded {
            probe::install(&mut builder, &registry);
            let mut collector = Collector::new(registry.clone(), None);
            let stop = stop.clone();
            drain = Some(std::thread::spawn(move || {
                // As the screen does it: the rings often, everything else once a frame.
                let mut lost = 0;
                for turn in 1.. {
                    let last = stop.load(Relaxed);
                    if collector.drain() >= Batch::DUE || turn % 16 == 0 || last {
                        lost += collector.batch().lost.iter().map(|l| l.slices).sum::<u64>();
                    }
                    if last {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                lost
            }));
        }
        Bench {
            runtime: builder.build().expect("a runtime"),
            group: registry.group_named("bench"),
            registry,
            monitor: tokio_metrics::TaskMonitor::new(),
            mode,
            stop,
            drain,
        }
    }

    fn spawn(&self, body: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        match self.mode {
            Mode::Bare => self.runtime.spawn(body),
            Mode::TaskMonitor => self.runtime.spawn(self.monitor.instrument(body)),
            Mode::Recorded | Mode::Console => {
                probe::spawn(self.runtime.handle(), &self.registry, &self.group, |_| async {
                    body.await;
                    Outcome::Completed
                })
            }
        }
    }

    fn finish(self, done: f64, elapsed: Duration) -> Outcomes {
        drop(self.runtime);
        self.stop.store(true, Relaxed);
        Outcomes {
            rate: done / elapsed.as_secs_f64(),
            lost: self.drain.map_or(0, |d| d.join().expect("no panic")),
        }
    }
}

fn storm<const TASKS: u32>(mode: Mode, threads: bool) -> Outcomes {
    let yields = 2_560_000 / TASKS;
    let bench = Bench::new(mode, threads);
    let start = Instant::now();
    let joins: Vec<_> = (0..TASKS)
        .map(|_| {
            bench.spawn(async move {
                for _ in 0..yields {
                    if mode == Mode::Recorded {
                        probe::lane::waiting(Reason::Yield, Label::NONE);
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    bench.runtime.block_on(async {
        for join in joins {
            join.await.expect("no panic");
        }
    });
    let elapsed = start.elapsed();
    bench.finish(f64::from(TASKS * yields), elapsed)
}

fn real(mode: Mode, threads: bool) -> Outcomes {
    const TASKS: u32 = 1_000;
    let bench = Bench::new(mode, threads);
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    for _ in 0..TASKS {
        let (done, stop) = (done.clone(), stop.clone());
        bench.spawn(async move {
            while !stop.load(Relaxed) {
                let until = probe::now() + Nanos::from_micros(20);
                while probe::now() < until {
                    std::hint::spin_loop();
                }
                if mode == Mode::Recorded {
                    probe::lane::waiting(Reason::Timer, Label::NONE);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                done.fetch_add(1, Relaxed);
            }
        });
    }
    bench
        .runtime
        .block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
    let (elapsed, loops) = (start.elapsed(), done.load(Relaxed));
    stop.store(true, Relaxed);
    bench.finish(loops as f64, elapsed)
}
