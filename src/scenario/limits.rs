//! The limits of the language. People share scenarios, so no scenario may exhaust a machine. Each
//! limit is far above what is of use in a lesson.

use std::time::Duration;

/// Bytes of a scenario file.
pub const SCENARIO: u64 = 1 << 20;
/// Characters of a text for people.
pub const LINE: usize = 400;
/// Characters of a title, which shares its line with the run's state.
pub const TITLE: usize = 60;
/// Characters of a group's name.
pub const NAME: usize = 24;
/// Characters of a URL path.
pub const PATH: usize = 100;
/// The longest length of time, also of a run.
pub const LENGTH: Duration = Duration::from_secs(24 * 3600);
/// Threads, of each kind.
pub const THREADS: u64 = 1024;
/// Tasks in one run, all groups together.
pub const TASKS: u64 = 1_000_000;
/// Groups of tasks.
pub const GROUPS: usize = 1000;
/// Cues.
pub const CUES: usize = 1000;
/// The shortest time between two blocks of a cue.
pub const EVERY: Duration = Duration::from_millis(1);
/// Arrivals per second.
pub const RATE: f64 = 100_000.0;
/// Channels, semaphores and locks, of each kind.
pub const SHARED: usize = 100;
/// What fits into a channel.
pub const CAPACITY: u64 = 1_000_000;
/// Permits of a semaphore.
pub const PERMITS: u64 = 1_000_000;
/// Rows of the database's table.
pub const ROWS: u64 = 1_000_000;
/// Rows of one `db` step.
pub const STEP_ROWS: u64 = 10_000;
/// Numbers in one `log` step's list.
pub const ITEMS: u64 = 100_000;
/// Branches of one step.
pub const BRANCHES: usize = 1000;
/// Choices of one step.
pub const CHOICES: usize = 100;
/// Tasks that one step spawns.
pub const SPAWN: u64 = 100_000;
/// Groups that call each other in a row.
pub const CALLS: usize = 8;
/// Expectations.
pub const EXPECTATIONS: usize = 1000;
/// Bytes of one file.
pub const FILE: u64 = 1 << 30;
/// Bytes of all files together.
pub const DISK: u64 = 8 << 30;
/// Levels of steps within steps.
pub const DEPTH: usize = 8;
/// Steps of one task, those within others included.
pub const STEPS: usize = 1000;
