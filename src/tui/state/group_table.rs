//! The rows of the groups table: what each group's polls, waits and repetitions have been like
//! since the run's start.
//!
//! To add a column, add one entry to [`COLUMNS`].

use crate::model::{Group, Model, Percentiles};
use crate::record::{GroupId, Nanos, Outcome};
use crate::text;

/// A column of the table.
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    /// The columns that it takes on screen, with the gap before it.
    pub(crate) width: usize,
    cell: fn(&Group) -> String,
}

/// The columns, from left to right. On a narrow screen the last ones are left out.
pub(crate) const COLUMNS: [Column; 7] = [
    column("finished", 9, |group| {
        text::count(group.repetitions[Outcome::Completed as usize])
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

/// A percentile of measured times. Without any measurement there is no number.
fn time(times: Percentiles, percentile: fn(Percentiles) -> Nanos) -> String {
    match times.count {
        0 => "–".to_owned(),
        _ => text::duration(percentile(times)),
    }
}

/// A group's row. Its numbers cost too much to compute for each frame, so the app keeps them for a
/// while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupRow {
    pub(crate) id: GroupId,
    /// One text for each of [`COLUMNS`].
    pub(crate) cells: [String; COLUMNS.len()],
}

impl GroupRow {
    /// The rows of the scenario's groups of which a task has been spawned, in the order of their
    /// ids.
    pub(crate) fn all(model: &Model) -> Vec<GroupRow> {
        let has_begun = |group: &&Group| !group.library && group.spawned > 0;
        let row = |group: &Group| GroupRow {
            id: group.id,
            cells: COLUMNS.map(|column| (column.cell)(group)),
        };
        model.groups().iter().filter(has_begun).map(row).collect()
    }
}
