//! Generates reference pages from JSON Schemas.
//!
//! A page begins with a section about the root of the schema. Then each definition has a section,
//! in the order in which the page first mentions the definitions. Strings and numbers with a
//! special notation, such as durations, are in one table at the end.

use super::markdown::{alternatives, code, header, table};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The settings that differ between the pages.
pub(super) struct Style {
    source: &'static str,
    title: &'static str,
    intro: &'static str,
    /// Whether some keys are optional. If some keys are optional, the table of keys marks the
    /// required keys.
    has_optional_keys: bool,
}

impl Style {
    /// The settings of the page about scenario files.
    pub(super) const SCENARIO: Style = Style {
        source: "the JSON Schema that `tasklab schema` prints",
        title: "Scenario reference",
        intro: "Every table, step and value of a scenario file.\n",
        has_optional_keys: true,
    };

    /// The settings of the page about the report.
    pub(super) const REPORT: Style = Style {
        source: "the JSON Schema that `tasklab schema --report` prints",
        title: "Report reference",
        intro: "The JSON object that `tasklab run --json` prints.\n\n\
                In the `[expect]` table of a scenario, a path selects a number. A path is a sequence of keys with dots between them, such as \
                `tasks.spawned`. The `name` of a list item selects the item. For example, `groups.api.delay_ns.p99` selects the group `api`.\n",
        has_optional_keys: false,
    };
}

/// Returns the page for `schema`, which is a JSON Schema as text.
pub(super) fn page(style: &Style, schema: &str) -> String {
    let root: Value = serde_json::from_str(schema).expect("a generated schema is valid JSON");
    let definitions = ["definitions", "$defs"].iter().find_map(|key| root[key].as_object());
    let mut renderer = Renderer {
        definitions: definitions.expect("the schema has definitions"),
        has_optional_keys: style.has_optional_keys,
        mentioned: Vec::new(),
    };
    let mut out = header(style.source, style.title) + style.intro;
    let _ = write!(out, "\n{}", renderer.section(&root));
    let (mut next, mut values) = (0, Vec::new());
    while let Some(name) = renderer.mentioned.get(next).copied() {
        next += 1;
        let definition = &renderer.definitions[name];
        if is_plain_value(definition) {
            values.push([
                format!("<a id=\"{}\"></a>{name}", anchor(name, definition)),
                description(definition),
            ]);
        } else {
            let _ = write!(out, "\n## {name}\n\n{}", renderer.section(definition));
        }
    }
    if !values.is_empty() {
        let _ = write!(out, "\n## Values\n\n{}", table(["value", "notation"], values));
    }
    out
}

struct Renderer<'a> {
    definitions: &'a Map<String, Value>,
    has_optional_keys: bool,
    /// Names of definitions in the order of their first mention.
    mentioned: Vec<&'a str>,
}

