//! Generates the page of built-in lessons and scenarios from their files.

use super::markdown::{code, header, table};
use crate::scenario::builtin::{BUILTIN, Builtin, LESSONS};
use crate::scenario::{Scenario, show_duration};
use std::fmt::Write;

/// Returns tables of all lessons and scenarios, and a section for each lesson and scenario.
pub(super) fn page() -> String {
    let mut out = header("the files in `scenarios/`", "Lessons and scenarios");
    out.push_str("`tasklab run NAME` runs a lesson or a scenario. `tasklab run 1` runs lesson 1.\n");
    for (title, list) in [("Lessons", LESSONS), ("Scenarios", BUILTIN)] {
        let rows = list.iter().map(|builtin| {
            let name = builtin.name;
            [format!("[{name}](#{name})"), builtin.scenario().title]
        });
        let _ = write!(out, "\n## {title}\n\n{}", table(["name", "title"], rows));
        out.extend(list.iter().map(section));
    }
    out
}

fn section(builtin: &Builtin) -> String {
    let scenario = builtin.scenario();
    let mut out = format!("\n### {}\n\n**{}**", builtin.name, scenario.title);
    if !scenario.about.is_empty() {
        let _ = write!(out, "\n\n{}", scenario.about);
    }
    let _ = write!(out, "\n\nRuns on {}.\n", setup(&scenario));
    if !scenario.expect.is_empty() {
        let rows = scenario.expect.iter().map(|it| [code(&it.key), code(&it.written)]);
        let _ = write!(out, "\nExpectations:\n\n{}", table(["what is measured", "bound"], rows));
    }
    out
}

/// Describes the executor and the duration in Markdown: `tokio with 2 workers for 30s`.
fn setup(scenario: &Scenario) -> String {
    let executor = code(scenario.executor.kind.into_str());
    let workers = match scenario.executor.workers {
        None => String::new(),
        Some(1) => " with 1 worker".to_owned(),
        Some(n) => format!(" with {n} workers"),
    };
    let duration = match scenario.duration {
        Some(duration) => format!("for {}", show_duration(duration)),
        None => "until all tasks have ended".to_owned(),
    };
    format!("{executor}{workers} {duration}")
}
