//! One line about a run that goes on without a screen.

use crate::model::Model;
use crate::text;

/// Steps of the model's series that "now" is made of: the last second.
const RECENT: usize = 4;

/// How the run stands, in one line of at most `width` columns (all of it needs about 80), without a newline.
///
/// `late` is the 99th percentile of lateness; it and the rate are those of the last second. Numbers keep their places from
/// one line to the next, so that the line can be written over the one before.
pub fn progress(model: &Model, width: usize) -> String {
    let counts = model.counts();
    let accounts = model.accounts();
    let until = model
        .info()
        .duration
        .map(|end| format!(" / {}", text::round_duration(end)));
    let late = model.series().rev().take(RECENT).map(|step| step.lateness.p99).max();
    let pieces = [
        format!("{}{}", text::clock(model.now()), until.unwrap_or_default()),
        format!("{:>5} tasks", text::count(counts.alive() as u64)),
        format!("{} blocking", text::count(counts.blocking as u64)),
        format!("{:>5} polls/s", text::count(polls_per_s(model))),
        format!("late {:>7}", text::duration(late.unwrap_or_default())),
        format!("{} lost", text::count(accounts.lost())),
    ];
    text::fit(&pieces.join("  "), width).into_owned()
}

/// The mean over the last second, without the step that has only begun, unless it is the first.
fn polls_per_s(model: &Model) -> u64 {
    let begun = usize::from(model.series().len() > 1);
    let rates: Vec<f64> = model
        .series()
        .rev()
        .skip(begun)
        .take(RECENT)
        .map(|step| step.polls_per_s)
        .collect();
    (rates.iter().sum::<f64>() / rates.len().max(1) as f64).round() as u64
}