impl<'a> Renderer<'a> {
    /// Returns the description of a schema, and a table of its keys, variants or forms.
    fn section(&mut self, schema: &'a Value) -> String {
        let mut out = description(schema) + "\n";
        if let Some(properties) = schema["properties"].as_object() {
            let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            let rows: Vec<[String; 3]> = properties
                .iter()
                .map(|(key, property)| {
                    let is_marked = self.has_optional_keys && required.iter().any(|name| name == key);
                    let mark = if is_marked { " (required)" } else { "" };
                    [code(key) + mark, self.type_of(property), description(property)]
                })
                .collect();
            let _ = write!(out, "\n{}", table(["key", "type", "meaning"], rows));
        } else if let Some(choices) = schema["oneOf"].as_array() {
            let rows: Vec<[String; 3]> = choices.iter().map(|choice| self.variant(choice)).collect();
            let has_arguments = rows.iter().any(|[_, argument, _]| !argument.is_empty());
            out.push('\n');
            if has_arguments {
                out.push_str(&table(["name", "argument", "meaning"], rows));
            } else {
                out.push_str(&table(
                    ["name", "meaning"],
                    rows.into_iter().map(|[name, _, meaning]| [name, meaning]),
                ));
            }
        } else if let Some(forms) = schema["anyOf"].as_array() {
            let rows: Vec<[String; 2]> = forms
                .iter()
                .map(|form| [self.type_of(form), description(form)])
                .collect();
            let _ = write!(out, "\n{}", table(["form", "meaning"], rows));
        } else if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            let _ = write!(out, "\nEach value: {}\n", description(values));
        } else {
            let _ = write!(out, "\nType: {}.\n", self.type_of(schema));
        }
        out
    }

    /// Describes a variant of an enumeration: its name, the type of its argument, its description.
    fn variant(&mut self, schema: &'a Value) -> [String; 3] {
        let only_property = schema["properties"]
            .as_object()
            .and_then(|properties| properties.iter().next());
        let (name, argument) = match only_property {
            Some((name, argument)) => (code(name), self.type_of(argument)),
            None => (self.type_of(schema), String::new()),
        };
        [name, argument, description(schema)]
    }

    /// Describes the type of a schema in a few words, with links to definitions.
    fn type_of(&mut self, schema: &'a Value) -> String {
        if let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.rsplit('/').next())
        {
            return self.link(name);
        }
        if let [part] = schema["allOf"].as_array().map_or(&[][..], Vec::as_slice) {
            return self.type_of(part);
        }
        if let Some(constant) = schema.get("const") {
            return code(constant.as_str().unwrap_or(&constant.to_string()));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[keyword].as_array() {
                let types: Vec<String> = choices.iter().map(|choice| self.type_of(choice)).collect();
                return alternatives(&types);
            }
        }
        match &schema["type"] {
            Value::Array(names) => {
                let types: Vec<String> = names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|name| self.named(name, schema))
                    .collect();
                alternatives(&types)
            }
            name => self.named(name.as_str().unwrap_or("any value"), schema),
        }
    }

    /// Describes the type whose name in JSON Schema is `name`.
    fn named(&mut self, name: &str, schema: &'a Value) -> String {
        match name {
            "array" => format!("list of {}", self.type_of(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("map to {}", self.type_of(&schema["additionalProperties"]))
            }
            "null" => code("null"),
            "integer" | "number" => match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
                (Some(min), Some(max)) => format!("{name}, {min}–{max}"),
                (Some(min), None) if min > 0.0 => format!("{name}, at least {min}"),
                _ => name.to_owned(),
            },
            name => name.to_owned(),
        }
    }

    fn link(&mut self, name: &str) -> String {
        let Some((name, definition)) = self.definitions.get_key_value(name) else {
            return code(name);
        };
        if !self.mentioned.contains(&name.as_str()) {
            self.mentioned.push(name);
        }
        format!("[{name}](#{})", anchor(name, definition))
    }
}

/// Whether a definition is a string, a number or a boolean, so that one table row can describe it.
fn is_plain_value(definition: &Value) -> bool {
    matches!(
        definition["type"].as_str(),
        Some("string" | "integer" | "number" | "boolean")
    )
}

/// The anchor of a definition. mdBook and GitHub derive the anchor of a heading in the same way. A
/// plain value has no heading. The anchor of a plain value has a prefix, because otherwise `text`
/// and `Text` would have the same anchor.
fn anchor(name: &str, definition: &Value) -> String {
    let lower = name.to_lowercase();
    if is_plain_value(definition) {
        format!("value-{lower}")
    } else {
        lower
    }
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_link_has_exactly_one_target() {
        for (style, schema) in [
            (Style::SCENARIO, crate::scenario::schema()),
            (Style::REPORT, crate::report::schema()),
        ] {
            let page = page(&style, &schema);
            let headings = page
                .lines()
                .filter_map(|line| line.strip_prefix("## "))
                .map(str::to_lowercase);
            let ids = page
                .split("<a id=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .map(str::to_owned);
            let mut targets = HashSet::new();
            for target in headings.chain(ids) {
                assert!(targets.insert(target.clone()), "two targets {target}");
            }
            let links: Vec<&str> = page
                .split("](#")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
                .collect();
            assert!(links.len() > 10);
            for link in links {
                assert!(targets.contains(link), "no target for {link}");
            }
        }
    }
}
