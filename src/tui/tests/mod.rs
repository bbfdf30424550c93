//! The screen as a reader sees it: whole frames of a fixed run, and what keys do to them.

mod calls;
mod family;
mod fixture;

use super::action::Action;
use super::app::{App, Intent, Panel};
use super::theme::{Depth, Theme};
use super::{Options, frame};
use crate::model::Model;
use crate::record::{Nanos, RunInstant};
use crate::run::RunState;
use fixture::Script;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

/// A run that has come to an instant, and its screen.
struct Stage {
    script: Script,
    model: Model,
    app: App,
    run: RunState,
    depth: Depth,
    size: (u16, u16),
}

impl Stage {
    /// The run of [`family`].
    fn family(size: (u16, u16)) -> Stage {
        Stage {
            model: family::model(),
            ..Stage::at(0, size)
        }
    }

    fn at(ms: u64, size: (u16, u16)) -> Stage {
        let mut stage = Stage {
            script: Script::new(20_000),
            model: Model::new(Script::info()),
            app: App::default(),
            run: RunState::Running,
            depth: Depth::True,
            size,
        };
        stage.play(ms);
        stage
    }

    /// Goes on to `ms`, a batch every 20 ms and a frame every 100.
    fn play(&mut self, ms: u64) {
        let mut at = self.model.now().0 / 1_000_000;
        while at < ms {
            at = (at + 20).min(ms);
            let batch = self.script.batch(RunInstant::from_millis(at));
            self.model.apply(&batch);
            if at.is_multiple_of(100) {
                self.draw();
            }
        }
    }

    fn act(&mut self, action: Action) -> Option<Intent> {
        self.draw();
        self.app.act(action, &self.model)
    }

    fn draw(&mut self) -> Buffer {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        let options = Options {
            depth: self.depth,
            calibration: Some("1 ms = 1.9 M rounds".into()),
        };
        frame::render(&mut self.app, &self.model, &self.run, &options, &mut buf);
        buf
    }

    fn text(&mut self) -> String {
        let buf = self.draw();
        let lines = buf.content().chunks(usize::from(self.size.0));
        lines
            .map(|line| {
                line.iter()
                    .map(|c| c.symbol())
                    .collect::<String>()
                    .trim_end()
                    .to_owned()
                    + "\n"
            })
            .collect()
    }
}

/// The text from a row's name to the end of its line.
fn row<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find(|line| line.trim_start_matches([' ', '▸']).starts_with(name))
        .unwrap_or_else(|| panic!("no row {name}"))
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);

#[test]
fn the_overview_at_80_by_24() {
    insta::assert_snapshot!(Stage::at(5_240, SMALL).text());
}

#[test]
fn the_overview_at_160_by_50() {
    insta::assert_snapshot!(Stage::at(5_240, LARGE).text());
}

#[test]
fn the_help_page_at_80_by_24() {
    let mut stage = Stage::at(1_000, SMALL);
    stage.act(Action::Help);
    insta::assert_snapshot!(stage.text());
}

#[test]
fn a_frozen_view_at_80_by_24() {
    let mut stage = Stage::at(5_600, SMALL);
    stage.act(Action::PanLeft);
    stage.act(Action::PanLeft);
    insta::assert_snapshot!(stage.text());
}

#[test]
fn a_terminal_too_small_gets_a_sentence() {
    let mut stage = Stage::at(1_000, (40, 10));
    assert_eq!(stage.text().trim(), "tasklab needs 60×12; this is 40×10.");
    for size in [(0, 0), (1, 1), (60, 11), (59, 12)] {
        stage.size = size;
        stage.draw();
    }
}

#[test]
fn every_size_draws() {
    let mut stage = Stage::at(5_240, SMALL);
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
        for (help, words) in [(false, "Mixed load"), (true, "keys and glyphs")] {
            stage.app.help = help;
            assert!(stage.text().contains(words), "{size:?}");
        }
    }
}

#[test]
fn a_blocked_worker_is_red_while_it_blocks_and_names_who_blocks() {
    let mut stage = Stage::at(5_240, SMALL);
    let text = stage.text();
    let lane = text
        .lines()
        .find(|line| line.contains(" block "))
        .expect("a lane says that it is blocked");
    assert!(lane.contains("clock_nanosleep") || lane.contains("block 2"), "{lane}");
    let culprit = lane
        .split_whitespace()
        .find(|word| word.starts_with("api#"))
        .expect("whose it is");
    let first = text
        .lines()
        .skip_while(|line| !line.contains("tasks "))
        .nth(1)
        .expect("a first task");
    assert!(
        first.contains(culprit) && first.contains("blocking"),
        "the culprit comes first: {first}"
    );
    let buf = stage.draw();
    let red = buf.content().iter().filter(|cell| cell.symbol() == "▓");
    let blocking = Theme::new(Depth::True).state(crate::model::State::Blocking, 0);
    let red: Vec<_> = red.filter(|cell| Some(cell.bg) == blocking.bg).collect();
    assert!(
        red.len() >= 2 * 4,
        "240 ms at 50 ms a column, on a lane and on a task: {}",
        red.len()
    );
}

