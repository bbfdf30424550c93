//! Tests of the live view and of the effects of keys.

use super::*;
use crate::model::{Model, State};
use crate::record::{LaneId, Lost, RunInstant};
use crate::run::RunState;
use mixed_run::MixedRun;
use ratatui::style::Color;

#[test]
fn a_terminal_that_is_too_small_shows_the_required_size() {
    let mut stage = Stage::mixed(1_000, (40, 10));
    assert_eq!(
        stage.text().trim(),
        "tasklab needs 60×12 cells; this terminal\nhas 40×10."
    );
    for size in [(0, 0), (1, 1), (60, 11), (59, 12)] {
        stage.size = size;
        stage.draw();
    }
}

#[test]
fn the_screen_can_be_drawn_at_every_size() {
    let mut stage = Stage::mixed(5_240, SMALL);
    for size in [
        (60, 12),
        (61, 17),
        (100, 22),
        (120, 36),
        (150, 45),
        (200, 60),
        (300, 100),
    ] {
        stage.size = size;
        for (help, expected) in [(false, "Mixed load"), (true, "keys and glyphs")] {
            stage.app.help = help;
            assert!(stage.text().contains(expected), "{size:?}");
        }
    }
}

#[test]
fn a_blocked_worker_is_red_and_names_the_task_that_blocks() {
    let mut stage = Stage::mixed(5_240, SMALL);
    let text = stage.text();
    let lane = text
        .lines()
        .find(|line| line.contains(" block "))
        .expect("a lane that is shown as blocked");
    assert!(lane.contains("clock_nanosleep") || lane.contains("block 2"), "{lane}");
    let culprit = lane
        .split_whitespace()
        .find(|word| word.starts_with("api#"))
        .expect("the task's name");
    let first = text
        .lines()
        .skip_while(|line| !line.contains("tasks "))
        .nth(1)
        .expect("a first task");
    assert!(
        first.contains(culprit) && first.contains("blocking"),
        "the task that blocks is in the first row: {first}"
    );
    let buf = stage.draw();
    let blocking = Theme::new(ColorDepth::TrueColor).state(State::Blocking);
    let shaded = buf.content().iter().filter(|cell| cell.symbol() == "▓");
    let red = shaded.filter(|cell| Some(cell.bg) == blocking.bg).count();
    assert!(
        red >= 2 * 4,
        "a block of 240 ms fills 4 columns of the lane and 4 columns of the task, but {red} cells are red"
    );
}

#[test]
fn work_has_the_same_colour_in_the_rows_of_all_lanes_and_groups() {
    let mut stage = Stage::mixed(5_240, LARGE);
    let text = stage.text();
    let buf = stage.draw();
    let theme = Theme::new(ColorDepth::TrueColor);
    for name in ["worker 0", "worker 1", "thumb#0", "thumb#1"] {
        let y = text.lines().position(|line| line.trim_start().starts_with(name));
        let y = y.unwrap_or_else(|| panic!("no row {name} in\n{text}")) as u16;
        let row = (0..LARGE.0).map(|x| &buf[(x, y)]);
        let work: Vec<_> = row.filter(|cell| "█▌▐▚▁▂▃▄▅▆▇".contains(cell.symbol())).collect();
        assert!(!work.is_empty(), "{name} does no work in\n{text}");
        // A low bar can also show a short problem.
        let states = [
            State::Running,
            State::Hogging,
            State::Blocking,
            State::Queued,
            State::Unnoticed,
        ];
        let colours = states.map(|state| theme.word(state).fg);
        for cell in work {
            assert!(colours.contains(&Some(cell.fg)), "{name}: {:?}", cell.fg);
        }
    }
}

#[test]
fn a_task_that_waits_for_a_starved_driver_is_unnoticed() {
    let text = Stage::mixed(5_240, LARGE).text();
    let heartbeat = row(&text, "heartbeat#0");
    assert!(
        heartbeat.contains("░░░░") && heartbeat.contains("unnoticed"),
        "{heartbeat}"
    );
}

#[test]
fn a_panicked_task_shows_its_end_and_a_log_message() {
    let text = Stage::mixed(5_240, LARGE).text();
    let thumb = row(&text, "thumb#1");
    assert!(thumb.contains('!') && thumb.contains("panicked"), "{thumb}");
    assert!(
        text.contains("ERROR  thumb#1  panicked: no such picture: \\u{1b}[31mcat.png"),
        "the log must not contain the escape character: {text}"
    );
}

