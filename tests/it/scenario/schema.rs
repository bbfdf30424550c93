//! The JSON Schema, the reader and the built-in scenarios agree.

use crate::support::steps;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tasklab::scenario::{self, builtin};

const EVERYTHING: &str = include_str!("../../scenarios/everything.toml");

fn schema() -> Value {
    serde_json::from_str(&scenario::schema()).unwrap()
}

#[test]
fn every_built_in_scenario_names_the_schema_and_conforms_to_it() {
    let schema = schema();
    for builtin in builtin::all() {
        // The path is relative to the scenario's folder, and lessons are one folder deeper.
        let up = "../".repeat(1 + usize::from(builtin.number().is_some()));
        let first = format!("#:schema {up}assets/scenario.schema.json\n");
        assert!(builtin.text.starts_with(&first), "{}", builtin.name);
        let scenario: Value = toml::from_str(builtin.text).unwrap();
        conform(&scenario, &schema, &schema).unwrap_or_else(|why| panic!("{}: {why}", builtin.name));
    }
}

/// These scenarios are valid, and together they use nearly every key of the language.
#[test]
fn the_schema_accepts_valid_scenarios() {
    let schema = schema();
    let guide = include_str!("../../../docs/src/language.md");
    let example = guide
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the guide begins with an example");
    for text in [example, EVERYTHING] {
        scenario::read("good.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let scenario: Value = toml::from_str(text).unwrap();
        conform(&scenario, &schema, &schema).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn everything_toml_has_every_step() {
    let scenario = scenario::read("everything.toml", EVERYTHING).unwrap_or_else(|report| panic!("{report}"));
    let mut words = BTreeSet::new();
    for step in scenario.tasks.iter().flat_map(|task| &task.steps) {
        step.visit(&mut |step| {
            words.insert(match serde_json::to_value(step).unwrap() {
                Value::String(word) => word,
                Value::Object(step) => step.keys().next().expect("a step has a word").clone(),
                other => panic!("a step is a word or a table, not {other}"),
            });
        });
    }
    let all: BTreeSet<String> = steps().into_iter().collect();
    assert_eq!(
        words, all,
        "left: steps of tests/scenarios/everything.toml; right: all steps"
    );
}

#[test]
fn the_schema_rejects_invalid_scenarios() {
    let schema = schema();
    for wrong in [
        json!({ "task": [{ "name": "a", "steps": ["yield"] }] }),
        json!({ "title": "x", "task": [] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "executors": [] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "executors": ["pool", "pool"] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "colour": "red" }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": [{ "slep": "5ms" }] }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yeild"] }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"], "count": 0 }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"], "repeat": "often" }] }),
        json!({ "title": { "ru": "x" }, "task": [{ "name": "a", "steps": ["yield"] }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "executors": ["everywhere"] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "channel": [{ "name": "jobs", "capacity": 0 }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"] }], "db": { "journal": "memory" } }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": [{ "gather": [{ "sleep": "1s" }] }] }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": [{ "log": { "level": "debug" } }] }] }),
        json!({ "title": "x", "task": [{ "name": "a", "steps": ["yield"], "rate": { "from": 1 } }] }),
    ] {
        assert!(conform(&wrong, &schema, &schema).is_err(), "{wrong}");
    }
}

/// Checks a value against a schema. This function supports the keywords that the schema of
/// scenarios uses, except `pattern`.
fn conform(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let schema = resolve(schema, root);
    let all = |keyword: &str| schema[keyword].as_array().cloned().unwrap_or_default();
    for part in all("allOf") {
        conform(value, &part, root)?;
    }
    for keyword in ["anyOf", "oneOf"] {
        let choices = all(keyword);
        if !choices.is_empty() && !choices.iter().any(|choice| conform(value, choice, root).is_ok()) {
            return Err(format!("{value} conforms to no choice"));
        }
    }
    let has_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("the schema uses the type {other}"),
        None => true,
    };
    let is_below = schema["minimum"]
        .as_f64()
        .zip(value.as_f64())
        .is_some_and(|(min, n)| n < min);
    let is_above = schema["maximum"]
        .as_f64()
        .zip(value.as_f64())
        .is_some_and(|(max, n)| n > max);
    let is_not_constant = schema.get("const").is_some_and(|constant| constant != value);
    if !has_type || is_below || is_above || is_not_constant {
        return Err(format!("{value} does not conform to {schema}"));
    }
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    let has_too_few = schema["minItems"]
        .as_u64()
        .is_some_and(|min| value.is_array() && (items.len() as u64) < min);
    let has_duplicates = schema["uniqueItems"] == true && (1..items.len()).any(|n| items[..n].contains(&items[n]));
    if has_too_few || has_duplicates {
        return Err(format!("{value} has too few items, or duplicates"));
    }
    for item in items {
        conform(item, &schema["items"], root)?;
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, value) in object {
            conform(value, properties.get(key).ok_or(format!("no key {key}"))?, root)?;
        }
        for key in all("required") {
            object.get(key.as_str().unwrap()).ok_or(format!("{key} is required"))?;
        }
    }
    Ok(())
}

fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

#[test]
fn the_reader_knows_every_key_of_the_schema() {
    let root = schema();
    let mut keys = 0;
    visit(&root, &root, &|value| value, &mut Vec::new(), &mut keys);
    assert!(keys > 60, "the schema has only {keys} keys");
}

/// Gives `true` to each key in turn. The reader may reject the value, but it must know the key.
fn visit<'a>(
    schema: &'a Value,
    root: &'a Value,
    document: &dyn Fn(Value) -> Value,
    above: &mut Vec<&'a str>,
    keys: &mut usize,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        if !above.contains(&reference) {
            above.push(reference);
            visit(resolve(schema, root), root, document, above, keys);
            above.pop();
        }
        return;
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for choice in schema[keyword].as_array().into_iter().flatten() {
            visit(choice, root, document, above, keys);
        }
    }
    if schema["items"].is_object() {
        visit(&schema["items"], root, &|value| document(json!([value])), above, keys);
    }
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        *keys += 1;
        let text = toml::to_string(&document(json!({ key: true }))).unwrap();
        let report = scenario::read("key.toml", &text).unwrap_err().to_string();
        assert!(!report.contains("error: unknown"), "{text}\n{report}");
        visit(value, root, &|value| document(json!({ key: value })), above, keys);
    }
}
