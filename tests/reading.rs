//! What the reader makes of good text, of changed text, and of any text.

use proptest::prelude::*;
use std::time::Duration;
use tasklab::scenario::builtin::BUILTIN;
use tasklab::scenario::*;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn good(text: &str) -> Scenario {
    read("good.toml", text).unwrap_or_else(|report| panic!("{report}"))
}

/// A scenario with one task with these steps.
fn steps(steps: &str) -> Vec<Step> {
    good(&format!("title = \"t\"\n[[task]]\nname = \"a\"\nsteps = [{steps}]"))
        .tasks
        .remove(0)
        .steps
}

#[test]
fn a_scenario_that_says_little_has_defaults() {
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
        executors: ExecutorKind::ALL.to_vec(),
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
        locks: vec![],
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
fn a_scenario_that_says_everything_is_understood() {
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
    let block = |every, how| CueAction::Block {
        lasts: ms(300),
        every,
        how,
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
            action: Some(CueAction::Http {
                latency: None,
                failure_rate: Some(1.0),
            }),
        },
        Cue {
            at: ms(9000),
            say: String::new(),
            asks: false,
            action: Some(CueAction::Calm),
        },
    ];
    assert_eq!(scenario.cues, cues, "in order of time");
}

#[test]
fn every_step_is_understood() {
    let kernel = |kernel, size| Step::Cpu(Cpu::Kernel { kernel, size });
    let sleep = Step::Sleep(Draw::Fixed(ms(1)));
    let file = |op, size, how| Step::File { op, size, how };
    let accident = |chance| ("oh".to_owned(), chance);
    let fail = |(message, chance)| Step::Fail { message, chance };
    let panic = |(message, chance)| Step::Panic { message, chance };
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
            Step::Sleep(Draw::Uniform { min: ms(1), max: ms(2) }),
        ),
        (
            "{ block = { median = \"1ms\", p99 = \"2ms\" } }",
            Step::Block(Draw::LogNormal {
                median: ms(1),
                p99: ms(2),
            }),
        ),
        (
            "{ http = \"/weather?q=1\" }",
            Step::Http {
                path: "/weather?q=1".into(),
            },
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
            Step::Offload(vec![sleep.clone()]),
        ),
        (
            "{ in_place = [{ sleep = \"1ms\" }] }",
            Step::InPlace(vec![sleep.clone()]),
        ),
        (
            "{ timeout = { after = \"3ms\", steps = [{ sleep = \"1ms\" }] } }",
            Step::Timeout {
                after: Draw::Fixed(ms(3)),
                steps: vec![sleep],
            },
        ),
        ("{ fail = \"oh\" }", fail(accident(1.0))),
        ("{ fail = { message = \"oh\", chance = 0.5 } }", fail(accident(0.5))),
        ("{ panic = { message = \"oh\" } }", panic(accident(1.0))),
    ] {
        assert_eq!(steps(text), [step], "{text}");
    }
}

#[test]
fn the_command_line_overrides_the_file() {
    let mixed = tasklab::scenario::builtin::find("mixed").unwrap();
    let overrides = Overrides {
        executor: Some(ExecutorKind::Pool),
        workers: Some(7),
        duration: Some(ms(1)),
        seed: Some(99),
        ..Overrides::default()
    };
    let plain = mixed.scenario();
    let scenario = overrides.read("mixed.toml", mixed.text).unwrap();
    assert_eq!(
        (scenario.executor.kind, scenario.executor.workers),
        (ExecutorKind::Pool, Some(7))
    );
    assert_eq!((scenario.duration, scenario.seed), (Some(ms(1)), 99));
    assert_eq!(
        (scenario.tasks, scenario.cues),
        (plain.tasks, plain.cues),
        "the rest is the file's"
    );
}

#[test]
fn the_built_in_scenarios_run_wherever_their_knobs_allow() {
    for builtin in BUILTIN {
        let knobs = builtin.scenario().executor.knobs != Knobs::default();
        for kind in ExecutorKind::ALL {
            let overrides = Overrides {
                executor: Some(kind),
                ..Overrides::default()
            };
            let read = overrides.read(builtin.name, builtin.text);
            assert!(read.is_ok() || knobs, "{} on {}", builtin.name, kind.word());
        }
    }
}

/// What only the command line makes impossible is shown in the file's own lines.
#[test]
fn an_override_that_the_file_cannot_bear_is_refused() {
    let text = "title = \"t\"\n[executor]\nworkers = 2\nenable_alt_timer = true\n\
                [[task]]\nname = \"a\"\nsteps = [{ in_place = [{ cpu = \"1ms\" }] }]\n";
    assert!(read("t.toml", text).is_ok());
    let overrides = Overrides {
        executor: Some(ExecutorKind::CurrentThread),
        ..Overrides::default()
    };
    insta::assert_snapshot!("executor", overrides.read("t.toml", text).unwrap_err().to_string());
    let overrides = Overrides {
        workers: Some(0),
        duration: Some(Duration::ZERO),
        ..Overrides::default()
    };
    insta::assert_snapshot!(
        "workers_and_duration",
        overrides.read("t.toml", text).unwrap_err().to_string()
    );
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let report = read("t.toml", "title = 5").unwrap_err();
    let coloured = report.render(true);
    assert_eq!(report.len(), 2);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    for (at, part) in coloured.split("\u{1b}[").enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, report.render(false));
}

/// Every line of a large file is wrong, and the report counts them all and shows the first few.
#[test]
fn a_report_of_very_many_mistakes_stays_short() {
    let report = read("large.toml", &"[[task]]\n".repeat(100_000)).unwrap_err();
    assert_eq!(
        report.len(),
        200_002,
        "each task lacks two keys; the title is missing; they are too many"
    );
    assert!(report.to_string().lines().count() < 400);
    assert!(
        report
            .to_string()
            .ends_with("200002 errors, of which the first 40 are shown\n")
    );
}

/// Reading ends with a scenario or a report, and a report never carries a control character to the terminal.
fn read_any(text: &str) {
    if let Err(report) = read(text, text) {
        let shown = report.to_string();
        assert!(report.len() > 0);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}

/// A piece of a scenario file, as likely as not in the wrong place.
fn piece() -> impl Strategy<Value = String> {
    let words = "\\[\\[task\\]\\]|\\[executor\\]|\\[\\[cue\\]\\]|steps = \\[|\\]|\\{|\\}|\"|=|,|\n|title|name = \"a\"|\
                 count = 1|every = \"1ms\"|do = |calm|block|sleep|cpu|offload|in_place|timeout|after|http|file|read|\
                 \"5ms\"|\"5ms..1ms\"|0|-1|1e9|inf|true|1979-05-27|\u{1b}|é|\\\\u001b";
    prop_oneof![words, "\\PC{0,4}", any::<char>().prop_map(String::from)]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
        read_any(&text);
    }

    #[test]
    fn any_pieces_are_read_or_refused(pieces in prop::collection::vec(piece(), 0..60)) {
        read_any(&pieces.concat());
    }

    #[test]
    fn a_changed_scenario_is_read_or_refused(
        which in 0..BUILTIN.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..5),
    ) {
        let mut text: Vec<char> = BUILTIN[which].text.chars().collect();
        for (at, gone, new) in changes {
            let at = at.index(text.len() + 1);
            let end = (at + gone).min(text.len());
            text.splice(at..end, new.chars());
        }
        read_any(&text.into_iter().collect::<String>());
    }
}
