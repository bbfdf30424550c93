//! Options that override values of a scenario file, for all subcommands that load a scenario.

use crate::scenario::{self, ExecutorKind, Lang, Overrides};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;
use strum::VariantArray;

/// The heading of these options in the output of `--help`.
const HEADING: &str = "Overrides of the scenario";

/// All options that override a scenario.
#[derive(Args, Debug)]
pub(super) struct OverrideArgs {
    /// Run the tasks on this executor
    #[arg(long, help_heading = HEADING, value_name = "KIND", value_parser = executor_parser())]
    executor: Option<ExecutorKind>,

    #[command(flatten)]
    run: RunArgs,
}

/// All options that override a scenario, except `--executor`.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// Run the tasks on N workers (1–1024; with `processes` 1–256)
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole_number, allow_negative_numbers = true)]
    workers: Option<u64>,

    /// Stop the run after this duration, such as 500ms, 20s or 2m; at most 24h
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    duration: Option<Duration>,

    /// Use this seed for all random numbers
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = whole_number, allow_negative_numbers = true)]
    seed: Option<u64>,

    #[command(flatten)]
    plan: PlanArgs,
}

/// The options for the language and the scale. These options do not change what a scenario
/// demonstrates.
#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    lang: LangArg,

    /// Multiply the planned times of the scenario by FACTOR (0.05–1), for a shorter run
    ///
    /// The factor applies to the duration, the starts and ends of groups, the durations of ramps,
    /// and the times of cues. It does not apply to steps or to --duration.
    #[arg(long, help_heading = HEADING, value_name = "FACTOR", allow_negative_numbers = true)]
    scale: Option<f64>,
}

/// The option that selects the language of titles and captions.
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

/// Returns a parser for the name of an executor.
pub(super) fn executor_parser() -> impl TypedValueParser<Value = ExecutorKind> {
    word_parser()
}

/// Returns a parser for the words of the enum `T`. Help texts and error messages list these words.
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

/// Parses a duration. clap passes on negative values, so that this parser can reject them with a
/// clear message.
fn duration(text: &str) -> Result<Duration, String> {
    scenario::duration(text).map_err(|why| format!("{why}; write it as 500ms, 20s or 2m"))
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("it is not a whole number from 0 to {}", u64::MAX))
}

/// The language of the locale if scenarios support that language, otherwise English.
fn lang_of_locale() -> Lang {
    lang_of_variables(|name| std::env::var(name).ok())
}

/// Reads the language from the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not
/// empty (POSIX.1-2024, section 8.2).
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
    fn the_first_variable_that_is_not_empty_selects_the_language() {
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
