//! The maximum number of tasks that the steps of a run may spawn.
//!
//! The scenario's parser cannot know how many tasks a loop spawns. So the run counts the tasks.

use crate::scenario::MOST_TASKS;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of tasks that steps have spawned so far, including tasks that have ended.
#[derive(Debug, Default)]
pub(super) struct SpawnLimit(AtomicU64);

/// The steps of this run have reached the maximum number of spawned tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no task was spawned: the steps of a run may spawn at most {MOST_TASKS} tasks")]
pub(super) struct SpawnLimitReached;

impl SpawnLimit {
    /// Adds `more` tasks to the count. If the total would exceed the limit, the count stays the
    /// same.
    ///
    /// # Errors
    /// Returns an error if the total would exceed the limit.
    pub(super) fn reserve(&self, more: usize) -> Result<(), SpawnLimitReached> {
        let add = |spawned: u64| Some(spawned.saturating_add(more as u64)).filter(|&spawned| spawned <= MOST_TASKS);
        let reserved = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        reserved.map(|_| ()).map_err(|_| SpawnLimitReached)
    }

    /// The number of tasks that steps have spawned so far.
    #[cfg(test)]
    fn spawned(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Registry, TaskHandle};
    use crate::record::Outcome;
    use crate::scenario;
    use crate::workload::draw::Seed;
    use crate::workload::shared::block_on;
    use crate::workload::step_error::StepError;
    use crate::workload::sync_interpreter::SyncInterpreter;
    use crate::workload::task_state::TaskState;
    use crate::workload::{Labels, Services, TaskCtx, compile};
    use std::sync::Arc;

    #[test]
    fn exactly_one_million_tasks_are_allowed() {
        let limit = SpawnLimit::default();
        assert_eq!(limit.reserve(999_999), Ok(()));
        assert_eq!(limit.reserve(2), Err(SpawnLimitReached));
        assert_eq!(limit.reserve(1), Ok(()));
        assert_eq!(limit.reserve(1), Err(SpawnLimitReached));
        assert_eq!(limit.reserve(usize::MAX), Err(SpawnLimitReached));
        assert_eq!(limit.reserve(0), Ok(()));
    }

    #[test]
    fn tasks_that_ended_or_never_started_count_too() {
        let text = r#"
            title = "again and again"
            [[task]]
            name = "api"
            steps = [{ loop = { times = "forever", steps = [{ unawaited = ["yield"] }] } }]
        "#;
        let scenario = scenario::read("test.toml", text).unwrap();
        let registry = Registry::new();
        let api = || TaskHandle::new(&registry, &registry.group_named("api"));
        for on_thread in [true, false] {
            let mut labels = Labels::new();
            let services = Arc::new(Services::start(&scenario, &mut labels, &|| false).unwrap());
            let programs = compile(&scenario, &mut labels);
            let program = &programs[0];
            services.reserve_spawns(&api(), 999_990).unwrap();
            if on_thread {
                let mut interpreter = SyncInterpreter {
                    task: &api(),
                    services: &services,
                    rng: &mut Seed::from_draw(1).generator(0),
                    state: &mut TaskState::default(),
                };
                assert_eq!(interpreter.run(&program.steps), Err(StepError::Failed));
            } else {
                let task = TaskCtx::new(api(), program.clone(), services.clone(), 0);
                assert_eq!(block_on(task.run_async()), Outcome::Failed);
            }
            assert_eq!(services.spawn_limit().spawned(), MOST_TASKS);
        }
    }
}
