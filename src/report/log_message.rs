//! Formats one line of the event log, for a run without a screen.

use crate::model::Model;
use crate::record::LogLine;
use crate::text;

/// Returns the time, the level, the source and the message of a log line, without a newline. The
/// source is the task that logged the message. If no task logged it, the source is the module of
/// the code.
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
