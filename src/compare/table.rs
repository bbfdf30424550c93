//! The comparison as a table: one row per figure, and one column per executor. The best figure of
//! each row is marked.
//!
//! ```text
//!                    tokio  current-thread        pool
//!   per second        *812             640         120      the median
//!                  790–840         601–655     118–121      the range of several runs
//! ```
//!
//! Each figure has a row, and each executor has a column. There are more figures than executors,
//! and a table with five executors fits into 80 columns.

use super::numbers::{Compared, Comparison, Difference, Number};
use crate::report::{quantity, verdicts};
use crate::text;
use std::fmt::Write;

/// The width of the row labels, in terminal columns.
const LABEL: usize = 11;
/// The number of spaces between two columns of figures.
const GAP: usize = 2;
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// Which of two figures is better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
    Neither,
}

/// A row of the table. `key` is the suffix of the key in the report; it determines the unit.
struct Row {
    label: &'static str,
    key: &'static str,
    better: Better,
    numbers: Vec<Option<Number>>,
}

/// The rows under one heading. The section of the rows about whole runs has no heading.
struct Section {
    name: Option<String>,
    rows: Vec<Row>,
}

impl Comparison {
    /// Returns the table, which ends with a newline. The best figure of a row is bold, or marked
    /// with `*` if `bold` is false.
    pub fn table(&self, width: usize, bold: bool) -> String {
        let mut out = String::new();
        let rounds = match self.repeat {
            1 => "run once on each executor".to_owned(),
            n => format!("run {n} times on each executor: medians, with the ranges below"),
        };
        let _ = writeln!(
            out,
            "{} · {} · {rounds}\n",
            text::clean(&self.title),
            text::clean(&self.scenario)
        );
        let sections: Vec<Section> = std::iter::once(self.runs()).chain(self.groups()).collect();
        let headings: Vec<&str> = self.executors.iter().map(|it| it.executor).collect();
        let rows = sections.iter().flat_map(|section| &section.rows);
        let cells = rows.flat_map(|row| row.cells(bold).into_iter().zip(0..));
        let mut widths: Vec<usize> = headings.iter().map(|heading| heading.len()).collect();
        for (cell, column) in cells {
            widths[column] = widths[column]
                .max(text::width(&cell.value))
                .max(text::width(&cell.range));
        }
        line(&mut out, "", headings.iter().map(|heading| (*heading, "", "")), &widths);
        for section in &sections {
            if let Some(name) = &section.name {
                let _ = writeln!(out, "\n{}", text::clean(name));
            }
            for row in &section.rows {
                row.write(&mut out, &widths, bold);
            }
        }
        self.remarks(&mut out);
        if !self.expect.is_empty() {
            out.push('\n');
            out.push_str(&verdicts(&self.expect, width));
        }
        out
    }

    /// Writes lines about failed runs, lost records, and executors that were left out.
    fn remarks(&self, out: &mut String) {
        let left_out = self
            .left_out
            .iter()
            .map(|it| format!("not run on {}: {}", it.executor, it.why));
        let failed = self.executors.iter().flat_map(|it| {
            let of = self.repeat;
            it.failures.iter().map(move |why| match of {
                1 => format!("the run on {} failed: {why}", it.executor),
                _ => format!("one of {of} runs on {} failed: {why}", it.executor),
            })
        });
        let lossy = self.executors.iter().filter(|it| it.lost_records > 0).map(|it| {
            let lost = quantity("", it.lost_records as f64);
            format!(
                "runs on {} lost up to {lost} records: the percentiles do not include lost records",
                it.executor
            )
        });
        for (number, remark) in left_out.chain(failed).chain(lossy).enumerate() {
            let _ = writeln!(out, "{}{}", if number == 0 { "\n" } else { "" }, text::clean(&remark));
        }
    }

    fn runs(&self) -> Section {
        let row = |label, key, better, of: fn(&Compared) -> Option<Number>| Row {
            label,
            key,
            better,
            numbers: self.executors.iter().map(of).collect(),
        };
        // If the duration is fixed, a shorter run is not better.
        let elapsed = match self.duration_ns {
            None => Better::Less,
            Some(_) => Better::Neither,
        };
        Section {
            name: None,
            rows: vec![
                row("took", "_ns", elapsed, |it| it.elapsed_ns),
                row("finished", "", Better::More, |it| it.completed),
                row("per second", "", Better::More, |it| it.throughput),
                row("repetition p50", "_ns", Better::Less, |it| it.repetition_p50_ns),
                row("repetition p99", "_ns", Better::Less, |it| it.repetition_p99_ns),
                row("delay p99", "_ns", Better::Less, |it| it.delay_p99_ns),
                row("CPU time", "_ns", Better::Less, |it| it.cpu_ns),
                row("peak memory", "_bytes", Better::Less, |it| it.peak_memory_bytes),
                row("switches", "", Better::Less, |it| it.switches),
            ],
        }
    }

