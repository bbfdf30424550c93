//! The report about a scenario with mistakes. The report looks like the report of a compiler: it
//! shows each mistake with its place and its remedy.
//!
//! Control characters, and characters that reorder text, never reach the terminal unchanged.
//! Messages show such characters as escapes, and quoted lines show harmless characters instead.
//!
//! The time and the memory for a report grow linearly with the size of the file, whatever the file
//! contains. A report keeps only the diagnostics that it shows, and quotes only the lines around
//! their places.

mod diagnostic;
mod diagnostics;
mod source;

pub(super) use diagnostic::{Diagnostic, Place};
pub(super) use diagnostics::Diagnostics;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Group, Level, Renderer};
use source::Source;
use std::fmt;

/// The maximum number of mistakes that a report shows. The report also gives the number of all
/// mistakes. The limit keeps the report short if the file is not a scenario at all.
const SHOWN: usize = 500;

/// All mistakes of one scenario. A report is never empty.
///
/// [`Display`](fmt::Display) writes the report without colours. [`Report::render`] can use colours.
#[derive(Clone, Debug)]
pub struct Report {
    source: Source,
    /// The mistakes that are shown.
    diagnostics: Vec<Diagnostic>,
    /// The number of mistakes that are not shown.
    left_out: usize,
}

impl Report {
    /// The number of mistakes.
    #[expect(clippy::len_without_is_empty, reason = "a report is never empty")]
    pub fn len(&self) -> usize {
        self.diagnostics.len() + self.left_out
    }

    /// The title of the first mistake.
    pub fn first(&self) -> &str {
        self.diagnostics.first().map_or("", |first| &first.title)
    }

    /// The report as text that ends with a newline. The text has ANSI colours if `colour` is true.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(DEFAULT_TERM_WIDTH);
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            out.push_str(&renderer.render(&[self.group(diagnostic)]));
            out.push_str("\n\n");
        }
        let count = self.len();
        let mut last = match count {
            1 => format!("{}: 1 error", self.source.name),
            n => format!("{}: {n} errors", self.source.name),
        };
        if count > SHOWN {
            last.push_str(&format!(", of which the first {SHOWN} are shown"));
        }
        out.push_str(&renderer.render(&[Group::with_title(Level::ERROR.no_name().primary_title(last))]));
        out.push('\n');
        out
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(&diagnostic.title));
        group = group.elements(self.source.quote(diagnostic));
        if let Place::Option(option) = diagnostic.place {
            group = group.element(Level::NOTE.message(format!("{option} was given on the command line")));
            group = group.elements(diagnostic.label.iter().map(|label| Level::NOTE.message(label)));
        }
        for note in &diagnostic.notes {
            group = group.element(Level::NOTE.message(note));
        }
        for help in &diagnostic.helps {
            group = group.element(Level::HELP.message(help));
        }
        group
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::controls_terminal;
    use proptest::prelude::*;
    use std::ops::Range;

    fn report(text: &str, span: Range<usize>) -> Report {
        let mut diagnostics = Diagnostics::of(text);
        diagnostics.push(Diagnostic::new(span, format!("bad {text}")).label(text).help(text));
        diagnostics.into_report(text, text)
    }

    #[test]
    fn an_escape_sequence_is_shown_as_text() {
        let plain = report("a\u{1b}[31mb\u{9b}c\u{202e}", 1..2).to_string();
        assert!(!plain.chars().any(|c| c != '\n' && controls_terminal(c)), "{plain:?}");
        assert!(plain.contains("bad a\\u{1b}[31mb\\u{9b}c\\u{202e}"), "{plain}");
    }

    #[test]
    fn a_report_shows_the_first_500_mistakes_and_counts_all() {
        let text = "x\n".repeat(2 * SHOWN);
        let report = |mistakes: usize| {
            let mut diagnostics = Diagnostics::of(&text);
            for n in 0..mistakes {
                diagnostics.push(Diagnostic::new(2 * n..2 * n + 1, "bad"));
            }
            diagnostics.into_report("t.toml", &text).to_string()
        };
        let shown = |report: &str| report.matches("error: bad").count();
        let fifty = report(50);
        assert_eq!(shown(&fifty), 50);
        assert!(fifty.ends_with("\nt.toml: 50 errors\n"), "{fifty}");
        let many = report(SHOWN + 1);
        assert_eq!(shown(&many), SHOWN);
        assert!(many.ends_with("\nt.toml: 501 errors, of which the first 500 are shown\n"));
    }

    proptest! {
        #[test]
        fn a_report_never_contains_control_characters(text in "(?s).*", a in 0usize..40, b in 0usize..40) {
            let plain = report(&text, a.min(b)..a.max(b)).to_string();
            prop_assert!(!plain.chars().any(|c| c != '\n' && controls_terminal(c)), "{:?}", plain);
        }
    }
}
