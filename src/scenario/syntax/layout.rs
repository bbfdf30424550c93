//! The layout of a file that the TOML parser rejects: brackets that are never closed, and keys with
//! too many parts.
//!
//! The parser notices a missing bracket only where something else begins, and then misreads the
//! rest of the file. So this module finds the bracket, and [`without`] removes the broken statement
//! before the parser reads the file again.

use super::Diagnostic;
use crate::scenario::report::Place;
use std::ops::Range;

/// The parser reads keys with at most this many parts.
pub(super) const KEY_PARTS: usize = 80;

/// The maximum number of open brackets that are reported at the end of one statement.
const BRACKETS: usize = 100;

/// A statement with a bracket that is never closed.
pub(super) struct Unclosed {
    /// The bracket.
    open: usize,
    bracket: u8,
    /// The place of the next closing bracket, if it closes an outer bracket.
    other: Option<usize>,
    /// The whole statement, up to the start of the next statement.
    statement: Range<usize>,
}

impl Unclosed {
    pub(super) fn start(&self) -> usize {
        self.open
    }

    pub(super) fn explain(&self) -> Diagnostic {
        let (open, close) = if self.bracket == b'[' { ('[', ']') } else { ('{', '}') };
        let title = format!("this is not TOML: the bracket `{open}` is never closed");
        let diagnostic = Diagnostic::new(self.open..self.open + 1, title).label("it is opened here");
        let diagnostic = match self.other {
            Some(at) => diagnostic.related(&Place::File(at..at + 1), "this closes an outer bracket"),
            None => diagnostic,
        };
        diagnostic.help(format!("write `{close}` where it ends"))
    }
}

/// Finds each bracket that is never closed. `tables` are the names of top-level tables: a line such
/// as `[executor]` begins a new statement.
pub(super) fn unclosed(text: &str, tables: &[&str]) -> Vec<Unclosed> {
    let mut scan = Scan {
        text,
        tables,
        ..Scan::default()
    };
    let mut at = 0;
    while at < text.len() {
        if at == 0 || text.as_bytes()[at - 1] == b'\n' {
            scan.begin_line(at);
        }
        at = scan.token(at);
    }
    scan.end_statement(text.len());
    scan.found
}

/// Returns the text with spaces in place of these statements, so that the places of the other
/// statements stay the same.
pub(super) fn without(text: &str, broken: &[Unclosed]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut last = 0..0;
    for Unclosed { statement, .. } in broken {
        // One statement may have several brackets that are never closed.
        if *statement == last {
            continue;
        }
        last = statement.clone();
        for byte in &mut bytes[statement.clone()] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    // Statements begin and end at line ends, so each character is replaced as a whole or not at
    // all.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The state of a walk through a text.
#[derive(Default)]
struct Scan<'a> {
    text: &'a str,
    tables: &'a [&'a str],
    /// The brackets that are open, with their places.
    open: Vec<(usize, u8)>,
    /// Where the current statement begins.
    statement: usize,
    /// Whether the current statement begins with a header `[…]` that contains a mistake. The lines
    /// from such a header to the next header belong to the same statement.
    broken_header: bool,
    /// The last byte so far that is neither white space nor part of a comment.
    last: u8,
    /// The brackets of the current statement that are never closed.
    broken: Vec<(usize, u8, Option<usize>)>,
    found: Vec<Unclosed>,
}

