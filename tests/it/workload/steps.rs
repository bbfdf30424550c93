//! Tests that each step does its work and is recorded under its name.

use super::harness::*;
use tasklab::probe::TaskHandle;
use tasklab::record::{Outcome, Reason, Record};
use tasklab::scenario::steps::{
    Block, Choice, Choose, Cpu, Db, DbOp, FileOp, Formatting, Gather, Group, InPlace, Lock, Log, Loop, Offload, Panic,
    Race, Semaphore, Spawn, Timeout, Unawaited,
};
use tasklab::scenario::{How, Kernel, LockSpec, LogLevel, Repeat, Scenario, SemaphoreSpec, Step};

/// A list with one of each step, except `in_place`, which a current-thread runtime cannot run.
fn one_of_each() -> Vec<Step> {
    vec![
        cpu(MS / 10),
        Step::Cpu(Cpu::Kernel {
            kernel: Kernel::Primes,
            size: 1000,
        }),
        sleep(MS),
        Step::Block(Block(fixed(MS))),
        http(),
        file(FileOp::Read, How::Async),
        file(FileOp::Write, How::Async),
        file(FileOp::Read, How::Sync),
        file(FileOp::Write, How::Sync),
        file(FileOp::Read, How::Offload),
        file(FileOp::Write, How::Offload),
        Step::Yield,
        Step::Timeout(Timeout {
            after: fixed(FOREVER),
            steps: vec![Step::Yield, cpu(MS / 20)],
        }),
        fail(0.0),
        Step::Panic(Panic {
            message: "never".into(),
            chance: 0.0,
        }),
        Step::Db(Db {
            op: DbOp::Read,
            rows: 1,
            how: How::Offload,
        }),
        Step::Lock(Lock {
            name: "cache".into(),
            steps: vec![Step::Yield],
        }),
        Step::Semaphore(Semaphore {
            name: "slots".into(),
            steps: vec![Step::Yield],
        }),
        send("jobs"),
        recv("jobs"),
        Step::Gather(Gather(vec![steps_branch(vec![Step::Yield])])),
        Step::Group(Group(vec![steps_branch(vec![Step::Yield])])),
        Step::Race(Race(vec![steps_branch(vec![Step::Yield])])),
        Step::Spawn(Spawn {
            branch: steps_branch(vec![Step::Yield]),
            count: 2,
            wait: false,
            keep: false,
        }),
        Step::Spawn(Spawn {
            branch: steps_branch(vec![Step::Yield]),
            count: 1,
            wait: true,
            keep: false,
        }),
        Step::Unawaited(Unawaited(steps_branch(vec![Step::Yield]))),
        Step::Log(Log {
            level: LogLevel::Trace,
            message: "here".into(),
            items: 0,
            how: Formatting::Eager,
        }),
        Step::Choose(Choose(vec![Choice {
            weight: 1.0,
            steps: vec![Step::Yield],
        }])),
        Step::Loop(Loop {
            times: Repeat::Times(2),
            steps: vec![Step::Yield],
        }),
    ]
}

/// A scenario whose only group does one of each step.
fn all_steps(repeat: u64) -> Scenario {
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
fn every_step_runs_in_order_and_is_recorded() {
    for (executor, observed) in on_every_executor(&all_steps(2)) {
        let own: Vec<_> = observed.steps("all");
        // On a runtime, an offloaded file operation is a step of the job and also of the task that
        // waits for the job.
        assert_eq!(own, [ONE_OF_EACH, ONE_OF_EACH].concat(), "{executor}");
        assert_eq!(observed.repetitions("all"), [Outcome::Completed; 2], "{executor}");
        assert_eq!(observed.outcome("all"), Outcome::Completed, "{executor}");
    }
}

#[test]
fn offloaded_steps_belong_to_a_child() {
    let steps = vec![Step::Offload(Offload(vec![
        cpu(MS / 10),
        Step::Block(Block(fixed(MS))),
    ]))];
    let harness = Harness::new(&scenario(vec![task("api", 1, steps)]));
    let observed = harness.on_tokio();
    assert_eq!(observed.steps("api"), ["offload"]);
    assert_eq!(observed.steps("api offload"), ["cpu 100µs", "block 1ms"]);
    assert_eq!(observed.slices("api offload").len(), 1);
    assert_eq!(observed.outcome("api offload"), Outcome::Completed);
    let parents: Vec<_> = observed
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Spawned(s) if s.task == observed.tasks["api offload"] => s.parent,
            _ => None,
        })
        .collect();
    assert_eq!(parents, [observed.tasks["api"]]);
}

#[test]
fn in_place_steps_belong_to_their_task() {
    let steps = vec![
        Step::InPlace(InPlace(vec![Step::Block(Block(fixed(MS))), cpu(MS / 10)])),
        cpu(MS / 10),
    ];
    let harness = Harness::new(&scenario(vec![task("api", 1, steps)]));
    let observed = harness.on_tokio();
    assert_eq!(
        observed.steps("api"),
        ["block 1ms", "cpu 100µs", "in_place", "cpu 100µs"]
    );
    assert_eq!(observed.outcome("api"), Outcome::Completed);
}

#[test]
fn a_slice_says_what_its_task_waits_for() {
    let steps = vec![
        sleep(5 * MS),
        http(),
        file(FileOp::Write, How::Async),
        Step::Offload(Offload(vec![Step::Block(Block(fixed(5 * MS)))])),
        Step::Yield,
    ];
    let mut scenario = scenario(vec![task("api", 1, steps)]);
    scenario.http.latency = fixed(5 * MS);
    let observed = Harness::new(&scenario).on_current_thread();
    let mut slices = observed.slices("api");
    // A task waits for nothing after its last slice. Consecutive waits for the same thing count
    // once.
    slices.pop();
    let mut waits: Vec<_> = slices
        .iter()
        .map(|s| (s.suspended_on, observed.label(s.label)))
        .collect();
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
fn the_same_seed_gives_the_same_outcomes_on_every_executor() {
    let steps = vec![
        fail(0.2),
        http(),
        Step::Offload(Offload(vec![fail(0.2)])),
        file(FileOp::Read, How::Offload),
        Step::Gather(Gather(vec![
            steps_branch(vec![fail(0.1)]),
            steps_branch(vec![fail(0.1)]),
        ])),
        Step::Unawaited(Unawaited(steps_branch(vec![Step::Yield]))),
        Step::Timeout(Timeout {
            after: fixed(FOREVER),
            steps: vec![fail(0.2), Step::Yield],
        }),
        fail(0.2),
    ];
    let mut scenario = scenario(vec![task("api", 100, steps)]);
    scenario.http.failure_rate = 0.2;
    let [(_, first), others @ ..] = on_every_executor(&scenario);
    let outcomes = first.repetitions("api");
    let failed = outcomes.iter().filter(|&&outcome| outcome == Outcome::Failed).count();
    assert!((55..95).contains(&failed), "{failed} of 100");
    for (executor, observed) in others {
        assert_eq!(observed.repetitions("api"), outcomes, "{executor}");
        let steps = |observed: &Observed| observed.steps("api").len();
        assert_eq!(steps(&observed), steps(&first), "{executor}");
    }
    scenario.seed = 8;
    assert_ne!(Harness::new(&scenario).on_threads().repetitions("api"), outcomes);
}

#[test]
fn the_future_of_a_waiting_task_is_small() {
    let harness = Harness::new(&all_steps(1));
    let (program, group) = &harness.programs[0];
    let future = harness
        .context(TaskHandle::new(&harness.registry, group), program)
        .run_async();
    assert!(size_of_val(&future) <= 800, "{} bytes", size_of_val(&future));
}
