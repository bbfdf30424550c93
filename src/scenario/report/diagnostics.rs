//! The mistakes that were found so far.

use super::diagnostic::Diagnostic;
use super::source::{Lines, Source};
use super::{Report, SHOWN};
use crate::text;
use std::collections::HashSet;

/// The mistakes that have been found so far. The collection keeps only the mistakes that the report
/// will show. The other mistakes are only counted.
pub(in crate::scenario) struct Diagnostics {
    lines: Lines,
    /// The lines with a mistake in the syntax. After such a mistake the parser misreads the rest of
    /// the line, so no other mistake in the line is reported.
    broken: HashSet<usize>,
    kept: Vec<Diagnostic>,
    /// The number of mistakes that are not kept.
    left_out: usize,
    /// The report does not show mistakes after this place.
    last_shown: usize,
}

impl Diagnostics {
    /// No mistakes yet, about a scenario with this text.
    pub(in crate::scenario) fn of(text: &str) -> Diagnostics {
        Diagnostics {
            lines: Lines::of(text),
            broken: HashSet::new(),
            kept: Vec::new(),
            left_out: 0,
            last_shown: usize::MAX,
        }
    }

    /// Adds mistakes in the syntax: the first mistake of each line. `places` are the places of all
    /// mistakes. `explain` takes an index into `places`, and returns the diagnostic for the mistake
    /// at this place.
    pub(in crate::scenario) fn push_syntax(&mut self, places: &[usize], explain: impl Fn(usize) -> Diagnostic) {
        let mut in_order: Vec<_> = (0..places.len()).collect();
        in_order.sort_by_key(|index| places[*index]);
        for index in in_order {
            if !self.broken.insert(self.lines.line(places[index])) {
                continue;
            }
            if self.kept.len() < SHOWN {
                self.kept.push(explain(index));
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Adds any other mistake.
    pub(in crate::scenario) fn push(&mut self, diagnostic: Diagnostic) {
        let start = diagnostic.start();
        if self.broken.contains(&self.lines.line(start)) {
            return;
        }
        if start > self.last_shown {
            self.left_out += 1;
            return;
        }
        self.kept.push(diagnostic);
        if self.kept.len() >= 4 * SHOWN {
            self.keep_shown();
        }
    }

    /// Adds a mistake about a missing key, unless there are mistakes in the syntax of TOML. With
    /// such mistakes, the key may be in the unreadable part of the file.
    pub(in crate::scenario) fn push_missing(&mut self, diagnostic: Diagnostic) {
        if self.broken.is_empty() {
            self.push(diagnostic);
        }
    }

    pub(in crate::scenario) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Keeps only the first [`SHOWN`] of the mistakes that have been found so far, and counts the
    /// rest.
    fn keep_shown(&mut self) {
        self.kept.sort_by_key(Diagnostic::start);
        self.kept.dedup();
        if self.kept.len() > SHOWN {
            self.left_out += self.kept.len() - SHOWN;
            self.kept.truncate(SHOWN);
            self.last_shown = self.kept[SHOWN - 1].start();
        }
    }

    /// Makes the report about the file `name` with this text. The mistakes are ordered by their
    /// places.
    pub(in crate::scenario) fn into_report(mut self, name: &str, text: &str) -> Report {
        self.keep_shown();
        Report {
            source: Source::new(text::clean(name).into_owned(), text, self.lines),
            diagnostics: self.kept,
            left_out: self.left_out,
        }
    }
}