#[test]
fn who_waits_for_a_deaf_driver_is_unnoticed_not_idle() {
    let text = Stage::at(5_240, LARGE).text();
    let heartbeat = row(&text, "heartbeat#0");
    assert!(
        heartbeat.contains("░░░░") && heartbeat.contains("unnoticed"),
        "{heartbeat}"
    );
}

#[test]
fn a_panicked_task_has_an_end_and_a_line_in_the_log() {
    let text = Stage::at(5_240, LARGE).text();
    let thumb = row(&text, "thumb#1");
    assert!(thumb.contains('!') && thumb.contains("panicked"), "{thumb}");
    assert!(
        text.contains("ERROR  thumb#1  panicked: no such picture: �[31mcat.png"),
        "defused: {text}"
    );
}

#[test]
fn without_colours_the_same_text_and_no_colour() {
    let mut stage = Stage::at(5_240, LARGE);
    let coloured = stage.text();
    stage.depth = Depth::None;
    assert_eq!(stage.text(), coloured);
    for cell in stage.draw().content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn a_frozen_view_stands_while_the_run_goes_on() {
    let mut stage = Stage::at(5_240, LARGE);
    stage.act(Action::Freeze);
    let pictures = |text: String| {
        let rows = ["worker 0", "worker 1", "heartbeat#0", "api#3", "thumb#0"];
        rows.map(|name| row(&text, name).to_owned())
    };
    let before = pictures(stage.text());
    assert!(stage.text().contains("❄ frozen"));
    stage.play(6_500);
    assert_eq!(pictures(stage.text()), before);
    stage.act(Action::Freeze);
    assert_ne!(pictures(stage.text()), before);
    assert!(stage.text().contains("● live"));
}

#[test]
fn a_long_caption_takes_a_second_row_and_no_length_is_cut() {
    let mut stage = Stage::at(5_240, (60, 24));
    let text = stage.text();
    assert!(text.contains("task suffers?"), "{text}");
    // Where there is no room for the word, there is for whose it is and for how long.
    assert!(row(&text, "worker 1").ends_with("  31 %  api#3 236 ms"), "{text}");
}

#[test]
fn a_view_that_looks_back_says_who_held_a_lane_and_what_tasks_waited_for() {
    let mut stage = Stage::at(5_240, LARGE);
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

#[test]
fn who_looks_back_sees_the_trouble_of_then_first() {
    let mut stage = Stage::at(7_500, SMALL);
    let first = |stage: &mut Stage| {
        let text = stage.text();
        let heading = text
            .lines()
            .position(|line| line.contains("tasks "))
            .expect("a heading");
        text.lines().nth(heading + 1).expect("a first row").to_owned()
    };
    assert!(!first(&mut stage).contains('▓'), "nobody blocks any more");
    stage.act(Action::Freeze);
    let frozen = stage.app.order.tasks().to_vec();
    stage.draw();
    assert_eq!(stage.app.order.tasks(), frozen, "a freeze moves no row");
    for _ in 0..9 {
        stage.act(Action::PanLeft);
    }
    let text = first(&mut stage);
    assert!(text.contains("api#3") && text.contains('▓'), "who blocked then: {text}");
    stage.act(Action::Back);
    stage.play(9_000);
    assert!(!first(&mut stage).contains("api#3"));
}

#[test]
fn who_was_not_there_yet_has_no_row_above_who_was() {
    let mut stage = Stage::at(7_000, SMALL);
    let mut batch = stage.script.batch(RunInstant::from_millis(7_020));
    let born = crate::record::Spawned {
        at: RunInstant::from_millis(7_010),
        task: crate::record::TaskId::new(99).expect("a number"),
        parent: None,
        index: 7,
        group: crate::record::GroupId(0),
    };
    let record = crate::record::Record::Spawned(born);
    batch.records.push((crate::record::LaneId(0), record));
    stage.model.apply(&batch);
    stage.play(9_000);
    assert_ne!(stage.app.order.tasks().last(), Some(&born.task), "it waits for a lane");
    stage.act(Action::PanLeft);
    for _ in 0..12 {
        stage.act(Action::PanLeft);
    }
    stage.draw();
    assert_eq!(stage.app.order.tasks().last(), Some(&born.task));
}

#[test]
fn an_ended_run_stays_to_look_back_at() {
    let mut stage = Stage::at(6_000, SMALL);
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
fn keys_do_what_help_says() {
    let mut stage = Stage::at(2_000, SMALL);
    assert_eq!(stage.act(Action::Inject), Some(Intent::Inject));
    assert_eq!(stage.act(Action::Quit), Some(Intent::Quit));
    assert_eq!(stage.act(Action::Help), None);
    assert!(stage.app.help);
    assert_eq!(stage.act(Action::Inject), None, "not behind the help page");
    stage.act(Action::Back);
    assert!(!stage.app.help);
    stage.act(Action::PanLeft);
    assert!(!stage.app.view.is_live());
    stage.act(Action::Back);
    assert!(stage.app.view.is_live());
    stage.act(Action::NextPanel);
    assert_eq!(stage.app.focus, Panel::Log);
    stage.act(Action::PreviousPanel);
    assert_eq!(stage.app.focus, Panel::Tasks);
}

#[test]
fn the_selected_task_keeps_its_cursor_when_rows_move() {
    let mut stage = Stage::at(2_000, LARGE);
    for _ in 0..4 {
        stage.act(Action::Down);
    }
    let selected = stage.app.tasks.selected().expect("four steps down");
    let name = stage.model.task_name(selected).to_string();
    assert!(stage.text().contains(&format!("▸{name}")));
    stage.act(Action::Sort);
    stage.play(5_240);
    assert_eq!(stage.app.tasks.selected(), Some(selected));
    assert!(stage.text().contains(&format!("▸{name}")));
}

#[test]
fn rows_do_not_dance() {
    let mut stage = Stage::at(2_000, LARGE);
    let mut order = stage.app.order.tasks().to_vec();
    let mut moves = 0;
    for ms in (2_100..=4_900).step_by(100) {
        stage.play(ms);
        moves += usize::from(stage.app.order.tasks() != order);
        order = stage.app.order.tasks().to_vec();
    }
    assert!(moves <= 3, "rows moved {moves} times in three seconds");
    assert_eq!(order.len(), fixture::TASKS as usize);
}

#[test]
fn the_first_tasks_have_rows_in_the_first_frame_that_knows_of_them() {
    let mut stage = Stage::at(0, LARGE);
    assert!(!stage.text().contains("heartbeat#0"), "nobody has come yet");
    stage.play(20);
    assert!(stage.text().contains("heartbeat#0"));
    assert_eq!(stage.app.order.tasks().len(), fixture::TASKS as usize);
}

#[test]
fn who_begins_to_block_comes_up_at_once() {
    let mut stage = Stage::at(4_900, LARGE);
    stage.play(5_000 + 220);
    let first = stage.app.order.tasks()[0];
    assert_eq!(stage.model.state(first), crate::model::State::Blocking);
}

#[test]
fn what_was_lost_is_loud() {
    let mut stage = Stage::at(1_000, SMALL);
    assert!(stage.text().contains("· 0 lost"));
    let mut batch = stage.script.batch(RunInstant::from_millis(1_020));
    batch.lost.push(crate::record::Lost {
        lane: crate::record::LaneId(0),
        slices: 7,
        others: 0,
    });
    stage.model.apply(&batch);
    let buf = stage.draw();
    let alarm = Theme::new(Depth::True).alarm();
    let loud: String = buf.content()[..80]
        .iter()
        .filter(|c| Some(c.bg) == alarm.bg)
        .map(|c| c.symbol())
        .collect();
    assert_eq!(loud, " 7 lost ");
}

#[test]
fn the_script_says_how_far_it_is_and_that_it_waits() {
    let mut stage = Stage::at(4_000, SMALL);
    let caption = |text: String| text.lines().nth(1).expect("a caption").to_owned();
    assert_eq!(caption(stage.text()).trim(), "0/1");
    stage.run = RunState::Waiting;
    assert_eq!(caption(stage.text()).trim(), "n  0/1");
    assert!(stage.text().contains("n next"));
    assert_eq!(stage.act(Action::Next), Some(Intent::Next));
    stage.play(5_240);
    stage.run = RunState::Running;
    let text = stage.text();
    assert!(!text.contains("n next"), "there is no cue to go on to");
    assert!(caption(text).ends_with(" 1/1"));
    stage.act(Action::PanLeft);
    stage.act(Action::PanLeft);
    assert_eq!(
        caption(stage.text()).trim(),
        "0/1",
        "a frozen view shows what was said by then"
    );
}

#[test]
fn a_question_looks_like_one() {
    let mut info = Script::info();
    info.cues[0].is_question = true;
    let mut stage = Stage::at(0, SMALL);
    stage.model = Model::new(info);
    stage.play(5_240);
    for depth in [Depth::True, Depth::None] {
        stage.depth = depth;
        let buf = stage.draw();
        let theme = Theme::new(depth);
        assert_eq!(buf[(1, 1)].symbol(), "?");
        assert_ne!(buf[(1, 1)].style(), buf[(10, 1)].style(), "the badge stands out");
        assert_eq!(Some(buf[(10, 1)].bg), theme.question().bg.or(Some(Color::Reset)));
    }
    assert_ne!(Theme::new(Depth::True).question(), Theme::new(Depth::True).caption());
}

#[test]
fn tasks_that_call_tasks_at_80_by_24() {
    let mut stage = Stage::family(SMALL);
    stage.run = RunState::Waiting;
    insta::assert_snapshot!(stage.text());
}

#[test]
fn tasks_that_call_tasks_at_160_by_50() {
    let mut stage = Stage::family(LARGE);
    stage.act(Action::Sort);
    stage.act(Action::Sort);
    insta::assert_snapshot!(stage.text());
}

#[test]
fn where_there_is_room_groups_are_compared() {
    let mut stage = Stage::at(5_240, (160, 70));
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
    assert!(table[1].contains("8.0 µs"), "a heartbeat's poll: {}", table[1]);
    stage.size = SMALL;
    assert!(!stage.text().contains("poll p50"));
}
