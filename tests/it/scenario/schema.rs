//! The JSON Schema, the reader and the shipped scenarios say the same.

use serde_json::{Value, json};
use tasklab::scenario::{self, builtin};

fn schema() -> Value {
    serde_json::from_str(&scenario::schema()).unwrap()
}

/// `UPDATE_EXPECT=1` writes the file.
#[test]
fn the_shipped_schema_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenario.schema.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, scenario::schema()).unwrap();
    }
    let shipped = std::fs::read_to_string(path).unwrap();
    assert!(shipped == scenario::schema(), "{path} is out of date");
}

#[test]
fn every_built_in_scenario_names_the_schema_and_fits_it() {
    let schema = schema();
    for builtin in builtin::all() {
        // From the scenario's own folder: lessons lie one deeper.
        let up = "../".repeat(1 + usize::from(builtin.number().is_some()));
        let first = format!("#:schema {up}assets/scenario.schema.json\n");
        assert!(builtin.text.starts_with(&first), "{}", builtin.name);
        let scenario: Value = toml::from_str(builtin.text).unwrap();
        fit(&scenario, &schema, &schema).unwrap_or_else(|why| panic!("{}: {why}", builtin.name));
    }
}

/// Each is good, and together they say nearly everything that can be said.
#[test]
fn the_schema_lets_through_what_the_reader_understands() {
    let schema = schema();
    let readme = include_str!("../../../README.md");
    let example = readme
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    for text in [example, include_str!("../../scenarios/everything.toml")] {
        scenario::read("good.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let scenario: Value = toml::from_str(text).unwrap();
        fit(&scenario, &schema, &schema).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
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
        assert!(fit(&wrong, &schema, &schema).is_err(), "{wrong}");
    }
}

/// Whether a value fits a schema, as far as this language's schema goes; patterns are not looked at.
fn fit(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    let schema = resolve(schema, root);
    let all = |keyword: &str| schema[keyword].as_array().cloned().unwrap_or_default();
    for part in all("allOf") {
        fit(value, &part, root)?;
    }
    for keyword in ["anyOf", "oneOf"] {
        let choices = all(keyword);
        if !choices.is_empty() && !choices.iter().any(|choice| fit(value, choice, root).is_ok()) {
            return Err(format!("{value} fits no choice"));
        }
    }
    let sound = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("the schema uses the type {other}"),
        None => true,
    };
    let below = schema["minimum"]
        .as_f64()
        .zip(value.as_f64())
        .is_some_and(|(min, n)| n < min);
    let above = schema["maximum"]
        .as_f64()
        .zip(value.as_f64())
        .is_some_and(|(max, n)| n > max);
    let other = schema.get("const").is_some_and(|constant| constant != value);
    if !sound || below || above || other {
        return Err(format!("{value} does not fit {schema}"));
    }
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    let few = schema["minItems"]
        .as_u64()
        .is_some_and(|min| value.is_array() && (items.len() as u64) < min);
    let twice = schema["uniqueItems"] == true && (1..items.len()).any(|n| items[..n].contains(&items[n]));
    if few || twice {
        return Err(format!("{value} has too few items, or one twice"));
    }
    for item in items {
        fit(item, &schema["items"], root)?;
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, value) in object {
            fit(value, properties.get(key).ok_or(format!("no key {key}"))?, root)?;
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
    assert!(keys > 60, "only {keys} keys were tried");
}

/// Puts a date, which fits nowhere, under each key in turn: the reader may mind the date, but not the key.
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
