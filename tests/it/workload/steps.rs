//! Each step does what it says, and says so.

use super::lab::*;
use tasklab::probe::TaskHandle;
use tasklab::record::{Outcome, Reason, Record};
use tasklab::scenario::{
    Choice, Cpu, DbOp, FileOp, Formatting, How, Kernel, LockSpec, LogLevel, Repeat, Scenario, SemaphoreSpec, Step,
};

/// Every step but `in_place`, which a current-thread runtime cannot do.
fn one_of_each() -> Vec<Step> {
    vec![
        cpu(MS / 10),
        Step::Cpu(Cpu::Kernel {
            kernel: Kernel::Primes,
            size: 1000,
        }),
        sleep(MS),
        Step::Block(fixed(MS)),
        http(),
        file(FileOp::Read, How::Async),
        file(FileOp::Write, How::Async),
        file(FileOp::Read, How::Sync),
        file(FileOp::Write, How::Sync),
        file(FileOp::Read, How::Offload),
        file(FileOp::Write, How::Offload),
        Step::Yield,
        Step::Timeout {
            after: fixed(FOR_EVER),
            steps: vec![Step::Yield, cpu(MS / 20)],
        },
        fail(0.0),
        Step::Panic {
            message: "never".into(),
            chance: 0.0,
        },
        Step::Db {
            op: DbOp::Read,
            rows: 1,
            how: How::Offload,
        },
        Step::Lock {
            name: "cache".into(),
            steps: vec![Step::Yield],
        },
        Step::Semaphore {
            name: "slots".into(),
            steps: vec![Step::Yield],
        },
        send("jobs"),
        recv("jobs"),
        Step::Gather(vec![inline(vec![Step::Yield])]),
        Step::Group(vec![inline(vec![Step::Yield])]),
        Step::Race(vec![inline(vec![Step::Yield])]),
        Step::Spawn {
            branch: inline(vec![Step::Yield]),
            count: 2,
            wait: false,
        },
        Step::Spawn {
            branch: inline(vec![Step::Yield]),
            count: 1,
            wait: true,
        },
        Step::Unawaited(inline(vec![Step::Yield])),
        Step::Log {
            level: LogLevel::Trace,
            message: "here".into(),
            items: 0,
            how: Formatting::Eager,
        },
        Step::Choose(vec![Choice {
            weight: 1.0,
            steps: vec![Step::Yield],
        }]),
        Step::Loop {
            times: Repeat::Times(2),
            steps: vec![Step::Yield],
        },
    ]
}

/// All of them as the only group's.
fn all(repeat: u64) -> Scenario {
    let mut scenario = scenario(vec![task("all", repeat, one_of_each())]);
    scenario.locks = vec![LockSpec {
        name: "cache".into(),
        how: How::Async,
    }];
    scenario.semaphores = vec![SemaphoreSpec {
        name: "slots".into(),
        permits: 1,
    }];
    scenario.channels = vec![channel("jobs", 1)];
    scenario
}

const ONE_OF_EACH: [&str; 27] = [
    "cpu 100µs",
    "cpu primes 1000",
    "sleep 1ms",
    "block 1ms",
    "http /weather",
    "file read 3000B",
    "file write 3000B",
    "file read 3000B sync",
    "file write 3000B sync",
    "file read 3000B offload",
    "file write 3000B offload",
    "cpu 50µs",
    "timeout 1h",
    "db read 1",
    "lock cache",
    "semaphore slots",
    "send jobs",
    "recv jobs",
    "gather 1",
    "group 1",
    "race 1",
    "spawn steps ×2",
    "spawn steps and wait",
    "unawaited",
    "log trace eager",
    "choose",
    "loop ×2",
];

