//! How a task does what may block.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// How an async task does what may block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum How {
    /// Through the runtime's own async API.
    Async,
    /// Right there, holding the worker: the mistake.
    Sync,
    /// Whole, on a blocking thread.
    Offload,
}
