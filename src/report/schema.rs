//! The JSON Schema of the report: `tasklab schema --report`.

use crate::figures::{self, Report};
use crate::scenario::ExecutorKind;
use serde_json::Value;

/// The JSON Schema of [`Report::to_json`] (draft 2020-12), pretty-printed, ending with a newline.
pub fn schema() -> String {
    let mut generator = figures::schema_generator();
    // `figures` lies below `scenario` and does not know the kinds of executors.
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
