//! Rows and columns of text: numbers flush right under headings of two lines, as many columns as the width allows.
//!
//! ```text
//!                     timed    delay    delay       rank 0 columns are always there; the others come in the
//!     group    tasks    out      p50      p99       order of their ranks, until one does not fit
//!     api         40      3    40 µs   297 ms
//! ```

use crate::text;

/// Spaces between two columns.
const GAP: usize = 2;
/// The narrowest that names become before columns go.
const NAME: usize = 10;

/// One column of numbers.
pub struct Column<R> {
    /// The heading's two lines; the upper may be empty.
    pub heading: [&'static str; 2],
    /// How dispensable it is; 0: always there.
    pub rank: u8,
    /// What it says of a row.
    pub cell: fn(&R) -> String,
}

/// Writes `rows` under headings, within `width` columns where rank 0 allows.
///
/// `title` stands above the names, which are cut where they are too long.
pub fn draw<R>(out: &mut String, title: &str, rows: &[R], name: fn(&R) -> &str, columns: &[Column<R>], width: usize) {
    let mut columns: Vec<Drawn> = columns.iter().map(|column| Drawn::new(column, rows)).collect();
    let names: Vec<_> = rows.iter().map(|row| text::clean(name(row))).collect();
    let widest = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
    let title_width = text::width(title);
    keep_what_fits(&mut columns, width.saturating_sub(widest.min(NAME).max(title_width)));
    let taken: usize = columns.iter().map(|column| column.width + GAP).sum();
    let name_width = widest.min(width.saturating_sub(taken).max(NAME)).max(title_width);

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

/// A column whose cells are written.
struct Drawn {
    heading: [&'static str; 2],
    rank: u8,
    cells: Vec<String>,
    width: usize,
}

impl Drawn {
    fn new<R>(column: &Column<R>, rows: &[R]) -> Drawn {
        let cells: Vec<String> = rows.iter().map(column.cell).collect();
        let headings = column.heading.iter().copied();
        let width = headings.chain(cells.iter().map(String::as_str)).map(text::width).max();
        Drawn {
            heading: column.heading,
            rank: column.rank,
            width: width.unwrap_or(0),
            cells,
        }
    }
}

/// Takes out the columns that have no place, the most dispensable first.
fn keep_what_fits(columns: &mut Vec<Drawn>, width: usize) {
    while columns.iter().map(|column| column.width + GAP).sum::<usize>() > width {
        let Some(at) = (0..columns.len())
            .max_by_key(|&at| columns[at].rank)
            .filter(|&at| columns[at].rank > 0)
        else {
            return;
        };
        columns.remove(at);
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

    fn drawn(rows: &[Row], width: usize) -> String {
        let mut out = String::new();
        draw(&mut out, "row", rows, |row| &row.0, &COLUMNS, width);
        out
    }

    #[test]
    fn the_most_dispensable_column_goes_first() {
        let rows = [("abc".to_owned(), 12), ("日本語".to_owned(), 3000)];
        assert_eq!(
            drawn(&rows, 40),
            "                  a     the\n\
             row        n  third  double\n\
             abc       12      4      24\n\
             日本語  3000   1000    6000\n"
        );
        assert_eq!(
            drawn(&rows, 26),
            "                 the\n\
             row        n  double\n\
             abc       12      24\n\
             日本語  3000    6000\n"
        );
        assert_eq!(
            drawn(&rows, 5).lines().next(),
            Some("row        n"),
            "no empty line above"
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(drawn(&[("\x1b[2J".to_owned(), 1)], 12).lines().nth(1), Some("�[2J  1"));
    }

    proptest! {
        #[test]
        fn rows_are_within_the_width_and_their_numbers_flush(
            rows in prop::collection::vec((".{0,30}", 0u64..1_000_000), 1..6),
            width in 24usize..80,
        ) {
            let out = drawn(&rows, width);
            let widths: Vec<usize> = out.lines().map(text::width).collect();
            prop_assert!(widths.iter().all(|it| *it <= width));
            // The last are the rows and the heading's lower line; above them may be its upper line.
            let flush = &widths[widths.len() - rows.len() - 1..];
            prop_assert!(flush.iter().all(|it| *it == flush[0]));
        }
    }
}
