//! What the command line changes in a scenario.

use super::{good, ms};
use std::time::Duration;
use strum::VariantArray;
use tasklab::scenario::builtin::BUILTIN;
use tasklab::scenario::*;

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
fn a_built_in_scenario_can_run_on_each_executor_that_has_its_options_and_steps() {
    for builtin in BUILTIN {
        let scenario = builtin.scenario();
        let knobs = scenario.executor.knobs != Knobs::default();
        for &kind in ExecutorKind::VARIANTS {
            let overrides = Overrides {
                executor: Some(kind),
                ..Overrides::default()
            };
            let read = overrides.read(builtin.name, builtin.text);
            let may_fail = knobs || !scenario.executors.contains(&kind);
            assert!(read.is_ok() || may_fail, "{} on {}", builtin.name, kind.into_str());
        }
    }
}

/// Even if only the command line causes a mistake, the report quotes the lines of the file.
#[test]
fn an_override_that_makes_the_file_invalid_is_rejected() {
    let text = "title = \"t\"\n[executor]\nworkers = 2\nenable_alt_timer = true\n\
                [[task]]\nname = \"a\"\nsteps = [{ in_place = [{ cpu = \"1ms\" }] }]\n";
    assert!(read("t.toml", text).is_ok());
    let overrides = Overrides {
        executor: Some(ExecutorKind::CurrentThread),
        ..Overrides::default()
    };
    insta::assert_snapshot!("executor", overrides.read("t.toml", text).unwrap_err().to_string());
    // If a duration in the file is too long, the reader rejects the file. Another function checks a
    // duration from the command line.
    let overrides = Overrides {
        duration: Some(Duration::from_secs(24 * 3600 + 1)),
        ..Overrides::default()
    };
    insta::assert_snapshot!("duration", overrides.read("t.toml", text).unwrap_err().to_string());
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

const BILINGUAL: &str = r#"
title.en = "English"
title.ru = "По-русски"
about = "In English only."
duration = "20s"
executors = ["tokio", "pool"]
[[task]]
name = "a"
start = "2s"
until = "10s"
rate = { from = 1, to = 9, over = "4s" }
timeout = "1s"
steps = [{ sleep = "100ms" }]
[[cue]]
at = "5s"
say = { en = "See.", ru = "Смотрите." }
"#;

#[test]
fn texts_are_in_the_chosen_language_or_in_english() {
    let russian = Overrides {
        lang: Lang::Ru,
        ..Overrides::default()
    };
    let scenario = russian.read("t.toml", BILINGUAL).unwrap();
    assert_eq!(
        (&*scenario.title, &*scenario.about, &*scenario.cues[0].say),
        ("По-русски", "In English only.", "Смотрите.")
    );
    let english = good(BILINGUAL);
    assert_eq!((&*english.title, &*english.cues[0].say), ("English", "See."));
    let same = |scenario: Scenario| (scenario.tasks, scenario.expect, scenario.duration);
    assert_eq!(same(scenario), same(english), "only texts depend on the language");
}

#[test]
fn a_scale_shortens_the_timeline_but_not_the_steps() {
    let scaled = |scale, duration| Overrides {
        scale: Some(scale),
        duration,
        ..Overrides::default()
    };
    let scenario = scaled(0.5, None).read("t.toml", BILINGUAL).unwrap();
    let task = &scenario.tasks[0];
    assert_eq!((scenario.duration, scenario.cues[0].at), (Some(ms(10_000)), ms(2_500)));
    assert_eq!((task.start, task.until), (Start::At(ms(1000)), Some(ms(5000))));
    let ramp = Arrivals::Ramp {
        from: 1.0,
        to: 9.0,
        over: ms(2000),
    };
    assert_eq!(task.arrivals, ramp);
    let plain = &good(BILINGUAL).tasks[0];
    assert_eq!((&task.steps, task.timeout), (&plain.steps, plain.timeout));
    let scenario = scaled(0.5, Some(ms(7000))).read("t.toml", BILINGUAL).unwrap();
    assert_eq!(
        scenario.duration,
        Some(ms(7000)),
        "a scale does not change a duration of the command line"
    );
    for wrong in [0.0, 0.04, 1.1, -1.0, f64::NAN, f64::INFINITY] {
        let report = scaled(wrong, None).read("t.toml", BILINGUAL).unwrap_err();
        assert_eq!(report.len(), 1, "{report}");
        assert!(report.to_string().contains("--scale"), "{report}");
    }
}

#[test]
fn an_executor_that_the_scenario_does_not_list_is_rejected() {
    let on = |kind| {
        let overrides = Overrides {
            executor: Some(kind),
            ..Overrides::default()
        };
        overrides.read("t.toml", BILINGUAL)
    };
    assert_eq!(on(ExecutorKind::Pool).unwrap().executor.kind, ExecutorKind::Pool);
    insta::assert_snapshot!("not_listed", on(ExecutorKind::CurrentThread).unwrap_err().to_string());
}
