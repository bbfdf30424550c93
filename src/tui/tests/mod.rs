//! The screen as a user sees it: whole frames of two fixed runs, and what keys do to them.

mod families;
mod family_run;
mod frozen;
mod live;
mod mixed_run;
mod order;
mod snapshots;
mod stage;

use super::keys::Action;
use super::state::{Intent, Panel};
use super::theme::{ColorDepth, Theme};
use stage::{LARGE, MEDIUM, SMALL, Stage, row};
