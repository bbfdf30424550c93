//! Prepares text for a terminal. The functions remove control characters, shorten text to a display
//! width, and format numbers. The width of a formatted number changes little from frame to frame.
//!
//! The screen, the closing table and the log all write durations, counts and names with these
//! functions. A number therefore looks the same everywhere.

mod quantity;
mod syscall;

pub use quantity::{bytes, clock, count, duration, instant, round_duration};
pub use syscall::syscall;

use std::borrow::Cow;
use textwrap::WordSplitter;
use unicode_truncate::UnicodeTruncateStr;
use unicode_width::UnicodeWidthStr;

/// Whether `c` could control a terminal or reorder the surrounding text. Returns true for control
/// characters and for Unicode's invisible directional marks ("Trojan Source", CVE-2021-42574).
pub(crate) fn controls_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Makes foreign text safe for a terminal. Characters that could control the terminal become
/// escapes, such as `\u{1b}`, and line ends become spaces. Every foreign text passes through this
/// function before it is shown: names, paths, error messages, and messages of other programs.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(controls_terminal) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => cleaned.push(' '),
            c if controls_terminal(c) => cleaned.extend(c.escape_unicode()),
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

/// Cleans `text` and shortens it to at most `width` columns. A shortened text ends in `…`.
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    let text = clean(text);
    if text.width() <= width {
        return text;
    }
    let Some(width) = width.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let (kept, _) = text.unicode_truncate(width);
    Cow::Owned(format!("{kept}…"))
}

/// Cleans a task's name and shortens it to at most `width` columns. If there is room, the number of
/// the task stays complete, because the number distinguishes the tasks of a group.
pub fn fit_name(name: &str, width: usize) -> Cow<'_, str> {
    if let Cow::Owned(cleaned) = clean(name) {
        return Cow::Owned(fit_name(&cleaned, width).into_owned());
    }
    let (group, number) = name.split_at(name.rfind('#').unwrap_or(name.len()));
    if name.width() <= width || number.width() + 1 >= width {
        return fit(name, width);
    }
    Cow::Owned(format!("{}{number}", fit(group, width - number.width())))
}

/// Cleans `text` and breaks it between words into at most `max_lines` lines of at most `width`
/// columns. A shortened line ends in `…`.
pub fn wrap(text: &str, width: usize, max_lines: usize) -> Vec<String> {
    let text = clean(text);
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut lines = textwrap::wrap(&text, options);
    if lines.len() > max_lines {
        let rest = lines.split_off(max_lines.saturating_sub(1)).join(" ");
        lines.push(rest.into());
        lines.truncate(max_lines);
    }
    lines.iter().map(|line| fit(line, width).into_owned()).collect()
}

/// The width of `text` on a terminal, in columns.
pub fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_escape_sequence_loses_its_control_characters() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\n"), "a\\u{1b}[31mb\\u{202e}c ");
        assert_eq!(fit("\x1b]0;owned\x07", 8), "\\u{1b}]…");
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn a_shortened_name_keeps_its_number() {
        assert_eq!(fit_name("thumb offload#12", 16), "thumb offload#12");
        assert_eq!(fit_name("thumb offload#12", 12), "thumb of…#12");
        assert_eq!(fit_name("thumb offload#12", 4), "thu…");
        assert_eq!(fit_name("thumb offload", 8), "thumb o…");
        assert_eq!(fit_name("a\u{1b}bcdef#\u{1b}", 12), "a\\u{…#\\u{1b}");
    }

    #[test]
    fn text_breaks_between_words_and_a_long_word_is_shortened() {
        assert_eq!(wrap("Кто страдает от сна?", 12, 3), ["Кто страдает", "от сна?"]);
        assert_eq!(wrap("who waits for whom, and why", 10, 2), ["who waits", "for whom,…"]);
        assert_eq!(wrap("unbreakable", 5, 2), ["unbr…"]);
        assert_eq!(wrap("", 5, 2), [""]);
        assert_eq!(wrap("a", 5, 0), [""; 0]);
    }

    proptest! {
        #[test]
        fn fitted_text_is_clean_and_not_too_wide(text: String, columns in 0usize..40) {
            let fitted = fit(&text, columns);
            prop_assert!(width(&fitted) <= columns);
            prop_assert!(!fitted.contains(controls_terminal));
        }
    }
}
