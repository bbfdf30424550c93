//! The JSON Schema of the report: `tasklab schema --report`.

use crate::figures::{self, Report};
use crate::scenario::ExecutorKind;
use serde_json::Value;

/// Returns the JSON Schema (draft 2020-12) of [`Report::to_json`], pretty-printed. The text ends
/// with a newline.
pub fn schema() -> String {
    let mut generator = figures::schema_generator();
    // `scenario` imports `figures`, so `figures` does not know the kinds of executors.
    let kind = generator.subschema_for::<ExecutorKind>().to_value();
    let mut schema = generator.into_root_schema_for::<Report>().to_value();
    if let (Some(Value::Object(property)), Value::Object(kind)) =
        (schema.pointer_mut("/$defs/Executor/properties/kind"), kind)
    {
        property.remove("type");
        property.extend(kind);
    }
    figures::pretty_json(&schema)
}
