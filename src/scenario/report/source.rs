//! The text of a scenario, for the lines that a diagnostic quotes.

use super::diagnostic::{Diagnostic, Place};
use crate::text::controls_terminal;
use annotate_snippets::{Annotation, AnnotationKind, Element, Origin, Snippet};
use std::ops::Range;

/// Places of one diagnostic that lie further apart than this, in bytes, are quoted apart.
const NEAR: usize = 4096;
/// How much of a long line is quoted before and after a place, in bytes. The renderer shortens the
/// line further, to the width of a terminal.
const BESIDE: usize = 1024;

/// The lines of a text.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Lines {
    /// Where each line ends: the bytes of the newlines.
    ends: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        Lines {
            ends: text.match_indices('\n').map(|(end, _)| end).collect(),
        }
    }

    /// The line of this byte, from 0.
    pub(super) fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at)
    }
}

/// The text and its name, both safe for a terminal.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: String,
    text: String,
    lines: Lines,
}

impl Source {
    pub(super) fn new(name: String, text: &str, lines: Lines) -> Source {
        Source {
            name,
            text: same_length(text),
            lines,
        }
    }

    /// Quotes the lines of all places of a diagnostic. Only these lines are given to the renderer,
    /// because it walks through all text that it is given.
    pub(super) fn quote<'a>(&'a self, diagnostic: &'a Diagnostic) -> Vec<Element<'a>> {
        let mut near = Vec::new();
        let mut far = Vec::new();
        if let Place::File(span) = &diagnostic.place {
            near.push((AnnotationKind::Primary, self.inside(span), diagnostic.label.as_deref()));
        }
        for (span, text) in &diagnostic.related {
            let (span, text) = (self.inside(span), Some(text.as_str()));
            let first = near.first().map_or(span.start, |(_, span, _)| span.start);
            if span.start.abs_diff(first) <= NEAR {
                near.push((AnnotationKind::Context, span, text));
            } else {
                far.push((AnnotationKind::Context, span, text));
            }
        }
        let mut elements = Vec::new();
        if !near.is_empty() {
            elements.extend(self.excerpt(near));
        }
        for place in far {
            elements.extend(self.excerpt(vec![place]));
        }
        elements
    }

    /// Quotes the lines from the first of these places to the last. The first of them names the
    /// excerpt.
    fn excerpt<'a>(&'a self, places: Vec<(AnnotationKind, Range<usize>, Option<&'a str>)>) -> Vec<Element<'a>> {
        let origin = places[0].1.start;
        let first = places.iter().map(|(_, span, _)| span.start).min().unwrap_or(origin);
        let last = places.iter().map(|(_, span, _)| span.end).max().unwrap_or(origin);
        let line = self.start_of_line(first);
        let from = self.boundary(line.max(first.saturating_sub(BESIDE)));
        let end = self.text[last..]
            .find('\n')
            .map_or(self.text.len(), |end| last + end + 1);
        let to = self.boundary(end.min(last + BESIDE));
        let annotation = |(kind, span, label): (AnnotationKind, Range<usize>, Option<&'a str>)| -> Annotation<'a> {
            kind.span(span.start - from..span.end - from).label(label)
        };
        let snippet = Snippet::source(&self.text[from..to])
            .line_start(self.lines.line(first) + 1)
            .annotations(places.into_iter().map(annotation));
        if from == line {
            return vec![snippet.path(&self.name).into()];
        }
        // The renderer would count the columns from the cut.
        let column = self.text[self.start_of_line(origin)..origin].chars().count() + 1;
        let origin = Origin::path(&self.name)
            .line(self.lines.line(origin) + 1)
            .char_column(column);
        vec![origin.into(), snippet.into()]
    }

    /// The first byte of the line that holds this byte. The end of a text that ends with a newline
    /// belongs to the last line.
    fn start_of_line(&self, at: usize) -> usize {
        let before = &self.text[..at];
        let before = if at == self.text.len() {
            before.strip_suffix('\n').unwrap_or(before)
        } else {
            before
        };
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// The start of the character that holds this byte.
    fn boundary(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at)
    }

    /// Moves a span into the text and onto character boundaries. A parser may point past the end of
    /// the text. A span of several lines is cut to its first line. An underlined table would not
    /// help the reader.
    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.boundary(span.start);
        // A span of a million bytes on one line is underlined as far as the line is quoted.
        let most = self.text.ceil_char_boundary(start + BESIDE);
        let line_end = self.text[start..most].find('\n').map_or(most, |n| start + n);
        let end = span.end.clamp(start, line_end);
        start..self.text.ceil_char_boundary(end)
    }
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
