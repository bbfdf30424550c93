//! The timeline of a run: what starts and ends by the clock, and what a presenter changes.

use super::*;
use crate::support::executors;
use crate::support::run::parse;
use std::time::Duration;
use tasklab::record::{Nanos, RunInstant};
use tasklab::run::{RunState, Settings, Source};

#[test]
fn an_injected_block_is_marked_and_blocks_the_worker() {
    let mut run = TestRun::start(&scenario_on(
        "current-thread",
        "[[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '5ms' }]",
    ));
    run.until("a first slice", |run| run.model.record_counts().recorded > 0);
    run.source.inject_block(Duration::from_millis(30));
    run.until("the block, and a heartbeat that was late because of it", |run| {
        let blocked = run.find_group("injected").is_some_and(|group| {
            let times = run.model.group_times(group.id);
            times.blocking >= Nanos::from_millis(30)
        });
        blocked && group(&run.model, "heartbeat").lateness().max >= Nanos::from_millis(10)
    });
    run.stop_and_join();
    assert_eq!(run.model.marks().len(), 1);
}

#[test]
fn a_jump_to_the_next_cue_starts_the_groups_before_it() {
    let mut run = TestRun::start(
        "title = 'test'\n[[task]]\nname = 'first'\nrepeat = 3\nsteps = [{ sleep = '1ms' }]\n\
         [[task]]\nname = 'later'\nstart = '1h'\nsteps = ['yield']\n\
         [[cue]]\nat = '2h'\nsay = 'now'\ndo = { block = '1ms' }",
    );
    run.source.next_cue();
    run.join();
    assert_eq!(group(&run.model, "later").spawned, 1);
    assert_eq!(group(&run.model, "injected").spawned, 1);
    assert!(run.model.now() < RunInstant::from_millis(3_600_000));
}

#[test]
fn a_presented_timeline_waits_at_its_cue_while_tasks_continue_to_run() {
    let text = "title = 'test'\nduration = '1h'\n[[task]]\nname = 'beat'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]\n\
         [[task]]\nname = 'later'\nstart = '2ms'\nsteps = ['yield']\n[[cue]]\nat = '1ms'\nsay = 'now'";
    let settings = Settings {
        presented: true,
        ..Settings::default()
    };
    let mut run = TestRun::start_with(&parse(text), text, settings);
    let beats = |run: &TestRun| run.find_group("beat").map_or(0, |group| group.repetition_time().count);
    let has_later = |run: &TestRun| run.find_group("later").is_some_and(|group| group.spawned > 0);

    run.until("the cue", |run| run.source.state() == RunState::Waiting);
    let first = beats(&run);
    run.until("20 beats at the cue", |run| beats(run) > first + 20);
    assert!(!has_later(&run), "a group that starts after the cue has started");
    run.source.next_cue();
    run.until("the group that starts after the cue", has_later);
    run.stop_and_join();
    assert!(!run.model.marks().is_empty());
}

#[test]
fn an_endless_group_ends_at_the_time_that_until_sets() {
    for executor in executors() {
        let (model, _) = run(&scenario_on(
            executor,
            "[[task]]\nname = 'beat'\ncount = 2\nuntil = '100ms'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
        ));
        assert_eq!(model.counts().alive(), 0, "{executor}");
        assert_eq!(model.counts().completed, 2, "{executor}");
        assert!(model.now() >= RunInstant::from_millis(100), "{executor}");
        assert!(group(&model, "beat").repetition_time().count > 0, "{executor}");
    }
}
