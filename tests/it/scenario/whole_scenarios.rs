//! Whole scenarios.

use super::{good, ms};
use std::time::Duration;
use strum::VariantArray;
use tasklab::scenario::*;

#[test]
fn keys_that_are_left_out_have_defaults() {
    let scenario = good("title = \"t\"\n[[task]]\nname = \"a\"\nsteps = [\"yield\"]");
    let expected = Scenario {
        title: "t".into(),
        about: String::new(),
        duration: None,
        seed: 0,
        executor: ExecutorSpec {
            kind: ExecutorKind::Tokio,
            workers: None,
            knobs: Knobs::default(),
        },
        executors: ExecutorKind::VARIANTS.to_vec(),
        log: None,
        http: HttpSpec {
            latency: Draw::LogNormal {
                median: ms(20),
                p99: ms(120),
            },
            failure_rate: 0.0,
        },
        db: DbSpec {
            rows: 1000,
            timeout: ms(5000),
            wal: false,
        },
        channels: vec![],
        semaphores: vec![],
        barriers: vec![],
        locks: vec![],
        rwlocks: vec![],
        notifies: vec![],
        results: vec![],
        tasks: vec![TaskSpec {
            name: "a".into(),
            count: Some(1),
            start: Start::At(Duration::ZERO),
            arrivals: Arrivals::Together,
            until: None,
            repeat: Repeat::Times(1),
            timeout: None,
            steps: vec![Step::Yield],
        }],
        cues: vec![],
        expect: vec![],
    };
    assert_eq!(scenario, expected);
}

#[test]
fn a_scenario_with_every_key_can_be_read() {
    let scenario = good(
        r#"
        title = "  All\tof it "
        about = """
        Two
        lines."""
        duration = "1.5m"
        seed = 0xff

        [executor]
        kind = "tokio"
        workers = 3
        event_interval = 11
        global_queue_interval = 12
        max_blocking_threads = 13
        disable_lifo_slot = true
        enable_eager_driver_handoff = true
        enable_alt_timer = true

        [http]
        latency = { exponential = { mean = "3ms" } }
        failure_rate = 0.25

        [[task]]
        name = "a"
        count = 4
        start = "2s"
        every = "10ms..20ms"
        repeat = "forever"
        timeout = { normal = { mean = "1s", sd = "100ms" } }
        steps = ["yield"]

        [[task]]
        name = "b"
        rate = 50
        repeat = 3
        steps = ["yield"]

        [[cue]]
        at = "9s"
        do = "calm"

        [[cue]]
        at = "1s"
        say = "Look."
        do = { block = "300ms" }

        [[cue]]
        at = "2s"
        do = { block = { lasts = "300ms", every = "1s", how = "offload" } }

        [[cue]]
        at = "3s"
        do = { http = { failure_rate = 1 } }
        "#,
    );
    let knobs = Knobs {
        event_interval: Some(11),
        global_queue_interval: Some(12),
        max_blocking_threads: Some(13),
        disable_lifo_slot: true,
        enable_eager_driver_handoff: true,
        enable_alt_timer: true,
    };
    assert_eq!(
        (scenario.title.as_str(), scenario.about.as_str()),
        ("All of it", "Two lines.")
    );
    assert_eq!((scenario.duration, scenario.seed), (Some(ms(90_000)), 255));
    assert_eq!(
        scenario.executor,
        ExecutorSpec {
            kind: ExecutorKind::Tokio,
            workers: Some(3),
            knobs
        }
    );
    assert_eq!(
        scenario.http,
        HttpSpec {
            latency: Draw::Exponential { mean: ms(3) },
            failure_rate: 0.25
        }
    );
    let [a, b] = &scenario.tasks[..] else {
        panic!("two groups")
    };
    assert_eq!(
        (a.count, a.start, a.repeat),
        (Some(4), Start::At(ms(2000)), Repeat::Forever)
    );
    assert_eq!(
        a.arrivals,
        Arrivals::Every {
            pause: Draw::Uniform {
                min: ms(10),
                max: ms(20)
            },
            burst: 1
        }
    );
    assert_eq!(
        a.timeout,
        Some(Draw::Normal {
            mean: ms(1000),
            sd: ms(100)
        })
    );
    assert_eq!(
        (b.count, b.arrivals, b.repeat),
        (None, Arrivals::Rate(50.0), Repeat::Times(3))
    );
    let block = |every, how| {
        CueAction::Block(actions::Block {
            lasts: ms(300),
            every,
            how,
        })
    };
    let cues = [
        Cue {
            at: ms(1000),
            say: "Look.".into(),
            asks: false,
            action: Some(block(None, How::Sync)),
        },
        Cue {
            at: ms(2000),
            say: String::new(),
            asks: false,
            action: Some(block(Some(ms(1000)), How::Offload)),
        },
        Cue {
            at: ms(3000),
            say: String::new(),
            asks: false,
            action: Some(CueAction::Http(actions::Http {
                latency: None,
                failure_rate: Some(1.0),
            })),
        },
        Cue {
            at: ms(9000),
            say: String::new(),
            asks: false,
            action: Some(CueAction::Calm),
        },
    ];
    assert_eq!(scenario.cues, cues, "cues are sorted by time");
}