#[test]
fn every_step_is_done_in_its_turn_and_recorded() {
    for (executor, seen) in everywhere(&all(2)) {
        let own: Vec<_> = seen.steps("all");
        // On a runtime the offloaded file is a step of both the job and the task that waits for it.
        assert_eq!(own, [ONE_OF_EACH, ONE_OF_EACH].concat(), "{executor}");
        assert_eq!(seen.repetitions("all"), [Outcome::Completed; 2], "{executor}");
        assert_eq!(seen.outcome("all"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn offloaded_steps_are_a_childs() {
    let steps = vec![Step::Offload(vec![cpu(MS / 10), Step::Block(fixed(MS))])];
    let lab = Lab::new(&scenario(vec![task("api", 1, steps)]));
    let seen = lab.on_tokio();
    assert_eq!(seen.steps("api"), ["offload"]);
    assert_eq!(seen.steps("api offload"), ["cpu 100µs", "block 1ms"]);
    assert_eq!(seen.slices("api offload").len(), 1);
    assert_eq!(seen.outcome("api offload"), Outcome::Completed);
    let parents: Vec<_> = seen
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Spawned(s) if s.task == seen.tasks["api offload"] => s.parent,
            _ => None,
        })
        .collect();
    assert_eq!(parents, [seen.tasks["api"]]);
}

#[test]
fn steps_in_place_stay_with_their_task() {
    let steps = vec![Step::InPlace(vec![Step::Block(fixed(MS)), cpu(MS / 10)]), cpu(MS / 10)];
    let lab = Lab::new(&scenario(vec![task("api", 1, steps)]));
    let seen = lab.on_tokio();
    assert_eq!(seen.steps("api"), ["block 1ms", "cpu 100µs", "in_place", "cpu 100µs"]);
    assert_eq!(seen.outcome("api"), Outcome::Completed);
}

#[test]
fn a_slice_says_what_its_task_waits_for() {
    let steps = vec![
        sleep(5 * MS),
        http(),
        file(FileOp::Write, How::Async),
        Step::Offload(vec![Step::Block(fixed(5 * MS))]),
        Step::Yield,
    ];
    let mut scenario = scenario(vec![task("api", 1, steps)]);
    scenario.http.latency = fixed(5 * MS);
    let seen = Lab::new(&scenario).on_current_thread();
    let mut slices = seen.slices("api");
    // A task's last slice waits for nothing; several waits for one thing are one here.
    slices.pop();
    let mut waits: Vec<_> = slices.iter().map(|s| (s.suspended_on, seen.label(s.label))).collect();
    waits.dedup();
    assert_eq!(
        waits,
        [
            (Reason::Timer, "sleep 5ms"),
            (Reason::Http, "http /weather"),
            (Reason::File, "file write 3000B"),
            (Reason::Offload, "offload"),
            (Reason::Yield, "yield"),
        ]
    );
}

#[test]
fn the_same_seed_gives_the_same_fates_everywhere() {
    let steps = vec![
        fail(0.2),
        http(),
        Step::Offload(vec![fail(0.2)]),
        file(FileOp::Read, How::Offload),
        Step::Gather(vec![inline(vec![fail(0.1)]), inline(vec![fail(0.1)])]),
        Step::Unawaited(inline(vec![Step::Yield])),
        Step::Timeout {
            after: fixed(FOR_EVER),
            steps: vec![fail(0.2), Step::Yield],
        },
        fail(0.2),
    ];
    let mut scenario = scenario(vec![task("api", 100, steps)]);
    scenario.http.failure_rate = 0.2;
    let [(_, first), others @ ..] = everywhere(&scenario);
    let fates = first.repetitions("api");
    let failed = fates.iter().filter(|&&fate| fate == Outcome::Failed).count();
    assert!((55..95).contains(&failed), "{failed} of 100");
    for (executor, seen) in others {
        assert_eq!(seen.repetitions("api"), fates, "{executor}");
        let steps = |seen: &Seen| seen.steps("api").len();
        assert_eq!(steps(&seen), steps(&first), "{executor}");
    }
    scenario.seed = 8;
    assert_ne!(Lab::new(&scenario).on_threads().repetitions("api"), fates);
}

#[test]
fn a_waiting_task_is_small() {
    let lab = Lab::new(&all(1));
    let (program, group) = &lab.programs[0];
    let future = lab.context(TaskHandle::new(&lab.registry, group), program).run_async();
    assert!(size_of_val(&future) <= 800, "{} bytes", size_of_val(&future));
}
