//! Choices, loops and log messages.

use super::captured_log::log_messages_with;
use super::harness::*;
use tasklab::record::Outcome;
use tasklab::scenario::steps::{Choice, Choose, Formatting, Log, Loop, Sleep};
use tasklab::scenario::{LogLevel, Repeat, Step};
use tracing::Level;

fn choose(weights: &[(f64, Step)]) -> Step {
    let choice = |(weight, step): &(f64, Step)| Choice {
        weight: *weight,
        steps: vec![step.clone()],
    };
    Step::Choose(Choose(weights.iter().map(choice).collect()))
}

#[test]
fn choose_selects_the_same_branch_on_every_executor() {
    let choice = choose(&[(3.0, cpu(MS / 50)), (1.0, cpu(MS / 100))]);
    let [(_, first), others @ ..] = on_every_executor(&scenario(vec![task("api", 200, vec![choice])]));
    let steps = first.steps("api");
    assert_eq!(steps.iter().filter(|&&step| step == "choose").count(), 200);
    let frequent = steps.iter().filter(|&&step| step == "cpu 20µs").count();
    assert!((130..170).contains(&frequent), "{frequent} of 200");
    for (executor, observed) in others {
        assert_eq!(observed.steps("api"), steps, "{executor}");
    }
}

#[test]
fn a_loop_does_its_steps_the_given_number_of_times() {
    let inner = Step::Loop(Loop {
        times: Repeat::Times(2),
        steps: vec![cpu(MS / 50)],
    });
    let outer = Step::Loop(Loop {
        times: Repeat::Times(3),
        steps: vec![inner],
    });
    let turn = ["cpu 20µs", "cpu 20µs", "loop ×2"];
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 1, vec![outer])])) {
        assert_eq!(
            observed.steps("api"),
            [&turn[..], &turn, &turn, &["loop ×3"]].concat(),
            "{executor}"
        );
    }
}

#[test]
fn an_endless_loop_ends_with_the_run_or_a_timeout() {
    for inner in [cpu(MS / 50), sleep(MS)] {
        let endless = Step::Loop(Loop {
            times: Repeat::Forever,
            steps: vec![inner],
        });
        let mut limited = task("limited", 1, vec![endless.clone(), fail(1.0)]);
        limited.timeout = Some(fixed(5 * MS));
        let tasks = vec![task("api", 1, vec![endless])];
        let stopped = |observed: Observed| assert_eq!(observed.outcome("api"), Outcome::Cancelled);
        let running = |batch: &tasklab::record::Batch| !batch.records.is_empty();
        stopped(Harness::new(&scenario(tasks.clone())).on_tokio_until("a first record", running));
        stopped(Harness::new(&scenario(tasks)).on_threads_until("a first record", running));
        if let Step::Loop(Loop { steps, .. }) = &limited.steps[0]
            && matches!(steps[0], Step::Sleep(Sleep(_)))
        {
            let observed = Harness::new(&scenario(vec![limited])).on_tokio();
            assert_eq!(observed.outcome("limited"), Outcome::TimedOut);
        }
    }
}

#[test]
fn eager_and_lazy_messages_are_filtered_by_level() {
    let log = |level, how| {
        Step::Log(Log {
            level,
            message: "order 4711".into(),
            items: 3,
            how,
        })
    };
    let steps = vec![
        log(LogLevel::Info, Formatting::Lazy),
        log(LogLevel::Warn, Formatting::Eager),
        log(LogLevel::Debug, Formatting::Lazy),
        log(LogLevel::Debug, Formatting::Eager),
    ];
    for (executor, observed) in on_every_executor(&scenario(vec![task("api", 1, steps)])) {
        let names = ["log info lazy", "log warn eager", "log debug lazy", "log debug eager"];
        assert_eq!(observed.steps("api"), names, "{executor}");
    }
    let mut messages = log_messages_with("order 4711");
    messages.sort();
    let message = |level| vec![(level, "order 4711 [0, 1, 2]".to_owned()); 3];
    let mut expected = [message(Level::INFO), message(Level::WARN)].concat();
    expected.sort();
    assert_eq!(messages, expected);
}
