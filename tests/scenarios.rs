//! The scenario language from outside: what ships is valid, and what is wrong is said well.

use tasklab::scenario::{self, builtin::BUILTIN};

#[test]
fn every_built_in_scenario_is_valid() {
    for builtin in BUILTIN {
        if let Err(report) = scenario::read(builtin.name, builtin.text) {
            panic!("{report}");
        }
    }
}
