//! The scenario language: what a TOML file may say, as types ([`types`]).
//!
//! Reading is in two stages: the text is parsed into *raw* tables that know the position of every value, and those are
//! resolved into the types here, which hold only what is possible. All errors of a file come in one report.

mod types;

pub use types::*;
