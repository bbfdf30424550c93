//! Draws text tables: right-aligned numbers under headings of two lines, with as many columns as
//! fit into the width.
//!
//! If a table is too wide, table crates wrap or cut the cells. This module removes whole columns
//! instead, the least important column first. A missing number is better than a number that is cut.
//!
//! ```text
//!                     timed    delay    delay       Columns of rank 0 are always shown. If the table is too
//!     group    tasks    out      p50      p99       wide, the column of the highest rank is removed first.
//!     api         40      3    40 µs   297 ms
//! ```

use crate::text;

/// The number of spaces between two columns.
const GAP: usize = 2;
/// The minimum width of the names. Names are cut to this width before a column is removed.
const MIN_NAME_WIDTH: usize = 10;

/// One column of numbers.
pub(super) struct Column<R> {
    /// The two lines of the heading. The upper line may be empty.
    pub heading: [&'static str; 2],
    /// If the table is too wide, the column of the highest rank is removed first. A column of rank
    /// 0 is never removed.
    pub rank: u8,
    /// The function that returns the text of a cell in this column.
    pub cell: fn(&R) -> String,
}

/// Writes the headings, and then one line for each row. The lines fit into `width` terminal columns
/// if the columns of rank 0 fit.
///
/// `title` is the heading of the names. Long names are cut.
pub(super) fn draw<'c, R: 'c>(
    out: &mut String,
    title: &str,
    rows: &[R],
    name: fn(&R) -> &str,
    columns: impl IntoIterator<Item = &'c Column<R>>,
    width: usize,
) {
    let mut columns: Vec<Formatted> = columns.into_iter().map(|column| Formatted::new(column, rows)).collect();
    let names: Vec<_> = rows.iter().map(|row| text::clean(name(row))).collect();
    let widest = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
    let title_width = text::width(title);
    drop_until_fits(
        &mut columns,
        width.saturating_sub(widest.min(MIN_NAME_WIDTH).max(title_width)),
    );
    let taken: usize = columns.iter().map(|column| column.width + GAP).sum();
    let name_width = widest
        .min(width.saturating_sub(taken).max(MIN_NAME_WIDTH))
        .max(title_width);

    let two_lines = columns.iter().any(|column| !column.heading[0].is_empty());
    for (line, title) in [(0, ""), (1, title)].into_iter().skip(usize::from(!two_lines)) {
        let headings = columns.iter().map(|column| (column.heading[line], column.width));
        write_row(out, (title, name_width), headings);
    }
    for (row, name) in names.iter().enumerate() {
        let cells = columns.iter().map(|column| (column.cells[row].as_str(), column.width));
        write_row(out, (&text::fit(name, name_width), name_width), cells);
    }
}

/// A column and the text of its cells.
struct Formatted {
    heading: [&'static str; 2],
    rank: u8,
    cells: Vec<String>,
    width: usize,
}

impl Formatted {
    fn new<R>(column: &Column<R>, rows: &[R]) -> Formatted {
        let cells: Vec<String> = rows.iter().map(column.cell).collect();
        let headings = column.heading.iter().copied();
        let width = headings.chain(cells.iter().map(String::as_str)).map(text::width).max();
        Formatted {
            heading: column.heading,
            rank: column.rank,
            width: width.unwrap_or(0),
            cells,
        }
    }
}

/// Removes columns until the remaining columns fit. The column of the highest rank is removed
/// first.
fn drop_until_fits(columns: &mut Vec<Formatted>, width: usize) {
    while columns.iter().map(|column| column.width + GAP).sum::<usize>() > width {
        let Some(index) = (0..columns.len())
            .max_by_key(|&index| columns[index].rank)
            .filter(|&index| columns[index].rank > 0)
        else {
            return;
        };
        columns.remove(index);
    }
}

fn write_row<'a>(out: &mut String, name: (&str, usize), cells: impl Iterator<Item = (&'a str, usize)>) {
    let start = out.len();
    out.push_str(name.0);
    pad(out, name.1.saturating_sub(text::width(name.0)));
    for (cell, width) in cells {
        pad(out, GAP + width - text::width(cell));
        out.push_str(cell);
    }
    out.truncate(start + out[start..].trim_end().len());
    out.push('\n');
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = (String, u64);

    const COLUMNS: [Column<Row>; 3] = [
        Column {
            heading: ["", "n"],
            rank: 0,
            cell: |row| row.1.to_string(),
        },
        Column {
            heading: ["a", "third"],
            rank: 3,
            cell: |row| (row.1 / 3).to_string(),
        },
        Column {
            heading: ["the", "double"],
            rank: 1,
            cell: |row| (row.1 * 2).to_string(),
        },
    ];

    fn table(rows: &[Row], width: usize) -> String {
        let mut out = String::new();
        draw(&mut out, "row", rows, |row| &row.0, &COLUMNS, width);
        out
    }

    #[test]
    fn the_column_of_the_highest_rank_is_removed_first() {
        let rows = [("abc".to_owned(), 12), ("日本語".to_owned(), 3000)];
        assert_eq!(
            table(&rows, 40),
            "                  a     the\n\
             row        n  third  double\n\
             abc       12      4      24\n\
             日本語  3000   1000    6000\n"
        );
        assert_eq!(
            table(&rows, 26),
            "                 the\n\
             row        n  double\n\
             abc       12      24\n\
             日本語  3000    6000\n"
        );
        assert_eq!(
            table(&rows, 5).lines().next(),
            Some("row        n"),
            "if all upper headings are empty, there is no empty line"
        );
    }

    #[test]
    fn escape_sequences_in_names_do_not_reach_the_terminal() {
        assert_eq!(
            table(&[("\x1b[2J".to_owned(), 1)], 12).lines().nth(1),
            Some("\\u{1b}[2J  1")
        );
    }

    proptest! {
        #[test]
        fn rows_fit_into_the_width_and_end_at_the_same_column(
            rows in prop::collection::vec((".{0,30}", 0u64..1_000_000), 1..6),
            width in 24usize..80,
        ) {
            let out = table(&rows, width);
            let widths: Vec<usize> = out.lines().map(text::width).collect();
            prop_assert!(widths.iter().all(|it| *it <= width));
            // The upper line of the headings may be shorter. The lower line and the rows have the
            // same width.
            let aligned = &widths[widths.len() - rows.len() - 1..];
            prop_assert!(aligned.iter().all(|it| *it == aligned[0]));
        }
    }
}
