//! How full the scenario's channels are: a bar each, in one row above the gauges.
//!
//! ```text
//!   jobs ███████████████████░░░░░  6/8      results ░░░░░░░░░░░░░░░░░░░░░░░░  0/4
//! ```
//!
//! A full one is where senders wait: that is what backpressure looks like. A view that looks back shows what was in them
//! when they were last looked at by then, and `?` before the first look.

use super::frame_context::FrameContext;
use crate::model::Channel;
use crate::record::ChannelSample;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A bar is not longer than this, or the eye does not find its end.
const LONGEST: usize = 40;
/// Nor shorter, or it says nothing.
const SHORTEST: usize = 4;

/// Draws the row.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let channels = context.model.channels();
    if area.is_empty() || channels.is_empty() {
        return;
    }
    let names = |channel: &Channel| text::width(context.model.label(channel.latest.label));
    let name = channels.iter().map(names).max().unwrap_or(0).clamp(1, 16);
    let count = channels.iter().map(|c| digits(c.latest.capacity)).max().unwrap_or(1) * 2 + 1;
    // As many as have room for a bar that says something.
    let besides = name + count + 5;
    let across = channels
        .len()
        .min(usize::from(area.width) / (besides + SHORTEST))
        .max(1);
    let each = (usize::from(area.width) - 1) / across;
    let bar = each.saturating_sub(besides).min(LONGEST);
    for (x, channel) in (area.x + 1..).step_by(each).zip(channels.iter().take(across)) {
        let label = text::fit(context.model.label(channel.latest.label), name);
        buf.set_string(x, area.y, label, context.theme.strong());
        let x = x + name as u16 + 1;
        let then = || {
            let len = channel.len_at(context.at)?;
            Some(ChannelSample { len, ..channel.latest })
        };
        let sample = if context.live() { Some(channel.latest) } else { then() };
        let full = sample.map_or(0, |sample| filled(&sample, bar));
        let len = sample.map_or("?".to_owned(), |sample| sample.len.to_string());
        let style = match sample {
            Some(sample) if sample.len >= sample.capacity => context.theme.bad(),
            _ => context.theme.group(0),
        };
        buf.set_string(x, area.y, "█".repeat(full), style);
        buf.set_string(x + full as u16, area.y, "░".repeat(bar - full), context.theme.quiet());
        let fill = format!(" {:>count$}", format!("{len}/{}", channel.latest.capacity));
        buf.set_string(x + bar as u16, area.y, fill, style);
    }
}

/// Cells of a bar that are filled: none only of an empty channel, all only of a full one.
fn filled(channel: &ChannelSample, cells: usize) -> usize {
    let (len, capacity) = (channel.len as usize, channel.capacity.max(1) as usize);
    match len {
        0 => 0,
        len if len >= capacity => cells,
        len => (len * cells / capacity).clamp(1, cells.saturating_sub(1).max(1)),
    }
}

fn digits(n: u32) -> usize {
    n.checked_ilog10().unwrap_or(0) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Label, RunInstant};

    #[test]
    fn a_bar_is_empty_or_full_only_if_the_channel_is() {
        let cells = |len, capacity, cells| {
            let sample = ChannelSample {
                at: RunInstant::ZERO,
                label: Label(1),
                len,
                capacity,
            };
            filled(&sample, cells)
        };
        assert_eq!([0, 1, 4, 7, 8].map(|len| cells(len, 8, 8)), [0, 1, 4, 7, 8]);
        assert_eq!([0, 1, 500, 999, 1000].map(|len| cells(len, 1000, 8)), [0, 1, 4, 7, 8]);
        assert_eq!([0, 1, 2].map(|len| cells(len, 2, 1)), [0, 1, 1]);
    }
}
