//! The scenarios that come with tasklab, embedded so that an installed binary has them in any folder.

use super::{Scenario, read};

/// A scenario that comes with tasklab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

impl Builtin {
    /// What its file says.
    pub fn scenario(&self) -> Scenario {
        read(self.name, self.text).expect("a test reads every built-in scenario")
    }
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        &[$( Builtin { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) } ),*]
    };
}

/// All of them, in the order in which to meet them.
pub const BUILTIN: &[Builtin] = builtin![
    "mixed",
    "blocking-sleep",
    "cpu-vs-io",
    "spawn-blocking",
    "starved-driver",
    "starved-driver-handoff",
    "timeouts",
];

/// The scenario of this name, with or without `.toml`.
pub fn find(name: &str) -> Option<&'static Builtin> {
    let name = name.strip_suffix(".toml").unwrap_or(name);
    BUILTIN.iter().find(|builtin| builtin.name == name)
}
