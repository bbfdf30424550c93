//! A run to draw: two workers, a heartbeat, request handlers and thumbnails, of which one panics; a handler blocks its
//! worker, and the driver with it, so that everybody who waits for a timer or a reply goes unnoticed.
//!
//! A small simulation writes it down once; [`Script::batch`] then cuts it into batches as a live run would.

use crate::model::{CueInfo, RunInfo};
use crate::record::{
    Batch, CompactDuration, CurrentSlice, Definition, Ended, GroupId, Label, LaneId, LaneKind, LaneSample, LogLine,
    Mark, Marked, Nanos, Outcome, Reason, Record, Repetition, RunInstant, RuntimeSample, Sample, Slice, Spawned, Step,
    TaskId, Waiting,
};
use tracing::Level;

const MS: u64 = 1_000_000;
const US: u64 = 1_000;

/// When a handler blocks, and for how long.
const BLOCKS: [(u64, u64); 4] = [(5_000, 300), (8_000, 320), (11_000, 300), (14_000, 300)];
const PANIC: u64 = 4_400;

const GROUPS: [&str; 4] = ["heartbeat", "api", "thumb", "writer"];
const LABELS: [&str; 6] = ["sleep", "http /weather", "cpu", "block", "file write", "image"];

fn label(text: &str) -> Label {
    Label(1 + LABELS.iter().position(|l| *l == text).expect("a label of the fixture") as u16)
}

#[derive(Clone, Copy)]
struct Poll {
    lane: u16,
    task: u32,
    ready: u64,
    woken: u64,
    start: u64,
    end: u64,
    doing: Label,
    blocking: bool,
    then: (Reason, Label),
    repetition_since: Option<u64>,
}

/// One program: how long it computes, then what it waits for.
fn program(task: u32, round: u64) -> (u64, Label, Reason, Label, u64) {
    let noise = |salt: u64, range: u64| {
        let mut x = u64::from(task) << 32 ^ round << 8 ^ salt ^ 0x9e37_79b9_7f4a_7c15;
        for _ in 0..3 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        x % range
    };
    match group_of(task) {
        0 => (8 * US, label("sleep"), Reason::Timer, label("sleep"), 10 * MS),
        1 if round.is_multiple_of(2) => (
            60 * US,
            label("http /weather"),
            Reason::Http,
            label("http /weather"),
            15 * MS + noise(1, 40) * MS,
        ),
        1 => (
            200 * US + noise(2, 900) * US,
            label("cpu"),
            Reason::Timer,
            label("sleep"),
            5 * MS + noise(3, 10) * MS,
        ),
        2 => (
            12 * MS + noise(4, 30) * MS,
            label("image"),
            Reason::Timer,
            label("sleep"),
            60 * MS + noise(5, 80) * MS,
        ),
        _ => (
            500 * US,
            label("file write"),
            Reason::File,
            label("file write"),
            30 * MS + noise(6, 20) * MS,
        ),
    }
}

/// Task 1 is the heartbeat, then twelve handlers, two thumbnailers, a writer.
pub const TASKS: u32 = 16;

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
    TaskId::new(task).expect("tasks of the fixture are numbered from 1")
}

/// Everything that happens in the run.
pub struct Script {
    polls: Vec<Poll>,
    to: RunInstant,
}

impl Script {
    /// A run of so many milliseconds.
    pub fn new(length_ms: u64) -> Script {
        let length = length_ms * MS;
        let mut polls: Vec<Poll> = Vec::new();
        let mut lane_free = [0u64; 2];
        let mut blocks = BLOCKS.iter().map(|(at, lasts)| (at * MS, lasts * MS)).peekable();
        let mut deaf_until = (0, 0);
        // Per task: when what it waits for is ready, which round it is in, when its repetition began.
        let mut next: Vec<(u64, u32, u64, u64)> = (1..=TASKS)
            .map(|task| (u64::from(task) * 200 * US, task, 0, 0))
            .collect();
        while let Some(at) = (0..next.len()).min_by_key(|&i| next[i].0) {
            let (ready, task, round, since) = next[at];
            if ready >= length {
                break;
            }
            // While a worker blocks with the driver in its hands, nobody hears of timers and replies.
            let woken = if (deaf_until.0..deaf_until.1).contains(&ready) {
                deaf_until.1
            } else {
                ready + 2 * US
            };
            let lane = usize::from(lane_free[1] < lane_free[0]);
            let start = woken.max(lane_free[lane]) + 3 * US;
            let (mut cpu, doing, reason, then, wait) = program(task, round);
            let mut blocking = false;
            let mut doing = doing;
            if group_of(task) == 1 && blocks.peek().is_some_and(|(at, _)| start >= *at) {
                let (_, lasts) = blocks.next().expect("peeked");
                (cpu, blocking, doing) = (lasts, true, label("block"));
                deaf_until = (start, start + lasts);
            }
            let end = start + cpu;
            lane_free[lane] = end;
            let whole = group_of(task) == 0 || round % 2 == 1;
            polls.push(Poll {
                lane: lane as u16,
                task,
                ready,
                woken,
                start,
                end,
                doing,
                blocking,
                then: (reason, then),
                repetition_since: whole.then_some(since),
            });
            let dies = task == 15 && end >= PANIC * MS;
            if dies {
                next.swap_remove(at);
            } else {
                next[at] = (end + wait, task, round + 1, if whole { end } else { since });
            }
        }
        polls.sort_by_key(|poll| poll.end);
        Script {
            polls,
            to: RunInstant::ZERO,
        }
    }