#[test]
fn without_colours_only_short_problems_have_other_glyphs() {
    let mut stage = Stage::mixed(5_240, LARGE);
    let coloured = stage.text();
    stage.color_depth = ColorDepth::None;
    let plain = stage.text();
    assert_eq!(plain.chars().count(), coloured.chars().count());
    let glyphs = plain.chars().zip(coloured.chars());
    let different: Vec<_> = glyphs.filter(|(plain, coloured)| plain != coloured).collect();
    assert!(!different.is_empty(), "no short problem is visible");
    for (plain, coloured) in different {
        assert!(
            "■=:'".contains(plain) && "▁▂▃▄▅▆▇█".contains(coloured),
            "{coloured} is {plain} without colours"
        );
    }
    for cell in stage.draw().content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn a_long_caption_uses_a_second_row_and_no_duration_is_truncated() {
    let mut stage = Stage::mixed(5_240, (60, 24));
    let text = stage.text();
    assert!(text.contains("task suffers?"), "{text}");
    // There is room for the task's name and the duration, but not for the word "block".
    assert!(row(&text, "worker 1").ends_with("  31 %  api#3 236 ms"), "{text}");
}

#[test]
fn an_ended_run_stays_on_screen() {
    let mut stage = Stage::mixed(6_000, SMALL);
    stage.run = RunState::Ended { left: None };
    assert!(stage.text().contains("■ ended"));
    stage.act(Action::PanLeft);
    stage.act(Action::ZoomIn);
    assert!(stage.text().contains("❄ frozen"));
    stage.act(Action::Back);
    stage.run = RunState::Ended {
        left: Some("2 jobs still block threads of the blocking pool".into()),
    };
    let text = stage.text();
    assert!(
        text.contains("Mixed") && text.contains("■ ended, 2 jobs still…"),
        "{text}"
    );
}

#[test]
fn keys_do_what_the_help_page_says() {
    let mut stage = Stage::mixed(2_000, SMALL);
    assert_eq!(stage.act(Action::Inject), Some(Intent::InjectBlock));
    assert_eq!(stage.act(Action::Quit), Some(Intent::Quit));
    assert_eq!(stage.act(Action::Help), None);
    assert!(stage.app.help);
    assert_eq!(stage.act(Action::Inject), None, "the help page disables this action");
    stage.act(Action::Back);
    assert!(!stage.app.help);
    stage.act(Action::PanLeft);
    assert!(!stage.app.viewport.is_live());
    stage.act(Action::Back);
    assert!(stage.app.viewport.is_live());
    stage.act(Action::NextPanel);
    assert_eq!(stage.app.focus, Panel::Log);
    stage.act(Action::PreviousPanel);
    assert_eq!(stage.app.focus, Panel::Tasks);
}

#[test]
fn lost_records_have_an_alarming_style() {
    let mut stage = Stage::mixed(1_000, SMALL);
    assert!(stage.text().contains("· 0 lost"));
    let mut batch = stage.records.batch(RunInstant::from_millis(1_020));
    batch.lost.push(Lost {
        lane: LaneId(0),
        slices: 7,
        others: 0,
        time: crate::record::LostTime::default(),
    });
    stage.model.apply(&batch);
    let buf = stage.draw();
    let alarm = Theme::new(ColorDepth::TrueColor).alarm();
    let header = &buf.content()[..80];
    let loud = header.iter().filter(|cell| Some(cell.bg) == alarm.bg);
    assert_eq!(loud.map(ratatui::buffer::Cell::symbol).collect::<String>(), " 7 lost ");
}

#[test]
fn the_caption_counts_cues_and_shows_that_the_run_waits() {
    let mut stage = Stage::mixed(4_000, SMALL);
    let caption = |text: String| text.lines().nth(1).expect("a caption").to_owned();
    assert_eq!(caption(stage.text()).trim(), "0/1");
    stage.run = RunState::Waiting;
    assert_eq!(caption(stage.text()).trim(), "n  0/1");
    assert!(stage.text().contains("n next"));
    assert_eq!(stage.act(Action::Next), Some(Intent::NextCue));
    stage.play(5_240);
    stage.run = RunState::Running;
    let text = stage.text();
    assert!(!text.contains("n next"), "there is no next cue");
    assert!(caption(text).ends_with(" 1/1"));
    stage.act(Action::PanLeft);
    stage.act(Action::PanLeft);
    assert_eq!(
        caption(stage.text()).trim(),
        "0/1",
        "a frozen view counts the cues before its instant"
    );
}

#[test]
fn a_question_looks_different_from_a_statement() {
    let mut info = MixedRun::info();
    info.cues[0].is_question = true;
    let mut stage = Stage::mixed(0, SMALL);
    stage.model = Model::new(info);
    stage.play(5_240);
    for depth in [ColorDepth::TrueColor, ColorDepth::None] {
        stage.color_depth = depth;
        let buf = stage.draw();
        let theme = Theme::new(depth);
        assert_eq!(buf[(1, 1)].symbol(), "?");
        assert_ne!(buf[(1, 1)].style(), buf[(10, 1)].style(), "the badge stands out");
        assert_eq!(Some(buf[(10, 1)].bg), theme.question().bg.or(Some(Color::Reset)));
    }
    let theme = Theme::new(ColorDepth::TrueColor);
    assert_ne!(theme.question(), theme.caption());
}

#[test]
fn a_tall_screen_shows_the_groups_table() {
    let mut stage = Stage::mixed(5_240, (160, 70));
    let text = stage.text();
    let table: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with(" groups"))
        .take(5)
        .collect();
    assert!(table[0].contains("poll p50"), "{text}");
    for (row, name) in table[1..].iter().zip(["heartbeat", "api", "thumb", "writer"]) {
        assert!(row.trim_start().starts_with(name), "{row}");
    }
    assert!(
        table[1].contains("8.0 µs"),
        "the median poll of the heartbeat takes 8 µs: {}",
        table[1]
    );
    stage.size = SMALL;
    assert!(!stage.text().contains("poll p50"));
}
