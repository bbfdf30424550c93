//! Generates the reference page of the command line from its clap definition.

use super::markdown::{code, header};
use clap::{Arg, Command};
use std::fmt::Write;

/// Returns the page, with one section for each subcommand.
pub(super) fn page(mut command: Command) -> String {
    command = command.disable_help_subcommand(true);
    command.build();
    let mut out = header("the definition in `src/cli`", "Command line");
    let _ = writeln!(out, "{}", text(command.get_about()));
    for subcommand in command.get_subcommands_mut() {
        section(&mut out, subcommand);
    }
    let _ = write!(out, "\n## Exit status\n\n{}\n", text(command.get_after_help()));
    out
}

fn section(out: &mut String, command: &mut Command) {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace("\n       ", "\n");
    let about = text(command.get_long_about().or(command.get_about()));
    let name = command.get_name();
    let _ = write!(out, "\n## tasklab {name}\n\n```text\n{usage}\n```\n\n{about}\n");
    // The headings in the order of their first use. `--help` uses the same order.
    let mut headings: Vec<Option<&str>> = Vec::new();
    let args = || {
        command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set() && arg.get_id() != "help")
    };
    for arg in args() {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            let _ = write!(out, "\n**{heading}**\n");
        }
        out.push('\n');
        for arg in args().filter(|arg| arg.get_help_heading() == heading) {
            argument(out, arg);
        }
    }
}

/// Writes a list item with the syntax, the meaning, the values and the default of an argument.
fn argument(out: &mut String, arg: &Arg) {
    // `--executor <KIND>`, and `<SCENARIO>` for a positional argument.
    let syntax = arg.to_string();
    let help = text(arg.get_long_help().or(arg.get_help()));
    // clap removes the full stop at the end of the first paragraph.
    let help = help.replace("\n\n", ". ");
    let stop = if help.ends_with('.') { "" } else { "." };
    let _ = write!(out, "- {}: {help}{stop}", code(&syntax));
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| code(value.get_name()))
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        let _ = write!(out, "\n  Values: {}.", values.join(", "));
    }
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| code(&value.to_string_lossy()))
        .collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        let _ = write!(out, "\n  Default: {}.", defaults.join(", "));
    }
    out.push('\n');
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
