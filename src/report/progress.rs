//! The progress line of a run without a screen.

use crate::model::Model;
use crate::text;

/// The number of intervals of the model's series in one second.
const LAST_SECOND: usize = 4;

/// Returns the state of the run in one line of at most `width` columns, without a newline. The
/// complete line needs about 80 columns.
///
/// `late` is the 99th percentile of lateness. `late` and the poll rate cover the last second. Each
/// number is always in the same column, so that each line can overwrite the previous line.
pub fn progress(model: &Model, width: usize) -> String {
    let counts = model.counts();
    let records = model.record_counts();
    let planned = model
        .info()
        .duration
        .map(|end| format!(" / {}", text::round_duration(end)));
    let late = model
        .series()
        .rev()
        .take(LAST_SECOND)
        .map(|interval| interval.lateness.p99)
        .max();
    let parts = [
        format!("{}{}", text::clock(model.now()), planned.unwrap_or_default()),
        format!("{:>5} tasks", text::count(counts.alive() as u64)),
        format!("{} blocking", text::count(counts.blocking as u64)),
        format!("{:>5} polls/s", text::count(polls_per_s(model))),
        format!("late {:>7}", text::duration(late.unwrap_or_default())),
        format!("{} lost", text::count(records.lost())),
    ];
    text::fit(&parts.join("  "), width).into_owned()
}

/// The mean poll rate over the last second. The newest interval is left out because it is not
/// complete, unless it is the only interval.
fn polls_per_s(model: &Model) -> u64 {
    let unfinished = usize::from(model.series().len() > 1);
    let rates: Vec<f64> = model
        .series()
        .rev()
        .skip(unfinished)
        .take(LAST_SECOND)
        .map(|interval| interval.polls_per_s)
        .collect();
    (rates.iter().sum::<f64>() / rates.len().max(1) as f64).round() as u64
}
