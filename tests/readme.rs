//! What README says is what the program does.

use tasklab::scenario::builtin::BUILTIN;
use tasklab::tui::Action;

const README: &str = include_str!("../README.md");

#[test]
fn the_table_of_keys_is_the_keymap() {
    let rows: String = Action::ALL
        .iter()
        .map(|action| {
            let keys: Vec<String> = action.keys().iter().map(|key| format!("`{key}`")).collect();
            format!("| {} | {} |\n", keys.join(" "), action.description())
        })
        .collect();
    assert!(README.contains(&rows), "README's keys should be:\n{rows}");
}

#[test]
fn every_scenario_that_comes_along_is_named() {
    for builtin in BUILTIN {
        assert!(README.contains(&format!("`{}`", builtin.name)), "{}", builtin.name);
    }
}
