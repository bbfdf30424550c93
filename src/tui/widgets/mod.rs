//! The parts of the screen, one file each. A widget asks the model and draws; it computes nothing
//! that the model should.

pub(crate) mod axis;
pub(crate) mod caption;
pub(crate) mod channels;
pub(crate) mod footer;
pub(crate) mod gauges;
pub(crate) mod groups;
pub(crate) mod header;
pub(crate) mod help;
pub(crate) mod lanes;
pub(crate) mod log;
mod syscall;
mod task_row;
pub(crate) mod tasks;
mod timeline;
