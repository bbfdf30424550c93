//! Data of a run with two workers, a heartbeat, request handlers, thumbnailers and a writer. One
//! thumbnailer panics. Sometimes a handler blocks its worker and therefore also the driver. During
//! such a block, nothing polls the driver. So a task stays unnoticed even if its timer or its reply
//! is ready.
//!
//! A small simulation computes the polls once. [`MixedRun::batch`] then divides the polls into
//! batches like those of a live run.

use crate::model::{CueInfo, RunInfo};
use crate::record::{
    Batch, CompactDuration, CurrentSlice, Definition, Ended, GroupId, Label, LaneId, LaneKind, LaneSample, LogLine,
    Mark, Marked, Nanos, Outcome, Reason, Record, Repetition, RunInstant, RuntimeSample, Sample, Slice, Spawned, Step,
    TaskId, Waiting,
};
use tracing::Level;

const MS: u64 = 1_000_000;
const US: u64 = 1_000;

/// The start and the duration of each block by a handler, in milliseconds.
const BLOCKS: [(u64, u64); 4] = [(5_000, 300), (8_000, 320), (11_000, 300), (14_000, 300)];
/// The instant at which a thumbnailer panics, in milliseconds.
const PANIC: u64 = 4_400;

const GROUPS: [&str; 4] = ["heartbeat", "api", "thumb", "writer"];
const LABELS: [&str; 6] = ["sleep", "http /weather", "cpu", "block", "file write", "image"];

fn label(text: &str) -> Label {
    let position = LABELS.iter().position(|label| *label == text);
    Label(1 + position.expect("a text in LABELS") as u16)
}

/// One poll of a task. Instants are nanoseconds since the run's start.
#[derive(Clone, Copy)]
struct Poll {
    lane: u16,
    task: u32,
    ready: u64,
    woken: u64,
    start: u64,
    end: u64,
    step: Label,
    blocking: bool,
    /// What the task waits for afterwards.
    next: (Reason, Label),
    /// The start of the repetition that ends with this poll. `None`: no repetition ends with this
    /// poll.
    repetition_start: Option<u64>,
}

/// One round of a task's program: the task computes and then waits. Times are in nanoseconds.
struct Round {
    cpu: u64,
    step: Label,
    next: (Reason, Label),
    wait: u64,
}

fn round(task: u32, number: u64) -> Round {
    let noise = |salt: u64, range: u64| {
        let mut x = u64::from(task) << 32 ^ number << 8 ^ salt ^ 0x9e37_79b9_7f4a_7c15;
        for _ in 0..3 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        x % range
    };
    let (cpu, step, reason, wait) = match group_of(task) {
        0 => (8 * US, "sleep", Reason::Timer, 10 * MS),
        1 if number.is_multiple_of(2) => (60 * US, "http /weather", Reason::Http, 15 * MS + noise(1, 40) * MS),
        1 => (
            200 * US + noise(2, 900) * US,
            "cpu",
            Reason::Timer,
            5 * MS + noise(3, 10) * MS,
        ),
        2 => (
            12 * MS + noise(4, 30) * MS,
            "image",
            Reason::Timer,
            60 * MS + noise(5, 80) * MS,
        ),
        _ => (500 * US, "file write", Reason::File, 30 * MS + noise(6, 20) * MS),
    };
    let next = if reason == Reason::Timer { "sleep" } else { step };
    Round {
        cpu,
        step: label(step),
        next: (reason, label(next)),
        wait,
    }
}

/// The number of tasks: one heartbeat, twelve handlers, two thumbnailers and one writer.
pub(super) const TASKS: u32 = 16;

fn group_of(task: u32) -> u16 {
    match task {
        1 => 0,
        2..=13 => 1,
        14..=15 => 2,
        _ => 3,
    }
}

fn index_of(task: u32) -> u32 {
    match group_of(task) {
        0 => 0,
        1 => task - 2,
        2 => task - 14,
        _ => 0,
    }
}

fn id(task: u32) -> TaskId {
    TaskId::new(task).expect("tasks are numbered from 1")
}

/// A task's next poll.
#[derive(Clone, Copy)]
struct Upcoming {
    id: u32,
    ready: u64,
    round: u64,
    repetition_start: u64,
}

impl Upcoming {
    fn first(id: u32) -> Upcoming {
        Upcoming {
            id,
            ready: u64::from(id) * 200 * US,
            round: 0,
            repetition_start: 0,
        }
    }
}

/// All polls of the run. The polls up to `batched_to` have already been divided into batches.
pub(super) struct MixedRun {
    polls: Vec<Poll>,
    batched_to: RunInstant,
}

