//! The options that override what a scenario says, for all subcommands that load a scenario.

use crate::scenario::{self, ExecutorKind, Lang, Overrides};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;
use strum::VariantArray;

/// Their heading in the output of `--help`.
const HEADING: &str = "Overrides of the scenario";

/// All overrides.
#[derive(Args, Debug)]
pub(super) struct OverrideArgs {
    /// Run the tasks on this executor
    #[arg(long, help_heading = HEADING, value_name = "KIND", value_parser = executor_parser())]
    executor: Option<ExecutorKind>,

    #[command(flatten)]
    run: RunArgs,
}

/// The overrides that apply to every executor.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// Run the tasks on N threads, 1–1024
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole_number, allow_negative_numbers = true)]
    workers: Option<u64>,

    /// Stop after this long: 500ms, 20s, 2m; at most 24h
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    duration: Option<Duration>,

    /// Derive every random draw from this seed
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole_number, allow_negative_numbers = true)]
    seed: Option<u64>,

    #[command(flatten)]
    plan: PlanArgs,
}

/// The overrides that keep the meaning of a scenario.
#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    lang: LangArg,

    /// Multiply the times of the scenario's plan by FACTOR, 0.05–1, for a faster run
    ///
    /// The factor applies to the duration, the starts and ends of groups, the lengths of ramps, and
    /// the times of cues. It does not apply to steps and to --duration.
    #[arg(long, help_heading = HEADING, value_name = "FACTOR", allow_negative_numbers = true)]
    scale: Option<f64>,
}

/// The language of texts.
#[derive(Args, Debug)]
pub(super) struct LangArg {
    /// Show titles and cues in this language [default: from LC_ALL, LC_MESSAGES or LANG]
    ///
    /// A text without a Russian version is shown in English.
    #[arg(long, help_heading = HEADING, value_name = "LANG", value_parser = word_parser::<Lang>())]
    lang: Option<Lang>,
}

impl OverrideArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            executor: self.executor,
            ..self.run.overrides()
        }
    }
}

impl RunArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            workers: self.workers,
            duration: self.duration,
            seed: self.seed,
            ..self.plan.overrides()
        }
    }
}

impl PlanArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            lang: self.lang.lang(),
            scale: self.scale,
            ..Overrides::default()
        }
    }
}

impl LangArg {
    pub(super) fn lang(&self) -> Lang {
        self.lang.unwrap_or_else(lang_of_locale)
    }
}

/// Parses the name of an executor.
pub(super) fn executor_parser() -> impl TypedValueParser<Value = ExecutorKind> {
    word_parser()
}

/// Parses one of the words of an enum; help and errors list them.
pub(super) fn word_parser<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + Copy + Into<&'static str> + Send + Sync,
{
    let word = |value: &T| -> &'static str { (*value).into() };
    PossibleValuesParser::new(T::VARIANTS.iter().map(word)).map(move |text| {
        let value = T::VARIANTS.iter().copied().find(|value| word(value) == text);
        value.expect("clap accepts only the words of these values")
    })
}

/// Parses a duration. A negative one gets this far, so that the error can say that it is negative.
fn duration(text: &str) -> Result<Duration, String> {
    scenario::duration(text).map_err(|why| format!("{why}; write it as 500ms, 20s or 2m"))
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("it is not a whole number from 0 to {}", u64::MAX))
}

/// The language of the locale if scenarios support it, otherwise English.
fn lang_of_locale() -> Lang {
    lang_of_variables(|name| std::env::var(name).ok())
}

/// The first of three variables that is set and not empty decides (POSIX.1-2024, 8.2).
fn lang_of_variables(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let value = |name| variable(name).filter(|locale| !locale.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(value)
        .unwrap_or_default();
    let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    let known = Lang::VARIANTS.iter().copied().find(|lang| lang.into_str() == language);
    known.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(variables: &[(&str, &str)]) -> Lang {
        lang_of_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        assert_eq!(lang(&[]), Lang::En);
        assert_eq!(lang(&[("LANG", "ru_RU.UTF-8")]), Lang::Ru);
        assert_eq!(lang(&[("LANG", "ru")]), Lang::Ru);
        assert_eq!(
            lang(&[("LC_ALL", ""), ("LC_MESSAGES", "ru_RU"), ("LANG", "en_US.UTF-8")]),
            Lang::Ru
        );
        assert_eq!(lang(&[("LC_ALL", "C.UTF-8"), ("LANG", "ru_RU.UTF-8")]), Lang::En);
        assert_eq!(lang(&[("LANG", "run_UG")]), Lang::En, "Rundi is not Russian");
    }
}
