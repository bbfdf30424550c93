//! How a task does an operation that may block.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// How an async task does an operation that may block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum How {
    /// The task uses the async API of the runtime.
    Async,
    /// The task blocks its worker, which runs no other task during the operation. This is the
    /// mistake.
    Sync,
    /// The operation runs on a blocking thread.
    Offload,
}
