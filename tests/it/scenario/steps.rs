//! Each step of the language.

use super::{good, ms};
use tasklab::scenario::steps::{
    Block, Choice, Choose, Cpu, Db, DbOp, Fail, File, FileOp, Formatting, Gather, Group, Http, InPlace, Lock, Log,
    Loop, Offload, Panic, Race, Recv, Semaphore, Send, Sleep, Spawn, Timeout, Unawaited,
};
use tasklab::scenario::*;

/// The steps of a scenario with one task.
fn steps(steps: &str) -> Vec<Step> {
    good(&format!("title = \"t\"\n[[task]]\nname = \"a\"\nsteps = [{steps}]"))
        .tasks
        .remove(0)
        .steps
}

#[test]
fn every_step_can_be_read() {
    let kernel = |kernel, size| Step::Cpu(Cpu::Kernel { kernel, size });
    let sleep = Step::Sleep(Sleep(Draw::Fixed(ms(1))));
    let file = |op, size, how| Step::File(File { op, size, how });
    let accident = |chance| ("oh".to_owned(), chance);
    let fail = |(message, chance)| Step::Fail(Fail { message, chance });
    let panic = |(message, chance)| Step::Panic(Panic { message, chance });
    for (text, step) in [
        ("{ cpu = \"2ms\" }", Step::Cpu(Cpu::Work(Draw::Fixed(ms(2))))),
        (
            "{ cpu = \"2ms..3ms\" }",
            Step::Cpu(Cpu::Work(Draw::Uniform { min: ms(2), max: ms(3) })),
        ),
        (
            "{ cpu = { kernel = \"matmul\", size = 200 } }",
            kernel(Kernel::Matmul, 200),
        ),
        (
            "{ cpu = { kernel = \"mandelbrot\", size = 64 } }",
            kernel(Kernel::Mandelbrot, 64),
        ),
        (
            "{ cpu = { kernel = \"primes\", size = 1000 } }",
            kernel(Kernel::Primes, 1000),
        ),
        ("{ cpu = { kernel = \"hash\", size = 64 } }", kernel(Kernel::Hash, 64)),
        ("{ cpu = { kernel = \"image\", size = 64 } }", kernel(Kernel::Image, 64)),
        (
            "{ cpu = { kernel = \"compress\", size = 64 } }",
            kernel(Kernel::Compress, 64),
        ),
        ("{ sleep = \"1ms\" }", sleep.clone()),
        (
            "{ sleep = { uniform = [\"1ms\", \"2ms\"] } }",
            Step::Sleep(Sleep(Draw::Uniform { min: ms(1), max: ms(2) })),
        ),
        (
            "{ block = { median = \"1ms\", p99 = \"2ms\" } }",
            Step::Block(Block(Draw::LogNormal {
                median: ms(1),
                p99: ms(2),
            })),
        ),
        (
            "{ http = \"/weather?q=1\" }",
            Step::Http(Http {
                path: "/weather?q=1".into(),
            }),
        ),
        (
            "{ file = { read = \"64KiB\" } }",
            file(FileOp::Read, 65_536, How::Async),
        ),
        (
            "{ file = { write = \"1MiB\", how = \"offload\" } }",
            file(FileOp::Write, 1 << 20, How::Offload),
        ),
        (
            "{ file = { write = \"1GiB\", how = \"sync\" } }",
            file(FileOp::Write, 1 << 30, How::Sync),
        ),
        ("\"yield\"", Step::Yield),
        (
            "{ offload = [{ sleep = \"1ms\" }] }",
            Step::Offload(Offload(vec![sleep.clone()])),
        ),
        (
            "{ in_place = [{ sleep = \"1ms\" }] }",
            Step::InPlace(InPlace(vec![sleep.clone()])),
        ),
        (
            "{ timeout = { after = \"3ms\", steps = [{ sleep = \"1ms\" }] } }",
            Step::Timeout(Timeout {
                after: Draw::Fixed(ms(3)),
                steps: vec![sleep],
            }),
        ),
        ("{ fail = \"oh\" }", fail(accident(1.0))),
        ("{ fail = { message = \"oh\", chance = 0.5 } }", fail(accident(0.5))),
        ("{ panic = { message = \"oh\" } }", panic(accident(1.0))),
    ] {
        assert_eq!(steps(text), [step], "{text}");
    }
}

/// The steps of a task, in a scenario that declares a group, a lock, a semaphore and a channel.
fn named(steps: &str) -> Vec<Step> {
    good(&format!(
        r#"
        title = "t"
        [[channel]]
        name = "jobs"
        capacity = 8
        [[semaphore]]
        name = "slots"
        permits = 3
        [[task]]
        name = "a"
        steps = [{steps}]
        [[task]]
        name = "user"
        steps = [{{ send = "jobs" }}, {{ semaphore = {{ name = "slots", steps = [{{ spawn = "weather" }}] }} }}]
        [[task]]
        name = "weather"
        start = "called"
        steps = [{{ http = "/weather" }}]
        "#
    ))
    .tasks
    .remove(0)
    .steps
}

