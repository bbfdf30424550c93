//! Tests of the screen as a user sees it: whole frames of two fixed runs, and the effects of keys.

mod branches;
mod deadlock;
mod families;
mod family_run;
mod frozen;
mod holders;
mod labels;
mod last_spawned;
mod live;
mod mixed_run;
mod order;
mod snapshots;
mod stage;

use super::keys::Action;
use super::state::{Intent, Panel};
use super::theme::{ColorDepth, Theme};
use stage::{LARGE, MEDIUM, SMALL, Stage, row};
