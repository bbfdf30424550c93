//! What the lecturer's script says at the moment on screen: the last cue that spoke, across the whole width, and how far
//! the script is.
//!
//! ```text
//!   Now one handler calls std::thread::sleep(300 ms).                          2/5     a statement
//!  ? Which task suffers?                                                    n  3/5     a question; the timeline waits
//! ```
//!
//! A question must look like one from the back of a room: another ground, and a badge before it.

use super::frame_context::FrameContext;
use crate::model::{CueInfo, Model};
use crate::record::{Mark, RunInstant};
use crate::run::RunState;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What stands before a question.
const QUESTION: &str = " ? ";
/// The key that goes on, when the timeline waits for it.
const KEY: &str = " n ";

/// Draws the caption bar, if a cue has spoken yet.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = context.theme;
    if let Some(cue) = spoken(context.model, context.at) {
        let style = if cue.is_question {
            theme.question()
        } else {
            theme.caption()
        };
        buf.set_style(area, style);
        let mut x = area.x + 1;
        if cue.is_question {
            buf.set_string(area.x, area.y, QUESTION, theme.badge());
            x += QUESTION.len() as u16;
        }
        for (y, line) in (area.y..).zip(lines(context.model, cue, area.width, area.height)) {
            buf.set_string(x, y, line, style);
        }
    }
    let (came, all) = progress(context.model, context.at);
    if all > 0 {
        let count = count(came, all);
        let x = area.right() - count.len() as u16;
        buf.set_string(x, area.y, &count, buf[(x, area.y)].style());
        if *context.run == RunState::Waiting && context.live() {
            buf.set_string(x - KEY.len() as u16, area.y, KEY, theme.badge());
        }
    }
}

/// Rows that the longest caption needs, so many at most: they stay reserved, so that nothing jumps when a cue speaks.
pub fn rows(model: &Model, width: u16, most: u16) -> u16 {
    let cues = model.info().cues.iter();
    cues.map(|cue| lines(model, cue, width, most).len().max(1))
        .max()
        .unwrap_or(0) as u16
}

/// A cue's words as they stand in so many columns and rows, beside all that may stand there too.
fn lines(model: &Model, cue: &CueInfo, width: u16, rows: u16) -> Vec<String> {
    let all = model.info().cues.len();
    let badge = if cue.is_question { QUESTION.len() } else { 0 };
    let besides = 1 + badge + KEY.len() + count(all, all).len();
    text::wrap(&cue.caption, usize::from(width).saturating_sub(besides), rows.into())
}

fn count(came: usize, all: usize) -> String {
    format!(" {came}/{all} ")
}

/// How many cues came by `at`, and how many there are before the run's time is up.
pub fn progress(model: &Model, at: RunInstant) -> (usize, usize) {
    let info = model.info();
    let comes = |cue: &&CueInfo| info.duration.is_none_or(|end| cue.at.since_zero() <= end);
    let came = cues(model, at).last().map_or(0, |n| n + 1);
    (came, info.cues.iter().filter(comes).count().max(came))
}

/// The last cue with any words that came by `at`.
fn spoken(model: &Model, at: RunInstant) -> Option<&CueInfo> {
    let known = cues(model, at).filter_map(|n| model.info().cues.get(n));
    known.filter(|cue| !cue.caption.is_empty()).last()
}

/// The numbers of the cues that came by `at`, in order.
fn cues(model: &Model, at: RunInstant) -> impl Iterator<Item = usize> {
    let marks = model.marks().iter().take_while(move |marked| marked.at <= at);
    marks.filter_map(|marked| match marked.mark {
        Mark::Cue(n) => Some(usize::from(n)),
        Mark::Injected(_) => None,
    })
}
