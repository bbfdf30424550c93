//! The generated files of the repository: the reference pages of the book in `docs/`, and the JSON
//! Schemas in `assets/`.
//!
//! Each page is generated from the definition that the program itself uses, so the page always
//! matches the program. `tasklab docs` writes the files. A test runs `tasklab docs --check`, which
//! fails if a file is out of date.
//!
//! ```text
//!   scenario::schema, report::schema ──► json_schema  ──► reference/scenario.md, report.md
//!   tui::Action                      ──► keys         ──► reference/keys.md
//!   clap::Command                    ──► command_line ──► reference/command-line.md
//!   scenario::builtin                ──► scenarios    ──► reference/scenarios.md
//! ```

mod command_line;
mod json_schema;
mod keys;
mod markdown;
mod scenarios;

use crate::{compare, report, scenario};

/// A generated file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The path of the file, relative to the root of the repository.
    pub path: &'static str,
    /// The contents of the file.
    pub text: String,
}

/// Returns all generated files. `command` is the definition of the command line.
pub fn pages(command: clap::Command) -> Vec<Page> {
    let (scenario, report) = (scenario::schema(), report::schema());
    let scenario_page = json_schema::page(&json_schema::Style::SCENARIO, &scenario);
    let report_page = json_schema::page(&json_schema::Style::REPORT, &report);
    [
        ("assets/scenario.schema.json", scenario),
        ("assets/report.schema.json", report),
        ("assets/comparison.schema.json", compare::schema()),
        ("docs/src/reference/scenario.md", scenario_page),
        ("docs/src/reference/report.md", report_page),
        ("docs/src/reference/keys.md", keys::page()),
        ("docs/src/reference/command-line.md", command_line::page(command)),
        ("docs/src/reference/scenarios.md", scenarios::page()),
    ]
    .map(|(path, text)| Page { path, text })
    .into()
}