#[test]
fn every_key_outside_of_steps_can_be_read() {
    let scenario = good(include_str!("../../scenarios/everything.toml"));
    assert_eq!((&*scenario.title, &*scenario.about), ("English", "In English only."));
    assert_eq!(
        scenario.executor.kind,
        ExecutorKind::Tokio,
        "the first executor in the list"
    );
    assert_eq!(scenario.executors, [ExecutorKind::Tokio]);
    assert_eq!(scenario.log, Some(LogLevel::Debug));
    let db = DbSpec {
        rows: 50,
        timeout: ms(250),
        wal: true,
    };
    assert_eq!(scenario.db, db);
    let channel = |name: &str, kind, item_bytes| ChannelSpec {
        name: name.into(),
        kind,
        item_bytes,
    };
    let channels = vec![
        channel("jobs", ChannelKind::Queue { capacity: Some(8) }, 1024),
        channel("backlog", ChannelKind::Queue { capacity: None }, 0),
        channel("config", ChannelKind::Watch, 0),
        channel("news", ChannelKind::Broadcast { capacity: 3 }, 0),
    ];
    let semaphore = SemaphoreSpec {
        name: "jobs".into(),
        permits: 3,
    };
    assert_eq!((scenario.channels, scenario.semaphores), (channels, vec![semaphore]));
    let results = ResultsSpec {
        group: "steps".into(),
        item_bytes: 4096,
    };
    assert_eq!(scenario.results, [results]);
    let lock = |name: &str, how| LockSpec { name: name.into(), how };
    assert_eq!(scenario.locks, [lock("b", How::Async), lock("a", How::Sync)]);
    let [api, weather, crowd, _] = &scenario.tasks[..] else {
        panic!("four groups")
    };
    let bursts = Arrivals::Every {
        pause: Draw::Fixed(ms(1000)),
        burst: 20,
    };
    assert_eq!((api.arrivals, api.until, api.count), (bursts, Some(ms(12_000)), None));
    assert_eq!((weather.start, weather.count), (Start::Called, None));
    assert_eq!(
        (weather.repeat, weather.timeout),
        (Repeat::Times(2), Some(Draw::Fixed(ms(1000))))
    );
    let ramp = Arrivals::Ramp {
        from: 10.0,
        to: 200.0,
        over: ms(10_000),
    };
    assert_eq!(crowd.arrivals, ramp);
    let [see, who] = &scenario.cues[..] else {
        panic!("two cues")
    };
    assert_eq!((&*see.say, see.asks), ("See.", false));
    assert_eq!(
        (&*who.say, who.asks, who.action),
        (
            "Who suffers?",
            true,
            Some(CueAction::Log(actions::Log(LogLevel::Trace)))
        )
    );
    let bounds: Vec<_> = scenario.expect.iter().map(|expectation| expectation.bound).collect();
    assert_eq!(
        bounds,
        [Bound::Less(5e6), Bound::Between(0.8, 1.2), Bound::AtLeast(2.0)]
    );
    let last = &scenario.expect[2];
    assert_eq!(
        (&*last.key, &*last.written),
        ("tokio.groups.injected.span_ns / tokio.elapsed_ns", ">= 2")
    );
    assert_eq!(last.measure.value.executor, Some(ExecutorKind::Tokio));
    assert_eq!(last.measure.per.as_ref().unwrap().keys, ["elapsed_ns"]);
}

/// A scenario that lists no executors can run on each executor that can run its steps.
#[test]
fn a_scenario_can_run_on_each_executor_that_can_run_its_steps() {
    let may_run = |steps: &str| {
        let text = format!("title = 't'\n[[task]]\nname = 'a'\nsteps = [{steps}]");
        good(&text).executors
    };
    assert_eq!(may_run("'yield'"), ExecutorKind::VARIANTS);
    let in_place = may_run("{ timeout = { after = '1s', steps = [{ in_place = [{ cpu = '1ms' }] }] } }");
    assert!(in_place.contains(&ExecutorKind::Tokio) && !in_place.contains(&ExecutorKind::CurrentThread));
    let lock = may_run("{ lock = { name = 'l', steps = ['yield'] } }");
    assert!(lock.iter().all(|kind| kind.traits().shares_memory) && lock.contains(&ExecutorKind::CurrentThread));
}
