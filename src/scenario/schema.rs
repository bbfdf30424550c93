//! The JSON Schema of the language, for editors: `tasklab schema`.

use super::raw;
use schemars::generate::SchemaSettings;

/// The schema as pretty-printed JSON that ends with a newline.
///
/// It is draft 7, because that is what the TOML language servers understand best.
pub fn schema() -> String {
    let schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<raw::Scenario>();
    let json = serde_json::to_string_pretty(&schema).expect("a schema is made of strings, numbers and maps");
    json + "\n"
}
