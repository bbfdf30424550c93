//! The rows of the groups table: statistics about each group's polls, waits and repetitions since
//! the start of the run.
//!
//! To add a column, add one entry to [`COLUMNS`].

use crate::model::{Group, Model, Percentiles};
use crate::record::{GroupId, Nanos, Outcome};
use crate::text;

/// A column of the table.
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    /// The width on screen, in cells, including the gap before the column.
    pub(crate) width: usize,
    cell: fn(&Group) -> String,
}

/// The columns, from left to right. On a narrow screen, the last columns are omitted.
pub(crate) const COLUMNS: &[Column] = &[
    column("finished", 9, |group| {
        text::count(group.repetitions()[Outcome::Completed as usize])
    }),
    column("repetition p50", 17, |group| time(group.repetition_time(), |t| t.p50)),
    column("p99", 8, |group| time(group.repetition_time(), |t| t.p99)),
    column("poll p50", 11, |group| time(group.poll_time(), |t| t.p50)),
    column("p99", 8, |group| time(group.poll_time(), |t| t.p99)),
    column("delay p99", 11, |group| time(group.delay(), |t| t.p99)),
    column("late p99", 10, |group| time(group.lateness(), |t| t.p99)),
];

const fn column(heading: &'static str, width: usize, cell: fn(&Group) -> String) -> Column {
    Column { heading, width, cell }
}

/// Formats a percentile of measured times. Returns a dash if no time was measured.
fn time(times: Percentiles, percentile: fn(Percentiles) -> Nanos) -> String {
    match times.count {
        0 => "–".to_owned(),
        _ => text::duration(percentile(times)),
    }
}

/// The row of one group. Computing the numbers for every frame would be too expensive, so the app
/// caches the row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupRow {
    pub(crate) id: GroupId,
    /// One text for each column in [`COLUMNS`].
    pub(crate) cells: Vec<String>,
}

impl GroupRow {
    /// The rows of the scenario's groups, in the order of the groups' ids. A group gets a row when
    /// its first task is spawned.
    pub(crate) fn all(model: &Model) -> Vec<GroupRow> {
        let has_begun = |group: &&Group| !group.library && group.spawned > 0;
        let row = |group: &Group| GroupRow {
            id: group.id,
            cells: COLUMNS.iter().map(|column| (column.cell)(group)).collect(),
        };
        model.groups().iter().filter(has_begun).map(row).collect()
    }
}
