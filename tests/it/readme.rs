//! What README says is what the program does.

use serde_json::Value;
use tasklab::scenario::{
    self,
    builtin::{BUILTIN, LESSONS},
};
use tasklab::tui::Action;

const README: &str = include_str!("../../README.md");

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

#[test]
fn every_lesson_is_listed_with_its_number_and_title() {
    for (number, lesson) in (1..).zip(LESSONS) {
        let title = lesson.scenario().title;
        let title = title.strip_prefix(&format!("Lesson {number}: ")).expect("a number");
        let row = format!("\n| {number} | [{title}](scenarios/lessons/{}.toml) |", lesson.name);
        assert!(README.contains(&row), "README lacks {row}");
    }
}

#[test]
fn the_scenario_that_explains_the_language_is_one() {
    let (_, rest) = README.split_once("```toml\n#:schema").unwrap();
    let (scenario, _) = rest.split_once("```").unwrap();
    scenario::read("README.md", &format!("#{scenario}")).unwrap_or_else(|report| panic!("{report}"));
}

/// Who writes a scenario finds every key and every word of the language in one place.
#[test]
fn the_language_is_told_to_the_last_key() {
    let (_, language) = README.split_once("## The scenario language").unwrap();
    let (language, _) = language.split_once("\n## ").unwrap();
    let schema: Value = serde_json::from_str(&scenario::schema()).unwrap();
    let mut words = Vec::new();
    gather(&schema, &mut words);
    assert!(words.len() > 80, "{words:?}");
    let told = |word: &str| {
        let apart = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
        language.split(apart).any(|part| part == word)
    };
    words.retain(|word| !told(word));
    assert!(
        words.is_empty(),
        "README's section on the language does not name {words:?}"
    );
}

/// The keys of objects, and the words that may be values.
fn gather(schema: &Value, words: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                words.extend(properties.keys().cloned());
            }
            let constant = object.get("const").and_then(Value::as_str);
            let choices = object.get("enum").and_then(Value::as_array);
            words.extend(constant.map(str::to_owned));
            words.extend(
                choices
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
            object.values().for_each(|value| gather(value, words));
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, words)),
        _ => {}
    }
}
