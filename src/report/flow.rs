//! Writes text that continues on indented lines if it is wider than the terminal.

use crate::text;
use std::fmt::Write;

/// Writes the parts in order, with a separator between two parts, and a newline at the end. If a
/// part does not fit into `width` columns, a new line begins instead of the separator. New lines
/// are indented by `indent` columns. On the first line, the caller has already written to these
/// columns.
pub(super) fn flow<P: AsRef<str>>(
    out: &mut String,
    indent: usize,
    separator: &str,
    parts: impl IntoIterator<Item = P>,
    width: usize,
) {
    let mut column = indent;
    for (index, part) in parts.into_iter().enumerate() {
        let part = part.as_ref();
        let needed = text::width(part);
        if index > 0 && column + text::width(separator) + needed > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if index > 0 {
            out.push_str(separator);
            column += text::width(separator);
        }
        out.push_str(part);
        column += needed;
    }
    out.push('\n');
}
