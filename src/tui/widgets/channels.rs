//! Shows how full the scenario's channels are: one bar per channel, in one row above the gauges.
//!
//! ```text
//!   jobs ███████████████████░░░░░  6/8      results ░░░░░░░░░░░░░░░░░░░░░░░░  0/4
//! ```
//!
//! Senders wait while a channel is full. This effect is called backpressure. An unbounded channel
//! is never full, so its bar is full at the greatest length so far. If messages have a size, the
//! memory of the messages is shown after the length. A frozen view shows the last sample before the
//! visible instant. If there is no such sample, the view shows `?`.

use crate::model::Channel;
use crate::text;
use crate::tui::frame_context::FrameContext;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The maximum width of a bar, in cells. The end of a longer bar would be hard to find.
const MAX_BAR: usize = 40;
/// The minimum width of a bar, in cells. A shorter bar would show too little.
const MIN_BAR: usize = 4;

/// The widths of the parts of a channel's entry, in columns. All channels have the same widths.
struct Columns {
    /// The number of entries that fit.
    entries: usize,
    name: usize,
    bar: usize,
    /// The width of a text like `6/8`.
    fill: usize,
    /// The width of a whole entry, including the gap after the entry.
    entry: usize,
}

/// Draws the row. Channels that do not fit are omitted.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let channels = context.model.channels();
    if area.is_empty() || channels.is_empty() {
        return;
    }
    let columns = Columns::new(context, channels, usize::from(area.width));
    let positions = (area.x + 1..).step_by(columns.entry);
    for (x, channel) in positions.zip(channels.iter().take(columns.entries)) {
        render_channel(context, channel, &columns, (x, area.y), buf);
    }
}

impl Columns {
    fn new(context: &FrameContext<'_>, channels: &[Channel], width: usize) -> Columns {
        let names = channels.iter().map(|channel| text::width(label(context, channel)));
        let name = names.max().unwrap_or(0).clamp(1, 16);
        let fills = channels
            .iter()
            .map(|channel| text::width(&fill(channel, widest(channel))));
        let fill = fills.max().unwrap_or(1);
        let beside_bar = name + fill + 5;
        let entries = channels.len().min(width / (beside_bar + MIN_BAR)).max(1);
        let entry = (width - 1) / entries;
        Columns {
            entries,
            name,
            bar: entry.saturating_sub(beside_bar).min(MAX_BAR),
            fill,
            entry,
        }
    }
}

fn render_channel(
    context: &FrameContext<'_>,
    channel: &Channel,
    columns: &Columns,
    (x, y): (u16, u16),
    buf: &mut Buffer,
) {
    let theme = context.theme;
    let name = text::fit(label(context, channel), columns.name);
    buf.set_string(x, y, name, theme.strong());
    let x = x + columns.name as u16 + 1;
    let len = if context.is_live() {
        Some(channel.latest.len)
    } else {
        channel.len_at(context.at)
    };
    let all = channel.latest.capacity.unwrap_or(channel.max_len);
    let filled = len.map_or(0, |len| filled_cells(len, all, columns.bar));
    let style = match (len, channel.latest.capacity) {
        (Some(len), Some(capacity)) if len >= capacity => theme.bad(),
        _ => theme.neutral(),
    };
    buf.set_string(x, y, "█".repeat(filled), style);
    let empty = "░".repeat(columns.bar - filled);
    buf.set_string(x + filled as u16, y, empty, theme.quiet());
    let fill = fill(channel, len);
    let gap = columns.fill.saturating_sub(text::width(&fill)) + 1;
    buf.set_string(x + columns.bar as u16, y, format!("{:gap$}{fill}", ""), style);
}

/// `6/8` for a bounded channel, `6` for an unbounded channel, and `6/8 12 KiB` if messages have a
/// size.
fn fill(channel: &Channel, len: Option<u32>) -> String {
    let sample = &channel.latest;
    let mut fill = len.map_or("?".to_owned(), |len| len.to_string());
    if let Some(capacity) = sample.capacity {
        fill = format!("{fill}/{capacity}");
    }
    match len {
        Some(len) if sample.item_bytes > 0 => {
            format!("{fill} {:>7}", text::bytes(u64::from(len) * sample.item_bytes))
        }
        _ => fill,
    }
}

/// The length with the widest text. The width for an unbounded channel grows in steps, so that the
/// row does not move with each message.
fn widest(channel: &Channel) -> Option<u32> {
    Some(channel.latest.capacity.unwrap_or(channel.max_len.max(99_999)))
}

fn label<'a>(context: &FrameContext<'a>, channel: &Channel) -> &'a str {
    context.model.label(channel.latest.label)
}

/// The number of filled cells of a bar. The number is 0 only if the channel is empty. A bar of at
/// least two cells is completely filled only if the channel is full.
fn filled_cells(len: u32, capacity: u32, cells: usize) -> usize {
    let (len, capacity) = (len as usize, capacity.max(1) as usize);
    match len {
        0 => 0,
        len if len >= capacity => cells,
        len => (len * cells / capacity).clamp(1, cells.saturating_sub(1).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_or_full_only_if_the_channel_is_empty_or_full() {
        assert_eq!([0, 1, 4, 7, 8].map(|len| filled_cells(len, 8, 8)), [0, 1, 4, 7, 8]);
        assert_eq!(
            [0, 1, 500, 999, 1000].map(|len| filled_cells(len, 1000, 8)),
            [0, 1, 4, 7, 8]
        );
        assert_eq!([0, 1, 2].map(|len| filled_cells(len, 2, 1)), [0, 1, 1]);
    }
}
