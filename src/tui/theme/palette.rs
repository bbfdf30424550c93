//! The palette, and the number of colours that the terminal supports.
//!
//! The palette follows Okabe and Ito, who designed theirs for colour-blind readers (*Color
//! Universal Design*, 2008). All colours can be read on a dark and on a light background.

use ratatui::style::Color;

/// How many colours to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColorDepth {
    /// No colours: only bold, dim and reverse.
    None,
    /// The 16 colours of the terminal.
    Ansi16,
    /// The 256 colours of xterm.
    Ansi256,
    /// Any 24-bit colour.
    TrueColor,
}

impl ColorDepth {
    /// Detects the colour depth from the environment variables `NO_COLOR`, `COLORTERM` and `TERM`.
    /// `NO_COLOR` has an effect if it is set and not empty (<https://no-color.org>).
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> ColorDepth {
        let var = |name| var(name).unwrap_or_default();
        let (term, color_term) = (var("TERM"), var("COLORTERM"));
        if !var("NO_COLOR").is_empty() || matches!(term.as_str(), "dumb" | "vt100" | "vt220") {
            ColorDepth::None
        } else if matches!(color_term.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            ColorDepth::TrueColor
        } else if term.contains("256color") {
            ColorDepth::Ansi256
        } else {
            ColorDepth::Ansi16
        }
    }
}

/// A colour of the palette, with a variant for each colour depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PaletteColor {
    rgb: u32,
    indexed: u8,
    ansi: Color,
}

impl PaletteColor {
    /// The variant for the given colour depth.
    pub(super) fn at(self, depth: ColorDepth) -> Color {
        match depth {
            ColorDepth::None => Color::Reset,
            ColorDepth::Ansi16 => self.ansi,
            ColorDepth::Ansi256 => Color::Indexed(self.indexed),
            ColorDepth::TrueColor => Color::from_u32(self.rgb),
        }
    }
}

const fn color(rgb: u32, indexed: u8, ansi: Color) -> PaletteColor {
    PaletteColor { rgb, indexed, ansi }
}

/// The colours of groups, by position. After the last colour, the first colour is used again. With
/// 16 colours, the states need all of them, and groups have no colour.
pub(super) const GROUPS: [PaletteColor; 4] = [
    color(0x2fb5c7, 38, Color::Reset),
    color(0xb58a5f, 137, Color::Reset),
    color(0x5fa85f, 71, Color::Reset),
    color(0xa5708f, 132, Color::Reset),
];
pub(super) const RUNNING: PaletteColor = color(0x2b88d8, 32, Color::LightBlue);
pub(super) const BLOCKING: PaletteColor = color(0xff5a1f, 202, Color::LightRed);
pub(super) const BLOCKING_BACKGROUND: PaletteColor = color(0xb03a00, 130, Color::Red);
pub(super) const HOGGING: PaletteColor = color(0xe69f00, 214, Color::LightYellow);
pub(super) const HOGGING_BACKGROUND: PaletteColor = color(0x6b4a00, 94, Color::Reset);
pub(super) const SLEEPING: PaletteColor = color(0x5b7fa6, 67, Color::Blue);
pub(super) const QUEUED: PaletteColor = color(0xc4b200, 142, Color::Yellow);
pub(super) const QUEUED_BACKGROUND: PaletteColor = color(0x6b6300, 58, Color::Reset);
pub(super) const UNNOTICED: PaletteColor = color(0xee82c0, 212, Color::LightMagenta);
pub(super) const UNNOTICED_BACKGROUND: PaletteColor = color(0x94487a, 89, Color::Magenta);
pub(super) const WAITING: PaletteColor = color(0xb39ddb, 140, Color::Cyan);
pub(super) const QUIET: PaletteColor = color(0x6b7280, 243, Color::DarkGray);
pub(super) const GOOD: PaletteColor = color(0x2bbf93, 36, Color::Green);
/// The colour of bars that show a number, not a state.
pub(super) const NEUTRAL: PaletteColor = color(0x9aa0a8, 247, Color::Gray);
/// The backgrounds of the captions. A statement is dark, and a question is light.
pub(super) const STATEMENT: PaletteColor = color(0x3d434d, 238, Color::DarkGray);
pub(super) const QUESTION: PaletteColor = color(0xd5d9e0, 253, Color::Gray);
pub(super) const WHITE: PaletteColor = color(0xffffff, 231, Color::White);
pub(super) const BLACK: PaletteColor = color(0x101010, 233, Color::Black);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_the_depth() {
        let with = |vars: &'static [(&str, &str)]| {
            ColorDepth::detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()))
        };
        assert_eq!(
            with(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
            ColorDepth::TrueColor
        );
        assert_eq!(with(&[("TERM", "screen-256color")]), ColorDepth::Ansi256);
        assert_eq!(with(&[("TERM", "linux")]), ColorDepth::Ansi16);
        assert_eq!(
            with(&[("TERM", "xterm"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")]),
            ColorDepth::None
        );
        assert_eq!(with(&[("TERM", "xterm"), ("NO_COLOR", "")]), ColorDepth::Ansi16);
    }
}
