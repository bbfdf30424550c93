//! The user's choices, and values that take several frames to compute. This code is pure: it does
//! not draw, read a clock or access the run.

mod app;
pub(crate) mod family;
pub(crate) mod group_table;
mod kept_layout;
mod lane_order;
mod list;
mod resource_order;
mod state_count;
mod task_order;
mod viewport;

pub use app::{App, Intent};
pub(crate) use app::{Panel, VisibleRows};
pub(crate) use resource_order::Shared;
pub(crate) use task_order::{SortBy, is_bad};
pub(crate) use viewport::TimeSpan;
#[cfg(test)]
pub(crate) use viewport::{KnownTime, Viewport};
