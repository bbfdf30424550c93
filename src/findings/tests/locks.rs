//! Rules about locks.

use super::*;

const CACHE: ResourceId = ResourceId(0);

fn lock() -> ResourceInfo {
    ResourceInfo::new(ResourceKind::Lock, "cache", Some(1))
}

fn acquired(task: u32, ms_at: u64, waited: u64) -> Record {
    Record::Acquired(Acquired {
        at: at(ms_at),
        task: id(task),
        waited: ms(waited).into(),
        level: 1,
        resource: CACHE,
        wanted: Wanted::Access,
    })
}

fn began(task: u32, ms_at: u64) -> Record {
    Record::WaitBegan(WaitBegan {
        at: at(ms_at),
        task: id(task),
        waiting: 1,
        resource: CACHE,
        wanted: Wanted::Access,
        limited: false,
    })
}

/// `api` holds the lock from 100 ms until `until`, and `heartbeat` waits for it from 120 ms on.
/// Meanwhile `api` is suspended, if it does not compute.
fn convoy(until: u64, computes: bool) -> Vec<Finding> {
    let released = |task: u32, from: u64, to: u64| {
        Record::Released(Released {
            at: at(to),
            task: id(task),
            waited: CompactDuration::ZERO,
            held: ms(to - from).into(),
            resource: CACHE,
            wanted: Wanted::Access,
        })
    };
    let mut stage = Stage::new(1_000);
    stage.info.resources = vec![lock()];
    let stage = stage
        .record(0, acquired(API, 100, 0))
        .record(1, began(HEARTBEAT, 120))
        .slice(1, HEARTBEAT, (119, 120), 0, 0)
        .record(0, released(API, 100, until))
        .record(1, acquired(HEARTBEAT, until, until - 120))
        .record(1, released(HEARTBEAT, until, until + 1))
        .slice(1, HEARTBEAT, (until, until + 1), 0, 0);
    let stage = match computes {
        true => stage.slice(0, API, (99, until), 0, 0),
        false => stage
            .slice(0, API, (99, 101), 0, 0)
            .slice(0, API, (until - 1, until), 0, 0),
    };
    stage.find()
}

#[test]
fn a_lock_that_is_held_while_its_holder_waits_is_found() {
    let found = convoy(400, false);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].culprit.as_str()), (Rule::LockConvoy, "cache"));
    assert_eq!((found[0].cost, found[0].at), (ms(280), at(120)));
    assert_eq!(found[0].victims, ["heartbeat"]);
    assert_eq!(found[0].tasks, [id(API), id(HEARTBEAT)]);
    assert_eq!(
        found[0].sentence.en,
        "api held the lock cache for up to 300 ms while it waited (timer): \
         tasks waited 280 ms for it, heartbeat 280 ms at a time."
    );
}

#[test]
fn waits_and_holds_that_have_not_ended_count() {
    let mut stage = Stage::new(500)
        .record(0, acquired(API, 100, 0))
        .slice(0, API, (99, 101), 0, 0)
        .record(1, began(HEARTBEAT, 120))
        .record(1, began(REPORT, 300))
        .slice(1, HEARTBEAT, (119, 120), 0, 0)
        .slice(1, REPORT, (299, 300), 0, 0);
    stage.info.resources = vec![lock()];
    let found = stage.find();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule, found[0].cost), (Rule::LockConvoy, ms(380 + 200)));
    assert_eq!(found[0].victims, ["heartbeat", "report"]);
    assert_eq!(found[0].tasks, [id(API), id(HEARTBEAT)]);
}

#[test]
fn a_lock_that_is_held_shortly_or_while_computing_is_no_convoy() {
    assert_eq!(convoy(160, false), [], "the tasks waited for less than 50 ms");
    assert_eq!(convoy(400, true), []);
}
