//! Measures the cost of the live screen on a pseudo-terminal. There are three results: the time
//! until the first frame, the time until the first frame with tasks, and the CPU time of the
//! monitor. Both times begin at the start of the program.
//!
//! ```text
//! cargo bench --bench screen
//! ```
//!
//! The program runs `scenarios/mixed.toml` on a terminal of 200×60. The monitor is the main thread
//! of the process. This thread handles keys, drains the rings, applies batches to the model and
//! draws the screen. The kernel reports the CPU time of this thread (`schedstat`).

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// The number of times that the program is started.
const STARTS: usize = 33;
/// The duration over which the monitor's CPU time is measured.
const MEASURED: Duration = Duration::from_secs(10);

fn main() {
    let starts: Vec<Run> = (0..STARTS).map(|_| run(None)).collect();
    let print = |what, of: fn(&Run) -> Duration| {
        let mut times: Vec<Duration> = starts.iter().map(of).collect();
        times.sort();
        println!(
            "start to {what:16} median {:.0} ms   slowest {:.0} ms   ({STARTS} starts)",
            times[STARTS / 2].as_secs_f64() * 1e3,
            times[STARTS - 1].as_secs_f64() * 1e3
        );
    };
    print("first frame", |run| run.first_frame);
    print("first tasks", |run| run.first_tasks);
    for (what, executor) in [("mixed on tokio", "tokio"), ("mixed on the pool", "pool")] {
        let mut shares: Vec<f64> = (0..5)
            .map(|_| run(Some(executor)).monitor.unwrap_or(f64::NAN))
            .collect();
        shares.sort_by(f64::total_cmp);
        println!(
            "monitor's CPU, {what:18} median {:.1} % of a core   highest {:.1} %   (5 × {MEASURED:?}, 200×60, 30 frames/s)",
            shares[2] * 1e2,
            shares[4] * 1e2
        );
    }
}

/// The measurements of one run.
struct Run {
    /// The time from the start until the first complete frame is on the screen, including its last
    /// line.
    first_frame: Duration,
    /// The time from the start until the first rows of tasks are on the screen.
    first_tasks: Duration,
    /// The share of a core that the monitor used; `None` if it was not measured.
    monitor: Option<f64>,
}

/// Runs the program. If `executor` is set, measures the monitor's CPU time on this executor.
/// Otherwise ends the program as soon as tasks are on the screen.
fn run(executor: Option<&str>) -> Run {
    let size = PtySize {
        rows: 60,
        cols: 200,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).expect("a pty");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
    command.args(["run", "mixed", "--executor", executor.unwrap_or("tokio")]);
    command.env("TERM", "xterm-256color");
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let mut keys = pair.master.take_writer().expect("a writer");
    let start = Instant::now();
    let mut child = pair.slave.spawn_command(command).expect("tasklab starts");
    drop(pair.slave);
    let mut parser = vt100::Parser::new(60, 200, 0);
    let mut buffer = [0; 16 * 1024];
    let mut time_until = |text| {
        while !parser.screen().contents().contains(text) {
            let read = output.read(&mut buffer).expect("output");
            assert!(read > 0, "the program ended early: {}", parser.screen().contents());
            parser.process(&buffer[..read]);
        }
        start.elapsed()
    };
    let first_frame = time_until("q quit");
    // The names of forty tasks begin with `api#`. Not all tasks fit on the screen, and problems
    // change the order of the tasks.
    let first_tasks = time_until("api#");
    // The output must be read until the end. Otherwise, a full terminal buffer would block the
    // monitor.
    let reader = std::thread::spawn(move || while output.read(&mut buffer).is_ok_and(|read| read > 0) {});
    let monitor = executor.map(|_| {
        let pid = child.process_id().expect("a process");
        let (before, from) = (cpu_time(pid), Instant::now());
        std::thread::sleep(MEASURED);
        cpu_time(pid).saturating_sub(before).as_secs_f64() / from.elapsed().as_secs_f64()
    });
    keys.write_all(b"q").expect("a key");
    child.wait().expect("an end");
    drop(pair.master);
    reader.join().expect("no panic");
    Run {
        first_frame,
        first_tasks,
        monitor,
    }
}

/// The CPU time that the main thread of the process has used so far.
fn cpu_time(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).expect("a kernel with schedstat");
    let first = text.split_whitespace().next().expect("a number");
    Duration::from_nanos(first.parse().expect("a number"))
}
