//! The limits of the language. People share scenarios, so no scenario may exhaust a machine. Each
//! limit is far above what is of use in a lesson.

use std::time::Duration;

/// Bytes of a scenario file.
pub(super) const SCENARIO: u64 = 1 << 20;
/// Characters of a text for people.
pub(super) const LINE: usize = 400;
/// Characters of a title, which shares its line with the run's state.
pub(super) const TITLE: usize = 60;
/// Characters of a group's name.
pub(super) const NAME: usize = 24;
/// Characters of a URL path.
pub(super) const PATH: usize = 100;
/// The longest length of time, also of a run.
pub(super) const LENGTH: Duration = Duration::from_secs(24 * 3600);
/// Threads, of each kind.
pub(super) const THREADS: u64 = 1024;
/// Tasks in one run, all groups together.
pub(crate) const TASKS: u64 = 1_000_000;
/// Groups of tasks.
pub(super) const GROUPS: usize = 1000;
/// Cues.
pub(super) const CUES: usize = 1000;
/// The shortest time between two blocks of a cue.
pub(super) const EVERY: Duration = Duration::from_millis(1);
/// Arrivals per second.
pub(super) const RATE: f64 = 100_000.0;
/// Channels, semaphores and locks, of each kind.
pub(super) const SHARED: usize = 100;
/// What fits into a channel.
pub(super) const CAPACITY: u64 = 1_000_000;
/// Permits of a semaphore.
pub(super) const PERMITS: u64 = 1_000_000;
/// Rows of the database's table.
pub(super) const ROWS: u64 = 1_000_000;
/// Rows of one `db` step.
pub(super) const STEP_ROWS: u64 = 10_000;
/// Numbers in one `log` step's list.
pub(super) const ITEMS: u64 = 100_000;
/// Branches of one step.
pub(super) const BRANCHES: usize = 1000;
/// Choices of one step.
pub(super) const CHOICES: usize = 100;
/// Tasks that one step spawns.
pub(super) const SPAWN: u64 = 100_000;
/// Groups that call each other in a row.
pub(super) const CALLS: usize = 8;
/// Expectations.
pub(super) const EXPECTATIONS: usize = 1000;
/// Bytes of one file.
pub(super) const FILE: u64 = 1 << 30;
/// Bytes of all files together.
pub(super) const DISK: u64 = 8 << 30;
/// Levels of steps within steps.
pub(super) const DEPTH: usize = 8;
/// Steps of one task, those within others included.
pub(super) const STEPS: usize = 1000;