#[test]
fn steps_that_name_groups_or_shared_resources_can_be_read() {
    let sleep = vec![Step::Sleep(Sleep(Draw::Fixed(ms(1))))];
    let weather = || Branch::Group("weather".into());
    let inline = || Branch::Steps(sleep.clone());
    let spawn = |branch, count, wait| {
        let keep = false;
        Step::Spawn(Spawn {
            branch,
            count,
            wait,
            keep,
        })
    };
    for (text, step) in [
        (
            r#"{ lock = { name = "cache", how = "sync", steps = [{ sleep = "1ms" }] } }"#,
            Step::Lock(Lock {
                name: "cache".into(),
                steps: sleep.clone(),
            }),
        ),
        (
            r#"{ semaphore = { name = "slots", steps = [{ sleep = "1ms" }] } }"#,
            Step::Semaphore(Semaphore {
                name: "slots".into(),
                steps: sleep.clone(),
            }),
        ),
        (r#"{ send = "jobs" }"#, Step::Send(Send { channel: "jobs".into() })),
        (r#"{ recv = "jobs" }"#, Step::Recv(Recv { channel: "jobs".into() })),
        (
            r#"{ gather = ["weather", [{ sleep = "1ms" }]] }"#,
            Step::Gather(Gather(vec![weather(), inline()])),
        ),
        (
            r#"{ group = ["weather", "weather"] }"#,
            Step::Group(Group(vec![weather(), weather()])),
        ),
        (r#"{ race = [[{ sleep = "1ms" }]] }"#, Step::Race(Race(vec![inline()]))),
        (r#"{ spawn = "weather" }"#, spawn(weather(), 1, false)),
        (r#"{ spawn = [{ sleep = "1ms" }] }"#, spawn(inline(), 1, false)),
        (
            r#"{ spawn = { what = "weather", count = 3, wait = true } }"#,
            spawn(weather(), 3, true),
        ),
        (r#"{ unawaited = "weather" }"#, Step::Unawaited(Unawaited(weather()))),
        (
            r#"{ unawaited = [{ sleep = "1ms" }] }"#,
            Step::Unawaited(Unawaited(inline())),
        ),
    ] {
        assert_eq!(named(text), [step], "{text}");
    }
}

#[test]
fn rows_events_choices_and_loops_can_be_read() {
    let db = |op, rows, how| Step::Db(Db { op, rows, how });
    let log = |level, items, how| {
        Step::Log(Log {
            level,
            message: "m".into(),
            items,
            how,
        })
    };
    for (text, step) in [
        ("{ db = { read = 10 } }", db(DbOp::Read, 10, How::Offload)),
        ("{ db = { write = 5, how = \"sync\" } }", db(DbOp::Write, 5, How::Sync)),
        (
            "{ offload = [{ db = { read = 1 } }] }",
            Step::Offload(Offload(vec![db(DbOp::Read, 1, How::Sync)])),
        ),
        (
            "{ log = { message = \"m\" } }",
            log(LogLevel::Info, 0, Formatting::Lazy),
        ),
        (
            "{ log = { level = \"debug\", message = \"m\", items = 2000, how = \"eager\" } }",
            log(LogLevel::Debug, 2000, Formatting::Eager),
        ),
        (
            "{ choose = [{ weight = 2.5, steps = [\"yield\"] }, { steps = [] }] }",
            Step::Choose(Choose(vec![
                Choice {
                    weight: 2.5,
                    steps: vec![Step::Yield],
                },
                Choice {
                    weight: 1.0,
                    steps: vec![],
                },
            ])),
        ),
        (
            "{ loop = { times = 5, steps = [\"yield\"] } }",
            Step::Loop(Loop {
                times: Repeat::Times(5),
                steps: vec![Step::Yield],
            }),
        ),
        (
            "{ loop = { times = \"forever\", steps = [\"yield\"] } }",
            Step::Loop(Loop {
                times: Repeat::Forever,
                steps: vec![Step::Yield],
            }),
        ),
        (
            "{ cpu = { kernel = \"password\", size = 100 } }",
            Step::Cpu(Cpu::Kernel {
                kernel: Kernel::Password,
                size: 100,
            }),
        ),
    ] {
        assert_eq!(steps(text), [step], "{text}");
    }
}

/// The steps inside a synchronous lock may await. These steps have the same meaning as outside the
/// lock.
#[test]
fn steps_inside_a_sync_lock_may_await() {
    let [Step::Lock(Lock { steps: inner, .. })] = &steps(
        r#"{ lock = { name = "outer", how = "sync", steps = [
            { lock = { name = "inner", steps = [{ db = { write = 1 } }, "yield", { offload = [{ cpu = "1ms" }] }] } },
        ] } }"#,
    )[..] else {
        panic!("one lock")
    };
    let [Step::Lock(Lock { steps: innermost, .. })] = &inner[..] else {
        panic!("{inner:?}")
    };
    assert_eq!(
        innermost[0],
        Step::Db(Db {
            op: DbOp::Write,
            rows: 1,
            how: How::Offload
        })
    );
    // A child does not hold the locks of its parent.
    let nested =
        r#"{ lock = { name = "l", steps = [{ spawn = [{ lock = { name = "l", steps = ["yield"] } }, "yield"] }] } }"#;
    assert_eq!(steps(nested).len(), 1);
}
