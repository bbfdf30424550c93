//! The text of a scenario, from which a diagnostic quotes lines.

use super::diagnostic::{Diagnostic, Place};
use crate::text::controls_terminal;
use annotate_snippets::{Annotation, AnnotationKind, Element, Origin, Snippet};
use std::ops::Range;

/// If two places of one diagnostic are further apart than this distance, in bytes, they are quoted
/// in separate excerpts.
const NEAR: usize = 4096;
/// The number of bytes of a long line that are quoted on each side of a place. The renderer
/// shortens the line further, to the width of a terminal.
const BESIDE: usize = 1024;

/// The lines of a text.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Lines {
    /// The end of each line: the index of its newline byte.
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

    /// Quotes the lines of all places of a diagnostic. The renderer gets only these lines, because
    /// it walks through the whole text that it gets.
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

    /// Quotes the lines from the earliest to the latest of these places. The header of the excerpt
    /// gives the line and column of `places[0]`.
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
        // The excerpt may begin inside a line. The renderer would count the columns from there, so
        // they are counted here.
        let column = self.text[self.start_of_line(origin)..origin].chars().count() + 1;
        let origin = Origin::path(&self.name)
            .line(self.lines.line(origin) + 1)
            .char_column(column);
        vec![origin.into(), snippet.into()]
    }

    /// The index of the first byte of the line that contains the byte `at`. If the text ends with a
    /// newline, the index after this newline counts as a part of the last line.
    fn start_of_line(&self, at: usize) -> usize {
        let before = &self.text[..at];
        let before = if at == self.text.len() {
            before.strip_suffix('\n').unwrap_or(before)
        } else {
            before
        };
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// The index of the first byte of the character that contains this byte.
    fn boundary(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at)
    }

    /// Moves the ends of a span into the text and onto character boundaries, because a parser may
    /// point past the end of the text. Cuts a span of several lines to its first line, because an
    /// underlined table would not help the reader.
    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.boundary(span.start);
        // A line may have a million bytes. Only the quoted part of the line is underlined.
        let most = self.text.ceil_char_boundary(start + BESIDE);
        let line_end = self.text[start..most].find('\n').map_or(most, |n| start + n);
        let end = span.end.clamp(start, line_end);
        start..self.text.ceil_char_boundary(end)
    }
}

/// Replaces each character that could control the terminal with a harmless character. The harmless
/// character has the same number of bytes, so that spans stay valid.
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
