//! The gauges of what tasks share, and the rows of tasks that wait for other tasks.

use super::*;
use crate::model::{Model, RunInfo};
use crate::record::*;

/// The newest instant of the run, in milliseconds.
const NOW: u64 = 4_000;
const GROUPS: [&str; 7] = [
    "holder",
    "convoy",
    "job",
    "producer",
    "consumer",
    "member",
    "slow-reader",
];
const LABELS: [&str; 7] = [
    "http /rates",
    "lock cache",
    "semaphore desk",
    "sleep 100ms",
    "send jobs",
    "barrier phase",
    "write table",
];
const RESOURCES: [(ResourceKind, &str, Option<u32>); 6] = [
    (ResourceKind::Lock, "cache", Some(1)),
    (ResourceKind::Semaphore, "desk", Some(1)),
    (ResourceKind::Channel, "jobs", Some(5)),
    (ResourceKind::Barrier, "phase", Some(3)),
    (ResourceKind::Lock, "unused", Some(1)),
    (ResourceKind::Rwlock, "table", Some(1)),
];

/// The records of the run. Instants are milliseconds since the run's start.
#[derive(Default)]
struct Run {
    batch: Batch,
    tasks: u32,
}

impl Run {
    fn record(&mut self, record: Record) {
        self.batch.records.push((LaneId(0), record));
    }

    /// Spawns a task of a group at 100 ms.
    fn spawn(&mut self, group: &str, index: u32) -> TaskId {
        self.tasks += 1;
        let task = TaskId::new(self.tasks).expect("not zero");
        let position = GROUPS.iter().position(|name| *name == group);
        self.record(Record::Spawned(Spawned {
            at: RunInstant::from_millis(100),
            task,
            parent: None,
            index,
            group: GroupId(position.expect("a group") as u16),
            branch: false,
        }));
        task
    }

    /// A slice of 1 ms that ends at `end`. Then the task waits in this step.
    fn slice(&mut self, task: TaskId, end: u64, reason: Reason, step: &str) {
        let position = LABELS.iter().position(|label| *label == step);
        self.record(Record::Slice(Slice {
            start: RunInstant::from_millis(end - 1),
            task,
            len: Nanos::from_millis(1).into(),
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            woken_by: None,
            label: Label(1 + position.expect("a label") as u16),
            suspended_on: reason,
            branch: false,
        }));
    }

    fn acquire(&mut self, task: TaskId, resource: u16, wanted: Wanted, at: u64) {
        self.record(Record::Acquired(Acquired {
            at: RunInstant::from_millis(at),
            task,
            waited: CompactDuration::ZERO,
            level: 1,
            resource: ResourceId(resource),
            wanted,
        }));
    }

    fn release(&mut self, task: TaskId, resource: u16, from: u64, at: u64) {
        self.record(Record::Released(Released {
            at: RunInstant::from_millis(at),
            task,
            waited: CompactDuration::ZERO,
            held: Nanos::from_millis(at - from).into(),
            resource: ResourceId(resource),
            wanted: Wanted::Access,
        }));
    }

    fn wait(&mut self, task: TaskId, resource: u16, waiting: u32, at: u64) {
        self.record(Record::WaitBegan(WaitBegan {
            at: RunInstant::from_millis(at),
            task,
            waiting,
            resource: ResourceId(resource),
            wanted: Wanted::Access,
            limited: false,
        }));
    }

    fn sample_jobs(&mut self, at: u64, len: u32) {
        self.batch.samples.push(Sample::Channel(ChannelSample {
            at: RunInstant::from_millis(at),
            label: Label(1 + LABELS.len() as u16),
            len,
            item_bytes: 0,
            capacity: Some(5),
            oldest: None,
        }));
    }

    fn define(&mut self) {
        let definitions = &mut self.batch.definitions;
        definitions.push(Definition::Lane {
            id: LaneId(0),
            kind: LaneKind::Worker,
            name: "worker 0".into(),
        });
        definitions.extend((0..).zip(GROUPS).map(|(id, name)| Definition::Group {
            id: GroupId(id),
            name: name.into(),
            library: false,
        }));
        let labels = LABELS.into_iter().chain(["jobs"]);
        definitions.extend((1..).zip(labels).map(|(id, text)| Definition::Label {
            id: Label(id),
            text: text.into(),
        }));
    }

    /// A convoy waits for `holder#0`, which waits for a reply. `holder#0` also held the lock from
    /// 2.6 s to 3.4 s.
    fn convoy(&mut self) {
        let holder = self.spawn("holder", 0);
        self.acquire(holder, 0, Wanted::Access, 2_600);
        self.slice(holder, 2_600, Reason::Http, "http /rates");
        self.release(holder, 0, 2_600, 3_400);
        self.acquire(holder, 0, Wanted::Access, 3_750);
        self.slice(holder, 3_750, Reason::Http, "http /rates");
        for index in 0..3 {
            let (task, at) = (self.spawn("convoy", index), 3_760 + 10 * u64::from(index));
            self.wait(task, 0, index + 1, at);
            self.slice(task, at, Reason::Lock, "lock cache");
        }
    }

