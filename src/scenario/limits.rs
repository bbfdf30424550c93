//! The limits of the language. People share scenarios, so no scenario may exhaust a machine. Each
//! limit is far above the values that a lesson needs. All limits are maximums, except [`EVERY`].

use std::time::Duration;

/// The size of a scenario file, in bytes.
pub(super) const SCENARIO: u64 = 1 << 20;
/// The maximum number of characters in a text that people read, such as a caption.
pub(super) const LINE: usize = 400;
/// The number of characters in a title, which shares a line of the screen with the state of the
/// run.
pub(super) const TITLE: usize = 60;
/// The number of characters in a name.
pub(super) const NAME: usize = 24;
/// The number of characters in a URL path.
pub(super) const PATH: usize = 100;
/// The longest duration, also of a run.
pub(super) const LENGTH: Duration = Duration::from_secs(24 * 3600);
/// The number of threads of each kind.
pub(super) const THREADS: u64 = 1024;
/// The number of worker processes. Each worker process has several threads and about 4 MB of memory
/// of its own, so a laptop can run this many processes. More processes would show nothing new,
/// because a core runs only one process at a time.
pub(super) const PROCESSES: u64 = 256;
/// The number of tasks in one run, in all groups together.
pub(crate) const TASKS: u64 = 1_000_000;
/// The number of groups of tasks.
pub(super) const GROUPS: usize = 1000;
/// The number of cues.
pub(super) const CUES: usize = 1000;
/// The shortest pause between two blocks of a cue: a minimum.
pub(super) const EVERY: Duration = Duration::from_millis(1);
/// The number of arrivals per second in one group.
pub(super) const RATE: f64 = 100_000.0;
/// The number of channels. The same limit applies to semaphores and to locks.
pub(super) const SHARED: usize = 100;
/// The capacity of a channel, in messages.
pub(super) const CAPACITY: u64 = 1_000_000;
/// The size of one item of a channel, in bytes.
pub(super) const ITEM: u64 = 64 << 20;
/// The size of all items that wait at the same time, in bytes.
pub(crate) const MEMORY: u64 = 1 << 30;
/// The number of permits of a semaphore.
pub(super) const PERMITS: u64 = 1_000_000;
/// The number of rows in the table of the database.
pub(super) const ROWS: u64 = 1_000_000;
/// The number of rows that one `db` step reads or writes.
pub(super) const STEP_ROWS: u64 = 10_000;
/// The number of items in the list of one `log` step.
pub(super) const ITEMS: u64 = 100_000;
/// The number of branches of one step.
pub(super) const BRANCHES: usize = 1000;
/// The number of choices of one `choose` step.
pub(super) const CHOICES: usize = 100;
/// The number of tasks that one step spawns.
pub(super) const SPAWN: u64 = 100_000;
/// The length of a chain of groups. Each group in the chain calls the next group.
pub(super) const CALLS: usize = 8;
/// The number of expectations.
pub(super) const EXPECTATIONS: usize = 1000;
/// The size of one file that a step reads or writes, in bytes.
pub(super) const FILE: u64 = 1 << 30;
/// The size of all these files together, in bytes.
pub(super) const DISK: u64 = 8 << 30;
/// The number of levels of nested steps.
pub(super) const DEPTH: usize = 8;
/// The number of steps of one task, including nested steps.
pub(super) const STEPS: usize = 1000;
