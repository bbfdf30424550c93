//! One line of the event log for a run that goes on without a screen.

use crate::model::Model;
use crate::record::LogLine;
use crate::text;

/// When, how grave, during whose slice or where in the code, and what; without a newline.
pub fn log_message(model: &Model, line: &LogLine) -> String {
    let source = match line.task {
        Some(id) => model.task_name(id).to_string(),
        None => line.target.clone(),
    };
    format!(
        "{}  {:5}  {}  {}",
        text::clock(line.at),
        line.level,
        text::clean(&source),
        text::clean(&line.message)
    )
}
