//! The options that say something else than the scenario, for all subcommands that load one.

use crate::scenario::{self, ExecutorKind, Lang, Overrides};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;

/// Where `--help` shows them.
const HEADING: &str = "Instead of what the scenario says";

/// All of them.
#[derive(Args, Debug)]
pub struct OverrideArgs {
    /// Run the tasks on this executor
    #[arg(long, help_heading = HEADING, value_name = "KIND", value_parser = executor())]
    executor: Option<ExecutorKind>,

    #[command(flatten)]
    run: RunArgs,
}

/// Those that mean something on any executor.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Run the tasks on so many threads, 1–1024
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    workers: Option<u64>,

    /// Stop after this long: 500ms, 20s, 2m; at most 24h
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = length, allow_hyphen_values = true)]
    duration: Option<Duration>,

    /// Derive every random draw from this number
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    seed: Option<u64>,

    #[command(flatten)]
    plan: PlanArgs,
}

/// Those that leave a scenario what it is.
#[derive(Args, Debug)]
pub struct PlanArgs {
    #[command(flatten)]
    lang: LangArg,

    /// Go through the scenario's plan faster: multiply its times by this, 0.05–1
    ///
    /// The duration, the groups' starts and ends, the lengths of ramps, and the times of cues. Steps last as long as ever, and
    /// --duration is taken as it is.
    #[arg(long, help_heading = HEADING, value_name = "FACTOR", allow_negative_numbers = true)]
    scale: Option<f64>,
}

/// The language alone.
#[derive(Args, Debug)]
pub struct LangArg {
    /// Show titles and cues in this language [default: that of LC_ALL, LC_MESSAGES or LANG]
    ///
    /// What a scenario does not say in Russian is shown in English.
    #[arg(long, help_heading = HEADING, value_name = "LANG", value_parser = lang())]
    lang: Option<Lang>,
}

impl OverrideArgs {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            executor: self.executor,
            ..self.run.overrides()
        }
    }
}

impl RunArgs {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            workers: self.workers,
            duration: self.duration,
            seed: self.seed,
            ..self.plan.overrides()
        }
    }
}

impl PlanArgs {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            lang: self.lang.lang(),
            scale: self.scale,
            ..Overrides::default()
        }
    }
}

impl LangArg {
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or_else(spoken)
    }
}

/// Reads an executor by its word.
pub fn executor() -> impl TypedValueParser<Value = ExecutorKind> {
    PossibleValuesParser::new(ExecutorKind::ALL.map(ExecutorKind::word)).map(|word| {
        let kind = ExecutorKind::ALL.into_iter().find(|kind| kind.word() == word);
        kind.expect("the possible values are the words of the kinds")
    })
}

/// Reads a length of time, also one below zero, to say so.
fn length(text: &str) -> Result<Duration, String> {
    scenario::duration(text).map_err(|why| format!("{why}; write it as 500ms, 20s or 2m"))
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("it is not a whole number from 0 to {}", u64::MAX))
}

fn lang() -> impl TypedValueParser<Value = Lang> {
    PossibleValuesParser::new(Lang::ALL.map(Lang::word)).map(|word| {
        let lang = Lang::ALL.into_iter().find(|lang| lang.word() == word);
        lang.expect("the possible values are the words of the languages")
    })
}

/// The language of the locale, where scenarios can be in it.
fn spoken() -> Lang {
    of_locale(|name| std::env::var(name).ok())
}

/// The first of POSIX's three variables that is set and not empty decides (POSIX.1-2024, 8.2).
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let set = |name| variable(name).filter(|locale| !locale.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(set)
        .unwrap_or_default();
    let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    let known = Lang::ALL.into_iter().find(|lang| lang.word() == language);
    known.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Lang {
        of_locale(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_says_anything_decides() {
        assert_eq!(with(&[]), Lang::En);
        assert_eq!(with(&[("LANG", "ru_RU.UTF-8")]), Lang::Ru);
        assert_eq!(with(&[("LANG", "ru")]), Lang::Ru);
        assert_eq!(
            with(&[("LC_ALL", ""), ("LC_MESSAGES", "ru_RU"), ("LANG", "en_US.UTF-8")]),
            Lang::Ru
        );
        assert_eq!(with(&[("LC_ALL", "C.UTF-8"), ("LANG", "ru_RU.UTF-8")]), Lang::En);
        assert_eq!(with(&[("LANG", "run_UG")]), Lang::En, "Rundi is not Russian");
    }
}
