//! The scenarios that come with tasklab, embedded so that an installed binary has them in any folder.
//!
//! Lessons are apart from the others: they are numbered, and verified as a whole.

use super::{Lang, Overrides, Scenario};

/// A scenario that comes with tasklab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin {
    /// Its name on the command line: `mixed`; of a lesson: `01-cpu-and-io`.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

impl Builtin {
    /// What its file says, in English.
    pub fn scenario(&self) -> Scenario {
        self.scenario_in(Lang::En)
    }

    /// What its file says, in this language where it can.
    pub fn scenario_in(&self, lang: Lang) -> Scenario {
        let overrides = Overrides {
            lang,
            ..Overrides::default()
        };
        let read = overrides.read(self.name, self.text);
        read.expect("a test reads every built-in scenario")
    }

    /// A lesson's number; `None`: it is none.
    pub fn number(&self) -> Option<u32> {
        self.name.split('-').next()?.parse().ok()
    }
}

macro_rules! builtin {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$( Builtin { name: $name, text: include_str!(concat!("../../scenarios/", $folder, $name, ".toml")) } ),*]
    };
}

/// Those that are no lessons, in the order in which to meet them.
pub const BUILTIN: &[Builtin] = builtin![
    "":
    "mixed",
    "blocking-sleep",
    "cpu-vs-io",
    "spawn-blocking",
    "starved-driver",
    "starved-driver-handoff",
    "timeouts",
];

/// The lessons, in order: the files of `scenarios/lessons/`.
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

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    LESSONS.iter().chain(BUILTIN)
}

/// The scenario of this name, with or without `.toml`; a lesson by its number too (`1`, `01`), and with or without its folder.
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
