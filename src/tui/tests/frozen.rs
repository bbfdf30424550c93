//! Tests of the frozen view.

use super::*;

#[test]
fn a_frozen_view_does_not_change_while_the_run_goes_on() {
    let mut stage = Stage::mixed(5_240, LARGE);
    stage.act(Action::Freeze);
    let rows = |text: String| {
        let names = ["worker 0", "worker 1", "heartbeat#0", "api#3", "thumb#0"];
        names.map(|name| row(&text, name).to_owned())
    };
    let before = rows(stage.text());
    assert!(stage.text().contains("❄ frozen"));
    stage.play(6_500);
    assert_eq!(rows(stage.text()), before);
    stage.act(Action::Freeze);
    assert_ne!(rows(stage.text()), before);
    assert!(stage.text().contains("● live"));
}

#[test]
fn a_frozen_view_shows_which_task_held_a_lane_and_what_tasks_waited_for() {
    let mut stage = Stage::mixed(5_240, LARGE);
    stage.act(Action::Freeze);
    let text = stage.text();
    assert!(text.contains("❄ frozen   ") && text.contains(" busy  then"), "{text}");
    assert!(row(&text, "worker 1").ends_with("api#3  block 236 ms"), "{text}");
    assert!(
        row(&text, "heartbeat#0").ends_with("unnoticed      234 ms  sleep"),
        "{text}"
    );
    assert!(row(&text, "writer#0").ends_with("file write"), "{text}");
}
