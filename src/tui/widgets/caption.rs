//! The caption: the text of the last cue that has a text, and the number of cues that have passed.
//!
//! ```text
//!   Now one handler calls std::thread::sleep(300 ms).                          2/5     a statement
//!  ? Which task suffers?                                                    n  3/5     a question; the run waits
//! ```
//!
//! Students must recognise a question from the back of a classroom. So a question has a different
//! background, and a badge before its text. As soon as a deadlock has been found, a sentence about
//! the deadlock replaces the caption.

use crate::model::{CueInfo, Model};
use crate::record::{Mark, RunInstant};
use crate::run::RunState;
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::keys::{Action, key};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The badge before a question.
const QUESTION: &str = " ? ";

/// The badge with the key that continues the scenario's timeline. The badge is shown while the
/// timeline waits for this key.
fn continue_key() -> String {
    format!(" {} ", key::label(Action::Next.keys()[0]))
}

/// Draws the sentence about the first deadlock. If there is no deadlock, draws the caption of the
/// last cue with a text.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = context.theme;
    if let Some(sentence) = deadlock(context.model, context.at) {
        let style = theme.alarm();
        buf.set_style(area, style);
        let lines = deadlock_lines(context.model, sentence, area.width, area.height);
        for (y, line) in (area.y..).zip(lines) {
            buf.set_string(area.x + 1, y, line, style);
        }
    } else if let Some(cue) = current_caption(context.model, context.at) {
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
    let (passed, total) = progress(context.model, context.at);
    if total > 0 {
        let count = count(passed, total);
        let x = area.right() - count.len() as u16;
        buf.set_string(x, area.y, &count, buf[(x, area.y)].style());
        if *context.run == RunState::Waiting && context.is_live() {
            let key = continue_key();
            buf.set_string(x - text::width(&key) as u16, area.y, key, theme.badge());
        }
    }
}

/// The height of the longest caption, in rows, but at most `max_rows`. These rows stay reserved, so
/// that the parts below do not jump when a caption appears. Only a deadlock may need more rows than
/// were reserved.
pub(crate) fn rows(model: &Model, width: u16, max_rows: u16) -> u16 {
    let cues = model.info().cues.iter();
    let rows = cues.map(|cue| lines(model, cue, width, max_rows).len());
    let deadlock = deadlock(model, model.now());
    let deadlock = deadlock.map(|sentence| deadlock_lines(model, sentence, width, max_rows).len());
    rows.chain(deadlock).max().unwrap_or(0) as u16
}

/// The sentence about the first deadlock. `None` if no deadlock had been found at the instant `at`.
fn deadlock(model: &Model, at: RunInstant) -> Option<&str> {
    let first = model.deadlocks().first()?;
    (first.found <= at).then_some(&first.sentence)
}

/// Wraps the sentence about a deadlock into lines.
fn deadlock_lines(model: &Model, sentence: &str, width: u16, max_lines: u16) -> Vec<String> {
    let total = model.info().cues.len();
    let beside = 1 + text::width(&continue_key()) + count(total, total).len();
    text::wrap(
        &text::clean(sentence),
        usize::from(width).saturating_sub(beside),
        max_lines.into(),
    )
}

/// Wraps the text of a cue into lines. The lines leave room for the badges and the count of cues.
fn lines(model: &Model, cue: &CueInfo, width: u16, max_lines: u16) -> Vec<String> {
    let total = model.info().cues.len();
    let badge = if cue.is_question { QUESTION.len() } else { 0 };
    let beside = 1 + badge + text::width(&continue_key()) + count(total, total).len();
    text::wrap(
        &cue.caption,
        usize::from(width).saturating_sub(beside),
        max_lines.into(),
    )
}

fn count(passed: usize, total: usize) -> String {
    format!(" {passed}/{total} ")
}

/// The number of cues that have passed at the instant `at`, and the number of all cues that are due
/// before the run ends.
pub(crate) fn progress(model: &Model, at: RunInstant) -> (usize, usize) {
    let info = model.info();
    let is_in_time = |cue: &&CueInfo| info.duration.is_none_or(|end| cue.at.since_zero() <= end);
    let passed = passed_cues(model, at).last().map_or(0, |index| index + 1);
    (passed, info.cues.iter().filter(is_in_time).count().max(passed))
}

/// The last cue that has a text and has passed at the instant `at`.
fn current_caption(model: &Model, at: RunInstant) -> Option<&CueInfo> {
    let cues = passed_cues(model, at).filter_map(|index| model.info().cues.get(index));
    cues.filter(|cue| !cue.caption.is_empty()).last()
}

/// The indices of the cues that have passed at the instant `at`, in ascending order.
fn passed_cues(model: &Model, at: RunInstant) -> impl Iterator<Item = usize> {
    let marks = model.marks().iter().take_while(move |marked| marked.at <= at);
    marks.filter_map(|marked| match marked.mark {
        Mark::Cue(index) => Some(usize::from(index)),
        Mark::Injected(_) => None,
    })
}