impl MixedRun {
    /// A run of `length_ms` milliseconds.
    pub(super) fn new(length_ms: u64) -> MixedRun {
        let end_of_run = length_ms * MS;
        let mut polls: Vec<Poll> = Vec::new();
        let mut lane_free_at = [0u64; 2];
        let mut blocks = BLOCKS.iter().map(|(at, length)| (at * MS, length * MS)).peekable();
        let mut driver_starved = 0..0;
        let mut tasks: Vec<Upcoming> = (1..=TASKS).map(Upcoming::first).collect();
        while let Some(i) = (0..tasks.len()).min_by_key(|&i| tasks[i].ready) {
            let task = tasks[i];
            if task.ready >= end_of_run {
                break;
            }
            // While a worker blocks and holds the driver, nothing wakes the tasks whose timers and
            // replies are ready.
            let woken = if driver_starved.contains(&task.ready) {
                driver_starved.end
            } else {
                task.ready + 2 * US
            };
            let lane = usize::from(lane_free_at[1] < lane_free_at[0]);
            let start = woken.max(lane_free_at[lane]) + 3 * US;
            let mut round = round(task.id, task.round);
            let due = group_of(task.id) == 1 && blocks.peek().is_some_and(|(at, _)| start >= *at);
            let block = if due { blocks.next() } else { None };
            if let Some((_, length)) = block {
                (round.cpu, round.step) = (length, label("block"));
                driver_starved = start..start + length;
            }
            let end = start + round.cpu;
            lane_free_at[lane] = end;
            let ends_repetition = group_of(task.id) == 0 || task.round % 2 == 1;
            polls.push(Poll {
                lane: lane as u16,
                task: task.id,
                ready: task.ready,
                woken,
                start,
                end,
                step: round.step,
                blocking: block.is_some(),
                next: round.next,
                repetition_start: ends_repetition.then_some(task.repetition_start),
            });
            if polls.last().is_some_and(Poll::panics) {
                tasks.swap_remove(i);
                continue;
            }
            tasks[i].ready = end + round.wait;
            tasks[i].round += 1;
            if ends_repetition {
                tasks[i].repetition_start = end;
            }
        }
        polls.sort_by_key(|poll| poll.end);
        MixedRun {
            polls,
            batched_to: RunInstant::ZERO,
        }
    }

    /// The description of the run.
    pub(super) fn info() -> RunInfo {
        RunInfo {
            title: "Mixed load".into(),
            about: "Handlers, thumbnails and a heartbeat share two workers.".into(),
            executor: "tokio".into(),
            workers: 2,
            async_executor: true,
            lifo_slot: true,
            replaces_blocked_workers: false,
            cores: 2,
            duration: Some(Nanos::from_millis(20_000)),
            seed: 7,
            resources: Vec::new(),
            pool: None,
            cues: vec![CueInfo {
                at: RunInstant::from_millis(5_000),
                caption: "Now one handler calls std::thread::sleep(300 ms). Which task suffers?".into(),
                is_question: false,
            }],
        }
    }

    /// Returns a batch with everything that happened after the previous batch, up to `now`.
    pub(super) fn batch(&mut self, now: RunInstant) -> Batch {
        let from = self.batched_to;
        self.batched_to = now;
        let mut batch = Batch {
            now,
            ..Batch::default()
        };
        if from == RunInstant::ZERO {
            self.define(&mut batch);
        }
        let first = self.polls.partition_point(|poll| poll.end <= from.0);
        for poll in self.polls[first..].iter().take_while(|poll| poll.end <= now.0) {
            poll.write_records(&mut batch);
        }
        for poll in &self.polls[first..] {
            if poll.start <= now.0 && now.0 < poll.end {
                batch.live.lanes.push(poll.current());
            } else if poll.start > now.0 && poll.ready <= now.0 {
                let woken = (poll.woken <= now.0).then_some(RunInstant::new(poll.woken));
                batch.live.waiting.push(Waiting {
                    task: id(poll.task),
                    ready: Some(RunInstant::new(poll.ready)),
                    woken,
                });
            }
        }
        self.sample(&mut batch, from);
        MixedRun::log(&mut batch, from);
        batch
    }

    fn define(&self, batch: &mut Batch) {
        for lane in 0..2 {
            let name = format!("worker {lane}");
            batch.definitions.push(Definition::Lane {
                id: LaneId(lane),
                kind: LaneKind::Worker,
                name,
            });
        }
        for (i, name) in (0..).zip(GROUPS) {
            batch.definitions.push(Definition::Group {
                id: GroupId(i),
                name: name.into(),
                library: false,
            });
        }
        for (i, text) in (1..).zip(LABELS) {
            batch.definitions.push(Definition::Label {
                id: Label(i),
                text: text.into(),
            });
        }
        for task in 1..=TASKS {
            let (group, index) = (GroupId(group_of(task)), index_of(task));
            let spawned = Spawned {
                at: RunInstant::new(u64::from(task) * 100 * US),
                task: id(task),
                parent: None,
                index,
                group,
                branch: false,
            };
            batch.records.push((LaneId(0), Record::Spawned(spawned)));
        }
    }

