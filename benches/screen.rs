//! What the live screen costs, on a real terminal: time from start to the first frame, and to the first that has tasks, and the
//! monitor's own CPU.
//!
//! ```text
//! cargo bench --bench screen
//! ```
//!
//! The binary runs `scenarios/mixed.toml` in a pty of 200×60. The monitor is the process's main thread: it alone reads keys, drains
//! the rings, applies the model and draws. Its CPU time is the kernel's count for that thread (`schedstat`).

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const STARTS: usize = 33;
const WATCHED: Duration = Duration::from_secs(10);

fn main() {
    let starts: Vec<Seen> = (0..STARTS).map(|_| run(None)).collect();
    let print = |what, of: fn(&Seen) -> Duration| {
        let mut times: Vec<Duration> = starts.iter().map(of).collect();
        times.sort();
        println!(
            "start to {what:16} median {:.0} ms   slowest {:.0} ms   ({STARTS} starts)",
            times[STARTS / 2].as_secs_f64() * 1e3,
            times[STARTS - 1].as_secs_f64() * 1e3
        );
    };
    print("first frame", |seen| seen.first_frame);
    print("first tasks", |seen| seen.first_tasks);
    for (what, executor) in [("mixed on tokio", "tokio"), ("mixed on the pool", "pool")] {
        let mut shares: Vec<f64> = (0..5)
            .map(|_| run(Some(executor)).monitor.unwrap_or(f64::NAN))
            .collect();
        shares.sort_by(f64::total_cmp);
        println!(
            "monitor's CPU, {what:18} median {:.1} % of a core   highest {:.1} %   (5 × {WATCHED:?}, 200×60, 30 frames/s)",
            shares[2] * 1e2,
            shares[4] * 1e2
        );
    }
}

struct Seen {
    /// A whole frame stood on the screen: its last line did.
    first_frame: Duration,
    /// Tasks had their rows.
    first_tasks: Duration,
    monitor: Option<f64>,
}

/// One run, watched for a while on this executor, or only until its first tasks are on screen.
fn run(watched_on: Option<&str>) -> Seen {
    let size = PtySize {
        rows: 60,
        cols: 200,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).expect("a pty");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
    command.args(["run", "mixed", "--executor", watched_on.unwrap_or("tokio")]);
    command.env("TERM", "xterm-256color");
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let mut keys = pair.master.take_writer().expect("a writer");
    let start = Instant::now();
    let mut child = pair.slave.spawn_command(command).expect("tasklab starts");
    drop(pair.slave);
    let mut parser = vt100::Parser::new(60, 200, 0);
    let mut buffer = [0; 16 * 1024];
    let mut until = |words| {
        while !parser.screen().contents().contains(words) {
            let read = output.read(&mut buffer).expect("output");
            assert!(read > 0, "ended early: {}", parser.screen().contents());
            parser.process(&buffer[..read]);
        }
        start.elapsed()
    };
    let first_frame = until("q quit");
    // Forty of the tasks are: not all have rows at once, and which have is for their troubles to say.
    let first_tasks = until("api#");
    // Somebody must read on, or the terminal would block the monitor.
    let reader = std::thread::spawn(move || while output.read(&mut buffer).is_ok_and(|read| read > 0) {});
    let monitor = watched_on.map(|_| {
        let pid = child.process_id().expect("a process");
        let (before, from) = (on_cpu(pid), Instant::now());
        std::thread::sleep(WATCHED);
        (on_cpu(pid) - before).as_secs_f64() / from.elapsed().as_secs_f64()
    });
    keys.write_all(b"q").expect("a key");
    child.wait().expect("an end");
    drop(pair.master);
    reader.join().expect("no panic");
    Seen {
        first_frame,
        first_tasks,
        monitor,
    }
}

/// CPU time of the process's main thread.
fn on_cpu(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).expect("a kernel with schedstat");
    let first = text.split_whitespace().next().expect("a number");
    Duration::from_nanos(first.parse().expect("a number"))
}
