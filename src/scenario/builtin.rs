//! The scenarios that come with tasklab. The binary contains these scenarios, so they are available
//! in any folder.
//!
//! Lessons have a separate list, because lessons have numbers and `tasklab verify` runs all
//! lessons.

use super::{Lang, Overrides, Scenario};

/// A scenario that comes with tasklab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin {
    /// The name of the scenario on the command line: `mixed`, or `01-cpu-and-io` for a lesson.
    pub name: &'static str,
    /// The text of the scenario's file.
    pub text: &'static str,
}

impl Builtin {
    /// The scenario, with its texts in English.
    pub fn scenario(&self) -> Scenario {
        self.scenario_in(Lang::En)
    }

    /// The scenario, with its texts in this language. A text that is not translated is in English.
    pub fn scenario_in(&self, lang: Lang) -> Scenario {
        let overrides = Overrides {
            lang,
            ..Overrides::default()
        };
        let read = overrides.read(self.name, self.text);
        read.expect("a test reads every built-in scenario")
    }

    /// The number of a lesson. `None`: the scenario is not a lesson.
    pub fn number(&self) -> Option<u32> {
        self.name.split('-').next()?.parse().ok()
    }
}

macro_rules! builtin {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$( Builtin { name: $name, text: include_str!(concat!("../../scenarios/", $folder, $name, ".toml")) } ),*]
    };
}

/// The scenarios that are not lessons, in the order in which a learner should try them.
pub const BUILTIN: &[Builtin] = builtin![
    "":
    "mixed",
    "blocking-sleep",
    "cpu-vs-io",
    "spawn-blocking",
    "join-and-spawn",
    "starved-driver",
    "starved-driver-handoff",
    "timeouts",
    "guard-across-await",
    "missed-ticks",
    "early-release",
    "fair-rwlock",
    "unbounded-queue",
    "watch-and-broadcast",
    "growing-join-set",
    "lost-notification",
    "barrier",
    "blocking-cleanup",
    "shield",
    "block-on",
    "fork-join",
    "buffered",
    "unpolled-lock",
];

/// The lessons, ordered by number: the files of `scenarios/lessons/`.
pub const LESSONS: &[Builtin] = builtin![
    "lessons/":
    "01-cpu-and-io",
    "02-processes-threads-async",
    "03-coroutine",
    "04-suspend-and-resume",
    "05-gather",
    "06-task-group",
    "07-timeout",
    "08-blocking-sleep",
    "09-files",
    "10-logging",
    "11-starved-driver",
    "12-lock-convoy",
    "13-backpressure",
    "14-password",
    "15-retry-storm",
];

/// All built-in scenarios. The lessons come first.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    LESSONS.iter().chain(BUILTIN)
}

/// The built-in scenario with this name, with or without `.toml`. The name of a lesson may also be
/// its number (`1`, `01`), and may include its folder.
pub fn find(name: &str) -> Option<&'static Builtin> {
    let name = name.strip_suffix(".toml").unwrap_or(name);
    if let Some(builtin) = all().find(|builtin| builtin.name == name) {
        return Some(builtin);
    }
    let name = name.strip_prefix("lessons/").unwrap_or(name);
    let number: Option<u32> = name.parse().ok();
    LESSONS
        .iter()
        .find(|lesson| lesson.name == name || (number.is_some() && lesson.number() == number))
}
