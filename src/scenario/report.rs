//! The report about a scenario with mistakes. It looks like the report of a compiler: it shows each
//! mistake with its place and its remedy.
//!
//! Control characters, and characters that reorder text, never reach the terminal unchanged.
//! Messages show them as escapes, and quoted lines show harmless characters in their place.

use crate::text::controls_terminal;
use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// The maximum number of mistakes that a report shows. The report also says how many mistakes there
/// are. The limit keeps the report short if the file is not a scenario at all.
const SHOWN: usize = 500;

/// The place where a value is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The value is at these bytes of the file.
    File(Range<usize>),
    /// The value is in this option of the command line.
    Option(&'static str),
}

impl Place {
    /// The offset in the file, in bytes. The offset is 0 for an option, which has no place in the
    /// file.
    pub(super) fn start(&self) -> usize {
        match self {
            Place::File(span) => span.start,
            Place::Option(_) => 0,
        }
    }
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Place {
        Place::File(span)
    }
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Diagnostic {
    place: Place,
    title: String,
    label: Option<String>,
    related: Vec<(Range<usize>, String)>,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Diagnostic {
    /// A mistake at `place`. `title` is a sentence that says what the mistake is.
    pub(super) fn new(place: impl Into<Place>, title: impl AsRef<str>) -> Diagnostic {
        Diagnostic {
            place: place.into(),
            title: harmless(title.as_ref()),
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// Adds a text beside the underlined place.
    pub(super) fn label(mut self, text: impl AsRef<str>) -> Self {
        self.label = Some(harmless(text.as_ref()));
        self
    }

    /// Adds another place in the file that belongs to the mistake. Does nothing if `place` is an
    /// option, which has no place in the file.
    pub(super) fn related(mut self, place: &Place, text: impl AsRef<str>) -> Self {
        if let Place::File(span) = place {
            self.related.push((span.clone(), harmless(text.as_ref())));
        }
        self
    }

    /// Adds a fact that has no place in the file.
    pub(super) fn note(mut self, text: impl AsRef<str>) -> Self {
        self.notes.push(harmless(text.as_ref()));
        self
    }

    /// Adds advice about how to correct the mistake.
    pub(super) fn help(mut self, text: impl AsRef<str>) -> Self {
        self.helps.push(harmless(text.as_ref()));
        self
    }

    fn start(&self) -> usize {
        self.place.start()
    }
}

/// The mistakes that have been found so far.
#[derive(Default)]
pub(super) struct Diagnostics {
    /// Mistakes in the syntax of TOML.
    syntax: Vec<Diagnostic>,
    /// All other mistakes.
    meaning: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds a mistake in the syntax of TOML.
    pub(super) fn push_syntax(&mut self, diagnostic: Diagnostic) {
        self.syntax.push(diagnostic);
    }

    /// Adds any other mistake.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.meaning.push(diagnostic);
    }

    /// Adds a mistake about a missing key, unless there are mistakes in the syntax of TOML. With
    /// such mistakes, the key may be in the unreadable part of the file.
    pub(super) fn push_missing(&mut self, diagnostic: Diagnostic) {
        if self.syntax.is_empty() {
            self.meaning.push(diagnostic);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.syntax.is_empty() && self.meaning.is_empty()
    }

    /// Makes the report about the file `name` with this text. The mistakes are ordered by their
    /// places.
    ///
    /// After a mistake in the syntax, the parser misreads the rest of the line. So the report shows
    /// only the first mistake in this line.
    pub(super) fn into_report(self, name: &str, text: &str) -> Report {
        let ends: Vec<_> = text.match_indices('\n').map(|(end, _)| end).collect();
        let line = |diagnostic: &Diagnostic| ends.partition_point(|end| *end < diagnostic.start());
        let mut diagnostics = self.syntax;
        diagnostics.sort_by_key(Diagnostic::start);
        diagnostics.dedup_by_key(|diagnostic| line(diagnostic));
        let broken: HashSet<_> = diagnostics.iter().map(line).collect();
        diagnostics.extend(
            self.meaning
                .into_iter()
                .filter(|diagnostic| !broken.contains(&line(diagnostic))),
        );
        diagnostics.sort_by_key(Diagnostic::start);
        diagnostics.dedup();
        Report {
            name: harmless(name),
            text: same_length(text),
            diagnostics,
        }
    }
}

/// All mistakes of one scenario. A report is never empty.
///
/// [`Display`](fmt::Display) writes the report without colours. [`Report::render`] can use colours.
#[derive(Clone, Debug)]
pub struct Report {
    name: String,
    text: String,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// The number of mistakes.
    #[expect(clippy::len_without_is_empty, reason = "a report is never empty")]
    pub fn len(&self) -> usize {
        self.diagnostics.len()
    }

    /// The title of the first mistake.
    pub fn first(&self) -> &str {
        self.diagnostics.first().map_or("", |first| &first.title)
    }

    /// The report as text that ends with a newline. It has ANSI colours if `colour` is true.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(DEFAULT_TERM_WIDTH);
        let mut out = String::new();
        for diagnostic in self.diagnostics.iter().take(SHOWN) {
            out.push_str(&renderer.render(&[self.group(diagnostic)]));
            out.push_str("\n\n");
        }
        let count = self.len();
        let mut last = match count {
            1 => format!("{}: 1 error", self.name),
            n => format!("{}: {n} errors", self.name),
        };
        if count > SHOWN {
            last.push_str(&format!(", of which the first {SHOWN} are shown"));
        }
        out.push_str(&renderer.render(&[Group::with_title(Level::ERROR.no_name().primary_title(last))]));
        out.push('\n');
        out
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let title = Level::ERROR.primary_title(&diagnostic.title);
        let mut annotations = Vec::new();
        if let Place::File(span) = &diagnostic.place {
            let primary = AnnotationKind::Primary.span(self.inside(span));
            annotations.push(primary.label(diagnostic.label.as_deref()));
        }
        for (span, text) in &diagnostic.related {
            annotations.push(AnnotationKind::Context.span(self.inside(span)).label(text.as_str()));
        }
        let mut group = if annotations.is_empty() {
            Group::with_title(title)
        } else {
            let snippet = Snippet::source(&self.text).path(&self.name).annotations(annotations);
            title.element(snippet)
        };
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

    /// Moves a span into the text and onto character boundaries. A parser may point past the end of
    /// the text. A span of several lines is cut to its first line. An underlined table would not
    /// help the reader.
    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
        let mut end = span.end.clamp(start, line_end);
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// Writes characters that could control the terminal as escapes: `\u{1b}`. Line ends become spaces.
pub(super) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            c if controls_terminal(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Replaces each character that could control the terminal by a harmless character with the same
/// number of bytes, so that spans stay valid.
fn same_length(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(match c {
            '\n' | '\t' => c,
            '\r' if rest.peek() == Some(&'\n') => c,
            c if !controls_terminal(c) => c,
            c => match c.len_utf8() {
                1 => '?',
                2 => '·',
                _ => '\u{fffd}',
            },
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(text: &str, span: Range<usize>) -> Report {
        let mut diagnostics = Diagnostics::default();
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
            let mut diagnostics = Diagnostics::default();
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
