//! Measures the cost of the model: the number of records applied per second, the time to paint a
//! frame, and the number of bytes per slice and per task.
//!
//! Run this benchmark with `cargo bench --bench model`. Each line shows the median of [`ROUNDS`]
//! rounds, or percentiles over all frames. Times are the CPU time of the benchmark's thread, so
//! other load on the machine has little effect.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use strum::VariantArray;
use tasklab::model::{Cell, LaneCell, Model, RunInfo, Window};
use tasklab::record::*;
use tasklab::run::RunState;
use tasklab::tui::{self, Action, App, Options};

const ROUNDS: usize = 5;
const LANES: u16 = 4;
/// The time that one batch covers. The monitor drains the rings 30 times per second.
const BATCH: Nanos = Nanos::from_millis(33);

/// A deterministic stream of pseudo-random numbers: a linear congruential generator with the
/// constants of Knuth's MMIX.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A load that keeps the lanes busy. The tasks run in turn, and each slice takes about `len`
/// nanoseconds.
struct Load {
    name: &'static str,
    tasks: u32,
    slices: usize,
    len: u64,
}

const LOADS: [Load; 4] = [
    Load {
        name: "1 k tasks, 1 M slices",
        tasks: 1_000,
        slices: 1_000_000,
        len: 20_000,
    },
    Load {
        name: "10 k tasks, 1 M slices",
        tasks: 10_000,
        slices: 1_000_000,
        len: 20_000,
    },
    Load {
        name: "64 tasks, 10 M slices",
        tasks: 64,
        slices: 10_000_000,
        len: 300,
    },
    Load {
        name: "100 k tasks, 10 M slices",
        tasks: 100_000,
        slices: 10_000_000,
        len: 20_000,
    },
];

/// The first batch of a load: all definitions and spawns.
fn first_batch(load: &Load) -> Batch {
    let lanes = (0..LANES).map(|id| Definition::Lane {
        id: LaneId(id),
        kind: LaneKind::Worker,
        name: format!("worker {id}"),
    });
    let groups = (0..8).map(|id| Definition::Group {
        id: GroupId(id),
        name: format!("group {id}"),
        library: false,
    });
    let spawned = |task| Spawned {
        at: RunInstant::new(0),
        task: TaskId::new(task + 1).expect("not zero"),
        parent: None,
        index: task,
        group: GroupId((task % 8) as u16),
        branch: false,
    };
    Batch {
        definitions: lanes.chain(groups).collect(),
        records: (0..load.tasks)
            .map(|task| (LaneId::NONE, Record::Spawned(spawned(task))))
            .collect(),
        ..Batch::default()
    }
}

/// Generates a slice. `turn` is the number of the slice in the load.
fn slice(numbers: &mut Numbers, turn: usize, task: usize, start: u64, len: u64) -> Slice {
    Slice {
        start: RunInstant::new(start),
        task: TaskId::new(task as u32 + 1).expect("not zero"),
        len: Nanos(len).into(),
        queued: Nanos(numbers.below(50_000)).into(),
        unnoticed: Nanos(if turn.is_multiple_of(3) {
            numbers.below(1_000_000)
        } else {
            0
        })
        .into(),
        woken_by: TaskId::new(if turn.is_multiple_of(8) {
            1 + numbers.below(64) as u32
        } else {
            0
        }),
        label: Label((task % 4) as u16 + (turn % 2) as u16),
        suspended_on: Reason::VARIANTS[task % 4 + turn % 2],
        branch: false,
    }
}

/// Generates the batches of a load. Each batch contains all records of one lane, and then all
/// records of the next lane. The rings are drained in this order.
fn batches(load: &Load) -> Vec<Batch> {
    let mut numbers = Numbers(7);
    let mut lane_free = [0u64; LANES as usize];
    let mut task_free = vec![0u64; load.tasks as usize];
    let mut lanes: Vec<Vec<(LaneId, Record)>> = vec![Vec::new(); usize::from(LANES)];
    let mut batches = vec![first_batch(load)];
    let mut batch_end = BATCH.0;
    for turn in 0..load.slices {
        // The next slice runs on the lane that becomes free first. The slice belongs to the next
        // task in the cycle, or to a task that follows shortly after.
        let lane = (0..lane_free.len())
            .min_by_key(|&lane| lane_free[lane])
            .expect("there are lanes");
        let task = (turn as u64 + numbers.below(u64::from(load.tasks) / 8)) as usize % load.tasks as usize;
        let start = lane_free[lane].max(task_free[task]) + 50 + numbers.below(load.len / 4);
        let len = load.len / 2 + numbers.below(load.len);
        let slice = slice(&mut numbers, turn, task, start, len);
        if turn % 10_000 == 0 {
            let step = Step {
                start: slice.start,
                task: slice.task,
                len: slice.len,
                label: Label(1),
                blocking: true,
                blocked_on: Reason::Timer,
                timer_rounding: CompactDuration::ZERO,
            };
            lanes[lane].push((LaneId(lane as u16), Record::Step(step)));
        }
        lanes[lane].push((LaneId(lane as u16), Record::Slice(slice)));
        (lane_free[lane], task_free[task]) = (start + len, start + len);
        if lane_free.iter().all(|&at| at >= batch_end) {
            batches.push(Batch {
                now: RunInstant::new(batch_end),
                records: lanes.iter_mut().flat_map(|lane| lane.drain(..)).collect(),
                ..Batch::default()
            });
            batch_end += BATCH.0;
        }
    }
    batches.push(Batch {
        now: RunInstant::new(batch_end),
        records: lanes.concat(),
        ..Batch::default()
    });
    batches
}

