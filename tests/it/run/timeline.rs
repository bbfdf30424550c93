//! What a presenter does to a run, and what begins and ends by the clock.

use super::*;
use tasklab::record::RunInstant;

#[test]
fn an_injected_block_is_marked_and_blocks() {
    let blocked = |model: &Model| {
        let injected = model.groups().iter().find(|group| group.name == "injected");
        injected.is_some_and(|group| model.group_times(group.id).blocking >= Nanos::from_millis(30))
    };
    let mut asked = false;
    let (model, _) = run_until(
        &on(
            "current-thread",
            "[[task]]\nname = 'heartbeat'\nrepeat = 'forever'\nsteps = [{ sleep = '5ms' }]",
        ),
        |model, run| {
            if !asked && model.record_counts().recorded > 0 {
                asked = true;
                run.inject_block(Duration::from_millis(30));
            }
            // The heartbeat that the block held up has come, too.
            if blocked(model) && group(model, "heartbeat").lateness().max >= Nanos::from_millis(10) {
                run.stop();
            }
        },
    );
    assert_eq!(model.marks().len(), 1);
    assert!(blocked(&model));
}

#[test]
fn going_on_to_the_next_cue_brings_what_begins_before_it() {
    let mut asked = false;
    let (model, _) = run_until(TIMELINE, |_, run| {
        if !std::mem::replace(&mut asked, true) {
            run.next_cue();
        }
    });
    assert_eq!(group(&model, "later").spawned, 1);
    assert_eq!(group(&model, "injected").spawned, 1);
    assert!(model.now() < RunInstant::from_millis(3_600_000));
}

#[test]
fn a_presented_run_waits_for_its_presenter_while_tasks_go_on() {
    let text = "title = 'test'\nduration = '1h'\n[[task]]\nname = 'beat'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]\n\
         [[task]]\nname = 'later'\nstart = '2ms'\nsteps = ['yield']\n[[cue]]\nat = '1ms'\nsay = 'now'";
    let settings = Settings {
        presented: true,
        ..Settings::default()
    };
    let mut waited = None;
    let (model, _) = run_as(text, settings, |model, run| {
        let find = |name| model.groups().iter().find(|group| group.name == name);
        let beats = find("beat").map_or(0, |group| group.repetition_time().count);
        let came = find("later").is_some_and(|group| group.spawned > 0);
        match (run.state(), waited) {
            (RunState::Waiting, None) => waited = Some(beats),
            (RunState::Waiting, Some(first)) if beats > first + 20 => {
                assert!(!came, "what stands behind the cue waits with it");
                run.next_cue();
            }
            _ if came => run.stop(),
            _ => {}
        }
    });
    assert!(waited.is_some() && !model.marks().is_empty());
}

#[test]
fn a_group_that_would_go_on_for_ever_ends_when_it_is_to() {
    for executor in EXECUTORS {
        let (model, _) = run(&on(
            executor,
            "[[task]]\nname = 'beat'\ncount = 2\nuntil = '100ms'\nrepeat = 'forever'\nsteps = [{ sleep = '1ms' }]",
        ));
        assert_eq!(model.counts().alive(), 0, "{executor}");
        assert_eq!(model.counts().completed, 2, "{executor}");
        assert!(model.now() >= RunInstant::from_millis(100), "{executor}");
        assert!(group(&model, "beat").repetition_time().count > 0, "{executor}");
    }
}
