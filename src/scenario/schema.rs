//! The JSON Schema of the language, for editors: `tasklab schema`.

use super::syntax;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

/// The schema as pretty-printed JSON that ends with a newline. The schema uses draft 7, which TOML
/// language servers support best.
pub fn schema() -> String {
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(tidy));
    let schema = settings.into_generator().into_root_schema_for::<syntax::Scenario>();
    let json = serde_json::to_string_pretty(&schema).expect("a schema contains only strings, numbers and maps");
    json + "\n"
}

/// Removes the type `null`, because TOML has no such type. Also replaces the line ends of doc
/// comments by spaces.
fn tidy(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    let null = |choice: &Value| choice.get("type").is_some_and(|name| name == "null");
    if schema
        .get("anyOf")
        .and_then(Value::as_array)
        .is_some_and(|choices| choices.iter().any(null))
        && let Some(Value::Array(mut choices)) = schema.remove("anyOf")
    {
        choices.retain(|choice| !null(choice));
        // A single choice needs no `anyOf`. But in draft 7, a description must not stand beside a
        // `$ref`, so the single choice goes into `allOf`.
        let keyword = if choices.len() == 1 { "allOf" } else { "anyOf" };
        schema.insert(keyword.to_owned(), Value::Array(choices));
    }
}