    fn groups(&self) -> Vec<Section> {
        let mut names: Vec<&str> = Vec::new();
        for group in self.executors.iter().flat_map(|it| &it.groups) {
            if !names.contains(&group.name.as_str()) {
                names.push(&group.name);
            }
        }
        names.into_iter().map(|name| self.group(name)).collect()
    }

    fn group(&self, name: &str) -> Section {
        let find = |it: &Compared, of: fn(&Difference) -> Option<Number>| {
            it.groups.iter().find(|group| group.name == name).and_then(of)
        };
        let row = |label, key, better, of: fn(&Difference) -> Option<Number>| Row {
            label,
            key,
            better,
            numbers: self.executors.iter().map(|it| find(it, of)).collect(),
        };
        Section {
            name: Some(name.to_owned()),
            rows: vec![
                row("finished", "", Better::More, |it| it.completed),
                row("per second", "", Better::More, |it| it.throughput),
                row("repetition p50", "_ns", Better::Less, |it| it.repetition_p50_ns),
                row("repetition p99", "_ns", Better::Less, |it| it.repetition_p99_ns),
                row("span", "_ns", Better::Neither, |it| it.span_ns),
            ],
        }
    }
}

/// A figure and its range, as text.
struct Cell {
    value: String,
    best: bool,
    range: String,
}

impl Row {
    fn cells(&self, bold: bool) -> Vec<Cell> {
        let written: Vec<Option<String>> = self
            .numbers
            .iter()
            .map(|number| number.map(|number| quantity(self.key, number.median)))
            .collect();
        let best = self.best().map(|number| quantity(self.key, number));
        let cells = self.numbers.iter().zip(written).map(|(number, written)| {
            let is_best = best.is_some() && written == best;
            let star = if is_best && !bold { "*" } else { "" };
            Cell {
                value: written.map_or("–".to_owned(), |written| format!("{star}{written}")),
                best: is_best,
                range: number.map_or(String::new(), |number| range(self.key, number)),
            }
        });
        cells.collect()
    }

    /// The best median; `None` if all medians look the same in the table.
    fn best(&self) -> Option<f64> {
        let medians: Vec<f64> = self.numbers.iter().flatten().map(|number| number.median).collect();
        let (first, rest) = medians.split_first()?;
        let written = quantity(self.key, *first);
        if rest.iter().all(|other| quantity(self.key, *other) == written) {
            return None;
        }
        match self.better {
            Better::More => medians.into_iter().reduce(f64::max),
            Better::Less => medians.into_iter().reduce(f64::min),
            Better::Neither => None,
        }
    }

    fn write(&self, out: &mut String, widths: &[usize], bold: bool) {
        let cells = self.cells(bold);
        let values = cells.iter().map(|cell| match cell.best && bold {
            true => (cell.value.as_str(), BOLD, PLAIN),
            false => (cell.value.as_str(), "", ""),
        });
        line(out, self.label, values, widths);
        if cells.iter().any(|cell| !cell.range.is_empty()) {
            line(out, "", cells.iter().map(|cell| (cell.range.as_str(), "", "")), widths);
        }
    }
}

/// The range, such as `1.1–1.4 s`. The text is empty if both ends of the range look the same.
pub(super) fn range(key: &str, number: Number) -> String {
    let (min, max) = (quantity(key, number.min), quantity(key, number.max));
    if min == max {
        return String::new();
    }
    match (min.split_once(' '), max.split_once(' ')) {
        (Some((digits, unit)), Some((_, same))) if unit == same => format!("{digits}–{max}"),
        _ => format!("{min}–{max}"),
    }
}

/// Writes a row of right-aligned cells. Each cell consists of its text, the escape sequence before
/// the text, and the escape sequence after the text.
fn line<'a>(out: &mut String, label: &str, cells: impl Iterator<Item = (&'a str, &'a str, &'a str)>, widths: &[usize]) {
    let start = out.len();
    let _ = write!(out, "{label:LABEL$}");
    for ((cell, on, off), width) in cells.zip(widths) {
        let pad = GAP + width - text::width(cell);
        let _ = write!(out, "{:pad$}{on}{cell}{off}", "");
    }
    out.truncate(start + out[start..].trim_end().len());
    out.push('\n');
}
