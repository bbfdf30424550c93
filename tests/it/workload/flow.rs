//! Choices, loops and log lines.

use super::journal::lines_about;
use super::lab::*;
use tasklab::record::Outcome;
use tasklab::scenario::{Choice, Formatting, LogLevel, Repeat, Step};
use tracing::Level;

fn choose(weights: &[(f64, Step)]) -> Step {
    let choice = |(weight, step): &(f64, Step)| Choice {
        weight: *weight,
        steps: vec![step.clone()],
    };
    Step::Choose(weights.iter().map(choice).collect())
}

#[test]
fn one_of_several_lists_is_drawn_and_the_same_everywhere() {
    let choice = choose(&[(3.0, cpu(MS / 50)), (1.0, cpu(MS / 100))]);
    let [(_, first), others @ ..] = everywhere(&scenario(vec![task("api", 200, vec![choice])]));
    let steps = first.steps("api");
    assert_eq!(steps.iter().filter(|&&step| step == "choose").count(), 200);
    let frequent = steps.iter().filter(|&&step| step == "cpu 20µs").count();
    assert!((130..170).contains(&frequent), "{frequent} of 200");
    for (executor, seen) in others {
        assert_eq!(seen.steps("api"), steps, "{executor}");
    }
}

#[test]
fn a_loop_does_its_steps_so_many_times() {
    let inner = Step::Loop {
        times: Repeat::Times(2),
        steps: vec![cpu(MS / 50)],
    };
    let outer = Step::Loop {
        times: Repeat::Times(3),
        steps: vec![inner],
    };
    let turn = ["cpu 20µs", "cpu 20µs", "loop ×2"];
    for (executor, seen) in everywhere(&scenario(vec![task("api", 1, vec![outer])])) {
        assert_eq!(
            seen.steps("api"),
            [&turn[..], &turn, &turn, &["loop ×3"]].concat(),
            "{executor}"
        );
    }
}

#[test]
fn an_endless_loop_ends_with_the_run_or_its_timeout() {
    for inner in [cpu(MS / 50), sleep(MS)] {
        let endless = Step::Loop {
            times: Repeat::Forever,
            steps: vec![inner],
        };
        let mut limited = task("limited", 1, vec![endless.clone(), fail(1.0)]);
        limited.timeout = Some(fixed(5 * MS));
        let tasks = vec![task("api", 1, vec![endless])];
        let stopped = |seen: Seen| assert_eq!(seen.outcome("api"), Outcome::Cancelled);
        let running = |batch: &tasklab::record::Batch| !batch.records.is_empty();
        stopped(Lab::new(&scenario(tasks.clone())).on_tokio_until(running));
        stopped(Lab::new(&scenario(tasks)).on_threads_until(running));
        if let Step::Loop { steps, .. } = &limited.steps[0]
            && matches!(steps[0], Step::Sleep(_))
        {
            let seen = Lab::new(&scenario(vec![limited])).on_tokio();
            assert_eq!(seen.outcome("limited"), Outcome::TimedOut);
        }
    }
}

#[test]
fn lines_at_the_level_or_above_are_kept_however_they_are_formatted() {
    let log = |level, how| Step::Log {
        level,
        message: "order 4711".into(),
        items: 3,
        how,
    };
    let steps = vec![
        log(LogLevel::Info, Formatting::Lazy),
        log(LogLevel::Warn, Formatting::Eager),
        log(LogLevel::Debug, Formatting::Lazy),
        log(LogLevel::Debug, Formatting::Eager),
    ];
    for (executor, seen) in everywhere(&scenario(vec![task("api", 1, steps)])) {
        let names = ["log info lazy", "log warn eager", "log debug lazy", "log debug eager"];
        assert_eq!(seen.steps("api"), names, "{executor}");
    }
    let mut lines = lines_about("order 4711");
    lines.sort();
    let line = |level| vec![(level, "order 4711 [0, 1, 2]".to_owned()); 3];
    let mut expected = [line(Level::INFO), line(Level::WARN)].concat();
    expected.sort();
    assert_eq!(lines, expected);
}
