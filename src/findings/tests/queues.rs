//! Rules about channels and semaphores.

use super::*;

const QUEUE: ResourceId = ResourceId(0);

fn resource(kind: ResourceKind, capacity: u32) -> ResourceInfo {
    ResourceInfo {
        senders: vec!["api".to_owned()],
        receivers: vec!["report".to_owned()],
        ..ResourceInfo::new(kind, "jobs", Some(capacity))
    }
}

fn acquired(ms_at: u64, waited: u64, level: u32) -> Record {
    Record::Acquired(Acquired {
        at: at(ms_at),
        task: id(API),
        waited: ms(waited).into(),
        level,
        resource: QUEUE,
        wanted: Wanted::Access,
    })
}

fn received(ms_at: u64) -> Record {
    Record::Released(Released {
        at: at(ms_at),
        task: id(REPORT),
        waited: CompactDuration::ZERO,
        held: ms(1).into(),
        resource: QUEUE,
        wanted: Wanted::Message,
    })
}

fn began(task: u32, ms_at: u64) -> Record {
    Record::WaitBegan(WaitBegan {
        at: at(ms_at),
        task: id(task),
        waiting: 1,
        resource: QUEUE,
        wanted: Wanted::Access,
        limited: false,
    })
}

#[test]
fn a_full_channel_is_found_if_its_senders_waited_long() {
    let stage = |waited: u64| {
        let mut stage = Stage::new(5_000);
        stage.info.resources = vec![resource(ResourceKind::Channel, 1)];
        for turn in 0..10 {
            let from = turn * 200 + 10;
            stage = stage
                .record(0, began(API, from))
                .record(0, acquired(from + waited, waited, 1))
                .record(1, received(from + waited));
        }
        stage.find()
    };
    let found = stage(100);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].culprit.as_str()), (Rule::FullChannel, "jobs"));
    assert_eq!(
        (found[0].cost, &found[0].victims[..]),
        (ms(1_000), &["api".to_owned()][..])
    );
    assert_eq!(
        found[0].sentence.en,
        "The channel jobs was full, because report received too slowly: senders waited 1.00 s for space, api 100 ms at a time."
    );
    assert_eq!(stage(40), [], "the senders waited for less than 500 ms");
}

/// Each `sends` ms a message is sent, and each `receives` ms one is received.
fn backlog(sends: u64, receives: u64) -> Vec<Finding> {
    let mut stage = Stage::new(6_000);
    stage.info.resources = vec![resource(ResourceKind::Channel, 1_000_000)];
    for ms_at in 1..6_000 {
        if ms_at % sends == 0 {
            stage = stage.record(0, acquired(ms_at, 0, 1));
        }
        if ms_at % receives == 0 {
            stage = stage.record(1, received(ms_at));
        }
    }
    stage.find()
}

#[test]
fn a_channel_that_grows_and_grows_is_found() {
    let found = backlog(10, 20);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].culprit.as_str()), (Rule::GrowingQueue, "jobs"));
    assert_eq!(
        found[0].sentence.en,
        "The channel jobs has 300 messages and grows, because report receives 50 a second, and 100 a second arrive."
    );
    assert_eq!(backlog(10, 10), [], "the receiver keeps pace");
    assert_eq!(backlog(20, 22), [], "the queue is short");
}

#[test]
fn a_semaphore_is_too_small_only_if_the_number_of_waiting_tasks_grows() {
    let stage = |count: u64| {
        let mut stage = Stage::new(6_000);
        stage.info.resources = vec![resource(ResourceKind::Semaphore, 1)];
        stage = stage.record(0, acquired(1, 0, 1));
        for number in 0..count {
            let task = 10 + number as u32;
            stage = stage
                .spawned(task, HEARTBEAT, number * 200)
                .record(1, began(task, number * 200 + 1));
        }
        stage.find()
    };
    let found = stage(29);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].count), (Rule::GrowingQueue, 29));
    assert_eq!(found[0].victims, ["heartbeat"]);
    assert!(
        found[0]
            .sentence
            .en
            .starts_with("29 tasks wait for the semaphore jobs, ")
    );
    assert_eq!(stage(9), [], "few tasks wait, and no further task arrives");
}
