//! The parts of the screen, one file per part. A widget reads the model and draws. A widget does
//! not compute anything that belongs in the model.

pub(crate) mod axis;
pub(crate) mod caption;
pub(crate) mod footer;
pub(crate) mod gauges;
pub(crate) mod groups;
pub(crate) mod header;
pub(crate) mod help;
mod labels;
pub(crate) mod lanes;
pub(crate) mod log;
mod reason;
pub(crate) mod resources;
mod task_row;
pub(crate) mod tasks;
mod timeline;
mod wait_cause;