    /// Each 400 ms one more job waits for the permit that `job#0` holds.
    fn desk(&mut self) {
        let first = self.spawn("job", 0);
        self.acquire(first, 1, Wanted::Access, 1_900);
        self.slice(first, 1_900, Reason::Timer, "sleep 100ms");
        for index in 1..6 {
            let (task, at) = (self.spawn("job", index), 1_900 + 400 * u64::from(index));
            self.wait(task, 1, index, at);
            self.slice(task, at, Reason::Semaphore, "semaphore desk");
        }
    }

    /// The channel is full, and the producer waits for the consumer.
    fn channel(&mut self) {
        let (producer, consumer) = (self.spawn("producer", 0), self.spawn("consumer", 0));
        for number in 0..10 {
            let at = 2_420 + 100 * number;
            self.acquire(producer, 2, Wanted::Access, at);
            self.release(consumer, 2, at - 50, at + 5);
        }
        self.slice(consumer, 3_330, Reason::Timer, "sleep 100ms");
        self.wait(producer, 2, 1, 3_500);
        self.slice(producer, 3_500, Reason::Channel, "send jobs");
        self.sample_jobs(2_000, 2);
        self.sample_jobs(3_000, 5);
    }

    /// Two of three members have arrived.
    fn barrier(&mut self) {
        for index in 0..2 {
            let (task, at) = (self.spawn("member", index), 3_210 + 10 * u64::from(index));
            self.wait(task, 3, index + 1, at);
            self.slice(task, at, Reason::Barrier, "barrier phase");
        }
    }

    /// One reader holds the read-write lock.
    fn readers(&mut self) {
        let reader = self.spawn("slow-reader", 0);
        self.acquire(reader, 5, Wanted::Read, 3_850);
        self.slice(reader, 3_850, Reason::Timer, "sleep 100ms");
    }
}

fn stage(size: stage::Size) -> Stage {
    let mut run = Run::default();
    run.batch.now = RunInstant::from_millis(NOW);
    run.define();
    run.convoy();
    run.desk();
    run.channel();
    run.barrier();
    run.readers();
    let resources = RESOURCES.map(|(kind, name, capacity)| ResourceInfo {
        receivers: vec!["consumer".into()],
        ..ResourceInfo::new(kind, name, capacity)
    });
    let mut model = Model::new(RunInfo {
        title: "Holders".into(),
        executor: "tokio".into(),
        workers: 1,
        async_executor: true,
        resources: resources.into(),
        ..RunInfo::default()
    });
    model.apply(&run.batch);
    Stage {
        model,
        ..Stage::mixed(0, size)
    }
}

#[test]
fn holders_and_waiting_tasks() {
    for size in [SMALL, MEDIUM, LARGE] {
        let mut stage = stage(size);
        insta::assert_snapshot!(format!("holders_{}x{}", size.0, size.1), stage.text());
        stage.act(Action::Freeze);
        for _ in 0..3 {
            stage.act(Action::PanLeft);
        }
        insta::assert_snapshot!(format!("holders_frozen_{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn each_resource_in_use_has_a_gauge() {
    let text = stage(LARGE).text();
    assert!(
        text.contains("held by holder#0 (http /rates)  250 ms,  3 waiting"),
        "{text}"
    );
    assert!(text.contains("1/1 permits,  5 waiting ▲"), "{text}");
    assert!(text.contains("5/5,") && text.contains("1 waiting to send"), "{text}");
    assert!(text.contains("2/3 arrived"), "{text}");
    assert!(text.contains("read by slow-reader#0 (sleep 100ms)"), "{text}");
    assert!(!text.contains("unused"), "no task uses this lock: {text}");
}

#[test]
fn the_row_of_a_waiting_task_names_the_holder() {
    for (size, cause) in [
        (SMALL, "cache ‹ holder#0"),
        (MEDIUM, "‹ holder#0"),
        (LARGE, "‹ holder#0 (http /rates)"),
    ] {
        let text = stage(size).text();
        assert!(row(&text, "convoy#1").contains(cause), "{text}");
    }
    let text = stage(LARGE).text();
    assert!(
        row(&text, "producer#0").contains("‹ consumer#0 (sleep 100ms)"),
        "{text}"
    );
    assert!(row(&text, "member#1").contains("2/3 arrived"), "{text}");
    assert!(row(&text, "job#3").contains("held by job#0 (sleep 100ms)"), "{text}");
}

#[test]
fn a_frozen_view_shows_the_past_holder() {
    let mut stage = stage(LARGE);
    stage.act(Action::Freeze);
    while stage.app.viewport.instant(stage.model.now()) >= RunInstant::from_millis(3_400) {
        stage.act(Action::PanLeft);
    }
    let text = stage.text();
    assert!(row(&text, "cache").contains("held by holder#0 (http /rates)"), "{text}");
    assert!(
        row(&text, "cache").contains(" 0 waiting"),
        "the convoy waited later: {text}"
    );
}
