//! Ticks of intervals: how many ticks come after missed ticks, and when they come.

use super::harness::*;
use std::time::Duration;
use tasklab::record::{Outcome, Record};
use tasklab::scenario::steps::{Interval, MissedTicks};
use tasklab::scenario::{Scenario, Step};

const EVERY: Duration = Duration::from_millis(20);

fn interval(missed: MissedTicks) -> Step {
    Step::Interval(Interval { every: EVERY, missed })
}

/// After its first tick, the task waits 90 ms or longer for the first item of the channel, and so
/// misses the ticks at 20, 40, 60 and 80 ms. The task never waits for the other five items.
fn late_after_the_first_tick(missed: MissedTicks) -> Scenario {
    let ticker = task("ticker", 6, vec![interval(missed), send("ticked"), recv("gate")]);
    let mut late = vec![recv("ticked"), sleep(90 * MS)];
    late.extend([(); 6].map(|()| send("gate")));
    let mut scenario = scenario(vec![ticker, task("late", 1, late)]);
    scenario.channels = vec![channel("ticked", 6), channel("gate", 6)];
    scenario
}

#[test]
fn every_tick_comes_on_every_executor_and_no_tick_comes_early() {
    // The second tick comes at 90 ms or later. With `burst`, the sixth tick is due at 100 ms. With
    // `delay`, each of the four later ticks comes 20 ms after the tick before it. With `skip`, the
    // third tick is due at 100 ms or later.
    for (missed, label, at_least) in [
        (MissedTicks::Burst, "interval 20ms burst", 100 * MS),
        (MissedTicks::Delay, "interval 20ms delay", 170 * MS),
        (MissedTicks::Skip, "interval 20ms skip", 160 * MS),
    ] {
        for (executor, observed) in on_every_executor(&late_after_the_first_tick(missed)) {
            assert_eq!(observed.outcome("ticker"), Outcome::Completed, "{executor}");
            let ticks = observed.spans("ticker", label);
            assert_eq!(ticks.len(), 6, "{executor} {label}");
            let took = Duration::from(ticks[5].1 - ticks[0].0);
            assert!(took >= at_least, "{executor} {label}: {took:?}");
        }
    }
}

#[test]
fn a_tick_that_is_already_due_does_not_block_a_thread() {
    let observed = Harness::new(&late_after_the_first_tick(MissedTicks::Burst)).on_threads();
    let blocked: Vec<bool> = (observed.records.iter())
        .filter_map(|record| match record {
            Record::Step(step) if observed.label(step.label) == "interval 20ms burst" => Some(step.blocking),
            _ => None,
        })
        .collect();
    // The first tick is due at once. The four missed ticks come at once.
    assert_eq!(blocked.len(), 6);
    assert_eq!(blocked[..5], [false; 5]);
}