    /// What the scenario says of the run.
    pub fn info() -> RunInfo {
        RunInfo {
            title: "Mixed load".into(),
            about: "Handlers, thumbnails and a heartbeat share two workers.".into(),
            executor: "tokio".into(),
            workers: 2,
            async_executor: true,
            lifo_slot: true,
            duration: Some(Nanos::from_millis(20_000)),
            seed: 7,
            cues: vec![CueInfo {
                at: RunInstant::from_millis(5_000),
                caption: "Now one handler calls std::thread::sleep(300 ms). Which task suffers?".into(),
                is_question: false,
            }],
        }
    }

    /// What happened since the batch before, up to `now`.
    pub fn batch(&mut self, now: RunInstant) -> Batch {
        let from = self.to;
        self.to = now;
        let mut batch = Batch {
            now,
            ..Batch::default()
        };
        if from == RunInstant::ZERO {
            self.introduce(&mut batch);
        }
        let first = self.polls.partition_point(|poll| poll.end <= from.0);
        for poll in self.polls[first..].iter().take_while(|poll| poll.end <= now.0) {
            poll.records(&mut batch);
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
        batch
    }

    fn introduce(&self, batch: &mut Batch) {
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
            };
            batch.records.push((LaneId(0), Record::Spawned(spawned)));
        }
    }

    fn sample(&self, batch: &mut Batch, from: RunInstant) {
        let now = batch.now;
        let polls = self.polls.iter().filter(|poll| poll.end <= now.0).count() as u64;
        for lane in 0..2 {
            let busy = self
                .polls
                .iter()
                .filter(|poll| poll.lane == lane && poll.end <= now.0 && !poll.blocking);
            let on_cpu = Nanos(busy.map(|poll| poll.end - poll.start).sum());
            let sleeps = batch
                .live
                .lanes
                .iter()
                .any(|l| l.lane == LaneId(lane) && l.blocking_since.is_some());
            batch.samples.push(Sample::Lane(LaneSample {
                at: now,
                lane: LaneId(lane),
                on_cpu,
                waiting: Nanos::ZERO,
                asleep_in: sleeps.then_some(230),
                asleep: sleeps,
            }));
        }
        let queued = batch.live.waiting.iter().filter(|w| w.woken.is_some()).count();
        batch.samples.push(Sample::Runtime(RuntimeSample {
            at: now,
            elapsed: now - from,
            polls: 0,
            total_polls: polls,
            live_tasks: TASKS as usize,
            global_queue: queued / 2,
            local_queue: queued - queued / 2,
            blocking_queue: 0,
            blocking_threads: 0,
            busy: Nanos::ZERO,
            parks: 0,
            steals: 0,
            io_ready: 0,
            budget_forced_yields: 0,
        }));
        let mut say = |at_ms: u64, level, task: Option<u32>, message: &str| {
            let at = RunInstant::from_millis(at_ms);
            if from < at && at <= now {
                let target = if task.is_some() { "task" } else { "tasklab" }.to_owned();
                batch.log.push(LogLine {
                    at,
                    level,
                    task: task.map(id),
                    target,
                    message: message.into(),
                });
            }
        };
        say(1, Level::INFO, None, "the loopback service listens on 127.0.0.1:40417");
        say(
            PANIC + 40,
            Level::ERROR,
            Some(15),
            "panicked: no such picture: \x1b[31mcat.png",
        );
        say(5_001, Level::WARN, None, "cue 1: a handler blocks for 300 ms");
        let cue = Marked {
            at: RunInstant::from_millis(5_000),
            mark: Mark::Cue(0),
        };
        if from < cue.at && cue.at <= now {
            batch.records.push((LaneId(0), Record::Marked(cue)));
        }
    }
}

impl Poll {
    fn records(&self, batch: &mut Batch) {
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
                label: self.doing,
                blocking: true,
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
            label: self.then.1,
            suspended_on: self.then.0,
        };
        batch.records.push((lane, Record::Slice(slice)));
        if let Some(since) = self.repetition_since {
            let len = CompactDuration::new(Nanos(self.end - since));
            let repetition = Repetition {
                start: RunInstant::new(since),
                task,
                len,
                outcome: Outcome::Completed,
            };
            batch.records.push((lane, Record::Repetition(repetition)));
        }
        if self.task == 15 && self.end >= PANIC * MS {
            let ended = Ended {
                at: RunInstant::new(self.end),
                task,
                outcome: Outcome::Panicked,
                unheard: false,
            };
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
            overdue_since: None,
            label: self.doing,
        }
    }
}
