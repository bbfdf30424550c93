//! Text that continues on indented lines where the width is used up.

use crate::text;
use std::fmt::Write;

/// Writes parts one after the other, with a separator between them. A part that does not fit into
/// `width` columns goes to the next line, without a separator, `indent` columns from the left. The
/// caller has filled those columns on the first line. Ends with a newline.
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