impl Scan<'_> {
    fn begin_line(&mut self, at: usize) {
        let line = self.text[at..].lines().next().unwrap_or_default();
        let is_header = self.is_header(line);
        let in_header = !self.open.is_empty() && self.text[self.statement..].trim_start().starts_with('[');
        if self.broken_header {
            if !is_header {
                return;
            }
            self.end_statement(at);
        } else if in_header {
            // The header of a table ends with its line.
            self.break_open();
            self.broken_header = !is_header;
            if self.broken_header {
                return;
            }
            self.end_statement(at);
        } else if !self.open.is_empty() && (is_header || self.is_assignment(line)) {
            self.break_open();
            self.end_statement(at);
        } else if self.open.is_empty() {
            self.end_statement(at);
        }
    }

    /// Records that all brackets that are still open are never closed.
    fn break_open(&mut self) {
        let open = self.open.drain(..).map(|(at, bracket)| (at, bracket, None));
        self.broken.extend(open.take(BRACKETS));
    }

    fn end_statement(&mut self, at: usize) {
        self.break_open();
        for (open, bracket, other) in self.broken.drain(..).take(BRACKETS) {
            self.found.push(Unclosed {
                open,
                bracket,
                other,
                statement: self.statement..at,
            });
        }
        self.broken_header = false;
        self.statement = at;
        self.last = 0;
    }

    /// Reads one token, and returns the place where the next token begins.
    fn token(&mut self, at: usize) -> usize {
        let byte = self.text.as_bytes()[at];
        match byte {
            b'#' => return end_of_line(self.text, at),
            b'"' | b'\'' => {
                self.last = byte;
                return end_of_string(self.text, at);
            }
            _ if self.broken_header => {}
            b'[' | b'{' => self.open.push((at, byte)),
            b']' => self.close(at, b'['),
            b'}' => self.close(at, b'{'),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
        at + 1
    }

    fn close(&mut self, at: usize, bracket: u8) {
        if let Some(outer) = self.open.iter().rposition(|(_, open)| *open == bracket) {
            let inner = self.open.drain(outer + 1..).map(|(open, b)| (open, b, Some(at)));
            self.broken.extend(inner);
            self.open.pop();
        }
    }

    /// Whether the line is the header of a known table: `[executor]` or `[[task]]`.
    fn is_header(&self, line: &str) -> bool {
        let inner = line.trim().trim_start_matches('[');
        let brackets = line.trim().len() - inner.len();
        let Some((name, rest)) = inner.split_once(']') else {
            return false;
        };
        let rest = rest.trim_start_matches(']').trim_start();
        let table = name.split('.').next().unwrap_or(name).trim();
        (1..=2).contains(&brackets) && self.tables.contains(&table) && (rest.is_empty() || rest.starts_with('#'))
    }

    /// Whether the line begins with a key and `=` in a place where a key is not allowed. After a
    /// comma, a key is allowed in an inline table. A key after a comma in a list also gives false,
    /// because the author may have forgotten the braces around the key.
    fn is_assignment(&self, line: &str) -> bool {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let rest = line.trim_start().trim_start_matches(is_bare);
        let has_key = rest.len() < line.trim_start().len() && rest.trim_start().starts_with('=');
        has_key && ![b',', b'[', b'{'].contains(&self.last)
    }
}

/// Finds the keys with more than [`KEY_PARTS`] parts. Returns the place and the number of parts of
/// each key.
pub(super) fn deep_keys(text: &str) -> Vec<(Range<usize>, usize)> {
    let bytes = text.as_bytes();
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (start, mut end, mut parts) = (at, at, 0);
        loop {
            let part = match bytes.get(at) {
                Some(b'"' | b'\'') => end_of_string(text, at),
                _ => at + bytes[at..].iter().take_while(|byte| is_bare(**byte)).count(),
            };
            if part == at {
                break;
            }
            (parts, end) = (parts + 1, part);
            let spaces = |at: usize| at + bytes[at..].iter().take_while(|byte| b" \t".contains(byte)).count();
            let dot = spaces(part);
            if bytes.get(dot) != Some(&b'.') {
                at = part;
                break;
            }
            at = spaces(dot + 1);
        }
        if parts > KEY_PARTS {
            found.push((start..end, parts));
        }
        at = match bytes.get(at) {
            _ if at > start => at,
            Some(b'#') => end_of_line(text, at),
            _ => at + 1,
        };
    }
    found
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// Where the string that begins here ends. A string on one line that is not closed ends with the
/// line.
fn end_of_string(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[at];
    let is_long = bytes[at..].starts_with(&[quote; 3]);
    let mut end = if is_long { at + 3 } else { at + 1 };
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if quote == b'"' && (is_long || bytes.get(end + 1) != Some(&b'\n')) => end += 1,
            b'\n' if !is_long => return end,
            byte if byte == quote && is_long && bytes[end..].starts_with(&[quote; 3]) => return end + 3,
            byte if byte == quote && !is_long => return end + 1,
            _ => {}
        }
        end += 1;
    }
    bytes.len()
}