    fn sample(&self, batch: &mut Batch, from: RunInstant) {
        let now = batch.now;
        let polls = self.polls.iter().filter(|poll| poll.end <= now.0).count() as u64;
        for lane in 0..2 {
            let ended = self.polls.iter().filter(|poll| poll.lane == lane && poll.end <= now.0);
            let on_cpu = ended.filter(|poll| !poll.blocking).map(|poll| poll.end - poll.start);
            let mut open_slices = batch.live.lanes.iter();
            let asleep = open_slices.any(|slice| slice.lane == LaneId(lane) && slice.blocking_since.is_some());
            batch.samples.push(Sample::Lane(LaneSample {
                at: now,
                lane: LaneId(lane),
                on_cpu: Nanos(on_cpu.sum()),
                waiting: Nanos::ZERO,
                // The number of the system call `clock_nanosleep` on x86-64.
                asleep_in: asleep.then_some(230),
                asleep,
            }));
        }
        let queued = batch
            .live
            .waiting
            .iter()
            .filter(|waiting| waiting.woken.is_some())
            .count();
        batch.samples.push(Sample::Runtime(RuntimeSample {
            at: now,
            elapsed: now - from,
            total_polls: polls,
            live_tasks: TASKS as usize,
            global_queue: queued / 2,
            local_queue: queued - queued / 2,
            ..RuntimeSample::default()
        }));
    }

    fn log(batch: &mut Batch, from: RunInstant) {
        let listening = "the loopback service listens on 127.0.0.1:40417";
        let panic = "panicked: no such picture: \x1b[31mcat.png";
        for (at_ms, level, task, message) in [
            (1, Level::INFO, None, listening),
            (PANIC + 40, Level::ERROR, Some(15), panic),
            (5_001, Level::WARN, None, "cue 1: a handler blocks for 300 ms"),
        ] {
            let at = RunInstant::from_millis(at_ms);
            if from < at && at <= batch.now {
                let target = if task.is_some() { "task" } else { "tasklab" };
                batch.log.push(LogLine {
                    at,
                    level,
                    task: task.map(id),
                    target: target.into(),
                    message: message.into(),
                });
            }
        }
        let cue = Marked {
            at: RunInstant::from_millis(5_000),
            mark: Mark::Cue(0),
        };
        if from < cue.at && cue.at <= batch.now {
            batch.records.push((LaneId(0), Record::Marked(cue)));
        }
    }
}

impl Poll {
    fn panics(&self) -> bool {
        self.task == 15 && self.end >= PANIC * MS
    }

    fn write_records(&self, batch: &mut Batch) {
        let (lane, task) = (LaneId(self.lane), id(self.task));
        let (start, len) = (
            RunInstant::new(self.start),
            CompactDuration::new(Nanos(self.end - self.start)),
        );
        if self.blocking {
            let step = Step {
                start,
                task,
                len,
                label: self.step,
                blocking: true,
                blocked_on: Reason::Timer,
                timer_rounding: CompactDuration::ZERO,
            };
            batch.records.push((lane, Record::Step(step)));
        }
        let slice = Slice {
            start,
            task,
            len,
            queued: Nanos(self.start - self.woken).into(),
            unnoticed: Nanos(self.woken - self.ready).into(),
            woken_by: None,
            label: self.next.1,
            suspended_on: self.next.0,
            branch: false,
        };
        batch.records.push((lane, Record::Slice(slice)));
        if let Some(since) = self.repetition_start {
            let len = CompactDuration::new(Nanos(self.end - since));
            let repetition = Repetition {
                start: RunInstant::new(since),
                task,
                len,
                outcome: Outcome::Completed,
            };
            batch.records.push((lane, Record::Repetition(repetition)));
        }
        if self.panics() {
            let ended = Ended::observed(RunInstant::new(self.end), task, Outcome::Panicked);
            batch.records.push((lane, Record::Ended(ended)));
        }
    }

    fn current(&self) -> CurrentSlice {
        CurrentSlice {
            lane: LaneId(self.lane),
            task: id(self.task),
            start: RunInstant::new(self.start),
            queued: Nanos(self.start - self.woken).into(),
            unnoticed: Nanos(self.woken - self.ready).into(),
            blocking_since: self.blocking.then_some(RunInstant::new(self.start)),
            blocked_on: Reason::Timer,
            overdue_since: None,
            label: self.step,
        }
    }
}