fn apply_all(batches: &[Batch]) -> Model {
    let mut model = Model::new(RunInfo {
        workers: usize::from(LANES),
        ..RunInfo::default()
    });
    for batch in batches {
        model.apply(batch);
    }
    model
}

/// The CPU time of this thread, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Asks the model for everything that one frame shows: all lanes, 60 tasks from the index `first`
/// on, counts, group times and sparklines.
fn frame(model: &Model, window: Window, first: usize) {
    let (mut cells, mut lane_cells) = (Vec::<Cell>::new(), Vec::<LaneCell>::new());
    for lane in model.lanes() {
        model.paint_lane(lane.id, window, &mut lane_cells);
        black_box(&lane_cells);
    }
    for task in model.tasks().iter().cycle().skip(first % model.tasks().len()).take(60) {
        model.paint_task(task.id, window, &mut cells);
        black_box(&cells);
        black_box((
            model.state(task.id),
            model.state_since(task.id),
            model.current_step(task.id),
        ));
    }
    black_box(model.counts());
    for group in model.groups() {
        black_box((model.group_times(group.id), group.delay(), group.lateness()));
    }
    black_box(model.series().rev().take(60).count());
}

/// Renders complete screens of 200×60. Zooms out, then in until one column covers 1 µs, then out
/// again, and finally pans. Prints percentiles of the time per frame.
fn screens(model: &Model) {
    let options = Options::from_env();
    let mut app = App::default();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
    let mut times = Vec::new();
    let mut render = |app: &mut App| {
        let start = cpu_seconds();
        buffer.reset();
        tui::render(app, model, &RunState::Running, &options, &mut buffer);
        times.push((cpu_seconds() - start) * 1e3);
    };
    render(&mut app);
    for action in [Action::ZoomOut, Action::ZoomIn, Action::ZoomOut] {
        for _ in 0..40 {
            app.act(action, model);
            render(&mut app);
        }
    }
    for _ in 0..80 {
        app.act(Action::PanLeft, model);
        render(&mut app);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "  screen 200×60    p50 {:7.3} ms   p99 {:7.3} ms   (over {} frames at all zooms)",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times.len()
    );
}

/// Measures [`frame`] at several zooms, and at 200 positions in the run for each zoom. Prints
/// percentiles of the time per frame.
fn frames(model: &Model) {
    let whole = model.now().0;
    for (zoom, span) in [
        ("whole run", whole),
        ("half", whole / 2),
        ("1/10", whole / 10),
        ("1/1000", whole / 1000),
        ("400 µs", 400_000),
    ] {
        let mut times: Vec<f64> = (0..200)
            .map(|turn| {
                let from = (whole - span.min(whole)) / 200 * turn;
                let window = Window {
                    from: RunInstant::new(from),
                    to: RunInstant::new(from + span),
                    columns: 400,
                };
                let start = cpu_seconds();
                frame(model, window, turn as usize * 499);
                (cpu_seconds() - start) * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "  frame, {zoom:10} p50 {:7.3} ms   p99 {:7.3} ms",
            times[times.len() / 2],
            times[times.len() * 99 / 100]
        );
    }
}

fn main() {
    for load in &LOADS {
        let batches = batches(load);
        let records: usize = batches.iter().map(|batch| batch.records.len()).sum();
        let rates = (0..ROUNDS).map(|_| {
            let start = cpu_seconds();
            let model = apply_all(&batches);
            let rate = records as f64 / (cpu_seconds() - start) / 1e6;
            black_box(model.now());
            rate
        });
        println!("{}", load.name);
        println!("  applied        {:7.2} M records/s", median(rates.collect()));
        let model = apply_all(&batches);
        drop(batches);
        let memory = model.memory();
        println!(
            "  per slice      {:7.2} bytes",
            memory.slice_bytes as f64 / memory.slices as f64
        );
        println!(
            "  per task       {:7.0} bytes, without its slices",
            memory.task_bytes as f64 / memory.tasks as f64
        );
        screens(&model);
        frames(&model);
    }
}
