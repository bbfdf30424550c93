//! Snapshots of whole frames at three sizes, drawn from fixed records.

use super::*;
use crate::run::RunState;

/// Draws one frame of each size and compares it with the snapshot `SCENE_COLUMNSxROWS`.
fn assert_snapshots(scene: &str, stage: impl Fn(stage::Size) -> Stage) {
    for size in [SMALL, MEDIUM, LARGE] {
        let name = format!("{scene}_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, stage(size).text());
    }
}

#[test]
fn live() {
    assert_snapshots("live", |size| Stage::mixed(5_240, size));
}

#[test]
fn frozen() {
    assert_snapshots("frozen", |size| {
        let mut stage = Stage::mixed(5_600, size);
        stage.act(Action::PanLeft);
        stage.act(Action::PanLeft);
        stage
    });
}

#[test]
fn help() {
    assert_snapshots("help", |size| {
        let mut stage = Stage::mixed(1_000, size);
        stage.act(Action::Help);
        stage
    });
}

/// The run waits while the caption shows a question in Russian.
#[test]
fn family_with_a_russian_caption() {
    assert_snapshots("family", |size| {
        let mut stage = Stage::family(size);
        stage.run = RunState::Waiting;
        stage
    });
}

#[test]
fn family_sorted_by_spawn() {
    assert_snapshots("family_by_spawn", |size| {
        let mut stage = Stage::family(size);
        stage.act(Action::Sort);
        stage.act(Action::Sort);
        stage
    });
}
