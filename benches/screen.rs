//! What the live screen costs on a pseudo-terminal: the time from start to the first frame and to
//! the first frame with tasks, and the monitor's own CPU time.
//!
//! ```text
//! cargo bench --bench screen
//! ```
//!
//! The program runs `scenarios/mixed.toml` on a terminal of 200×60. The monitor is the process's
//! main thread: it carries out keys, drains the rings, applies batches to the model and draws. Its
//! CPU time is the kernel's count for that thread (`schedstat`).

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// How often the program is started.
const STARTS: usize = 33;
/// How long the monitor's CPU time is measured.
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
    /// From the start to a whole frame, including its last line.
    first_frame: Duration,
    /// From the start to the first rows of tasks.
    first_tasks: Duration,
    /// The monitor's share of a core, if it was measured.
    monitor: Option<f64>,
}

/// Runs the program. With an executor, measures the monitor's CPU time on it; without one, leaves
/// as soon as tasks are on screen.
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
    // Forty tasks have this name. Not all tasks have rows at once, and the order depends on
    // trouble.
    let first_tasks = time_until("api#");
    // The output must be read to the end, or the terminal would block the monitor.
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

/// The CPU time of the process's main thread so far.
fn cpu_time(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).expect("a kernel with schedstat");
    let first = text.split_whitespace().next().expect("a number");
    Duration::from_nanos(first.parse().expect("a number"))
}
