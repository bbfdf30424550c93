//! A fixture for tests: a run up to some instant, and the screen of that run.

use super::family_run;
use super::mixed_run::MixedRun;
use crate::model::Model;
use crate::record::RunInstant;
use crate::run::RunState;
use crate::tui::keys::Action;
use crate::tui::state::{App, Intent};
use crate::tui::theme::ColorDepth;
use crate::tui::{Options, frame};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The columns and rows of a terminal.
pub(super) type Size = (u16, u16);

pub(super) const SMALL: Size = (80, 24);
pub(super) const MEDIUM: Size = (120, 36);
pub(super) const LARGE: Size = (160, 50);

pub(super) struct Stage {
    pub(super) records: MixedRun,
    pub(super) model: Model,
    pub(super) app: App,
    pub(super) run: RunState,
    pub(super) color_depth: ColorDepth,
    pub(super) size: Size,
}

impl Stage {
    /// Creates the [mixed run](MixedRun) and plays it up to `ms` milliseconds.
    pub(super) fn mixed(ms: u64, size: Size) -> Stage {
        let mut stage = Stage {
            records: MixedRun::new(20_000),
            model: Model::new(MixedRun::info()),
            app: App::default(),
            run: RunState::Running,
            color_depth: ColorDepth::TrueColor,
            size,
        };
        stage.play(ms);
        stage
    }

    /// Creates the [family run](family_run).
    pub(super) fn family(size: Size) -> Stage {
        Stage {
            model: family_run::model(),
            ..Stage::mixed(0, size)
        }
    }

    /// Continues the mixed run up to `ms` milliseconds, with a batch every 20 ms and a frame every
    /// 100 ms.
    pub(super) fn play(&mut self, ms: u64) {
        let mut at = self.model.now().0 / 1_000_000;
        while at < ms {
            at = (at + 20).min(ms);
            let batch = self.records.batch(RunInstant::from_millis(at));
            self.model.apply(&batch);
            if at.is_multiple_of(100) {
                self.draw();
            }
        }
    }

    /// Draws a frame and then carries out the action. A real screen also draws a frame before each
    /// key.
    pub(super) fn act(&mut self, action: Action) -> Option<Intent> {
        self.draw();
        self.app.act(action, &self.model)
    }

    pub(super) fn draw(&mut self) -> Buffer {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        let options = Options {
            color_depth: self.color_depth,
            calibration: Some("1 ms = 1.9 M rounds".into()),
            program: None,
        };
        frame::render(&mut self.app, &self.model, &self.run, &options, &mut buf);
        buf
    }

    /// Draws a frame and returns its text, without spaces at the ends of lines.
    pub(super) fn text(&mut self) -> String {
        let buf = self.draw();
        let lines = buf.content().chunks(usize::from(self.size.0));
        let text = lines.map(|line| {
            let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
            format!("{}\n", line.trim_end())
        });
        text.collect()
    }
}

/// Finds the row with this name. Returns the text from the name to the end of the line.
pub(super) fn row<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find(|line| line.trim_start_matches([' ', '▸']).starts_with(name))
        .unwrap_or_else(|| panic!("no row {name} in\n{text}"))
}
