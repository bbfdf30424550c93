//! How many tasks the steps of a run may make. Those that a scenario makes again and again cannot be counted when it is read, so they are
//! counted here.

use crate::probe::TaskHandle;
use crate::scenario::MOST_TASKS;
use crate::workload::Services;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::inline::StepError;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many tasks have been made so far, also those that are over by now.
#[derive(Debug, Default)]
pub(in crate::workload) struct SpawnLimit(AtomicU64);

impl SpawnLimit {
    /// Counts so many `more`, if that is not too many.
    fn add(&self, more: usize) -> bool {
        let fits = |made: u64| Some(made.saturating_add(more as u64)).filter(|&made| made <= MOST_TASKS);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

/// Counts so many `more` tasks, which `task` is about to make.
///
/// # Errors
/// When they are too many: the step fails.
pub(in crate::workload) fn room(services: &Services, task: &TaskHandle, more: usize) -> Result<(), StepError> {
    if services.made().add(more) {
        return Ok(());
    }
    let what = format_args!("no task is made: the steps of a run make no more than {MOST_TASKS}");
    services.error_throttle().tell(task, ErrorKind::Tasks, what);
    Err(StepError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Registry;
    use crate::record::Outcome;
    use crate::scenario;
    use crate::workload::draw::Seed;
    use crate::workload::inline::Inline;
    use crate::workload::shared::block_on;
    use crate::workload::{Labels, TaskCtx, compile};
    use std::sync::Arc;

    #[test]
    fn a_million_tasks_fit_and_not_one_more() {
        let made = SpawnLimit::default();
        assert!(made.add(999_999));
        assert!(!made.add(2) && made.add(1));
        assert!(!made.add(1) && !made.add(usize::MAX));
        assert!(made.add(0));
    }

    #[test]
    fn tasks_that_are_over_count_and_so_do_those_that_never_started() {
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
            room(&services, &api(), 999_990).unwrap();
            if on_thread {
                let mut inline = Inline {
                    task: &api(),
                    services: &services,
                    rng: &mut Seed::drawn(1).turn(0),
                };
                assert_eq!(inline.run(&program.steps), Err(StepError::Failed));
            } else {
                let task = TaskCtx::new(api(), program.clone(), services.clone(), 0);
                assert_eq!(block_on(task.run_async()), Outcome::Failed);
            }
            assert_eq!(services.made().0.load(Ordering::Relaxed), MOST_TASKS);
        }
    }
}
