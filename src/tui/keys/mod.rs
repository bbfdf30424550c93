//! Keys: their actions, their labels, and the thread that reads them.

mod action;
mod input;
pub(crate) mod key;

pub use action::{Action, KeyRow, key_table};
pub(crate) use input::{Input, InputReader};
