//! Tests of tasks that a library spawns without the probe.

use super::*;
use std::panic::Location;
use tasklab::record::Spawned;

/// The records of the tasks that libraries spawned.
struct Recorded {
    batches: Vec<Batch>,
}

impl Recorded {
    fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.batches.iter().flat_map(|batch| &batch.definitions)
    }

    fn spawned(&self) -> Vec<Spawned> {
        let records = self.batches.iter().flat_map(|batch| &batch.records);
        let spawned = records.filter_map(|(_, record)| match record {
            Record::Spawned(spawned) => Some(*spawned),
            _ => None,
        });
        spawned.collect()
    }

    /// The name of the task's group, and whether the group belongs to a library.
    fn group(&self, task: TaskId) -> (&str, bool) {
        let spawned = self.spawned();
        let task = spawned.iter().find(|spawned| spawned.task == task).expect("a spawn");
        let group = self.definitions().find_map(|definition| match definition {
            Definition::Group { id, name, library } if *id == task.group => Some((name.as_str(), *library)),
            _ => None,
        });
        group.expect("a name")
    }
}

fn task_id(id: tokio::task::Id) -> TaskId {
    TaskId::new(id.to_string().parse().expect("a number")).expect("not zero")
}

/// The name of the group of tasks that are spawned near the caller. `lines` is the number of lines
/// from the caller's line to the place of the spawn. `lines` is negative if this place is above the
/// caller's line.
#[track_caller]
fn place(lines: i64) -> String {
    let here = Location::caller();
    format!("{}:{}", here.file(), i64::from(here.line()) + lines)
}

#[test]
fn a_task_of_a_library_is_named_after_its_place_in_the_code_and_has_no_delay() {
    let registry = Registry::new();
    let group = registry.group_named("ours");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let (send, ids) = std::sync::mpsc::channel();
    let ours = probe::spawn(runtime.handle(), &registry, &group, move |_| async move {
        for _ in 0..2 {
            let library = tokio::spawn(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
            send.send((task_id(library.id()), place(-5))).expect("the test waits");
            library.await.expect("no panic");
        }
        Outcome::Completed
    });
    let parent = task_id(ours.id());
    run_to_end(runtime, "the end of the task that uses a library", join_all([ours]));
    let batches = vec![Collector::new(registry, None).batch()];
    let slices = slices(&batches);
    let recorded = Recorded { batches };
    assert_eq!(recorded.group(parent), ("ours", false));
    let ids: Vec<_> = ids.try_iter().collect();
    assert_eq!(ids.len(), 2);
    for (index, (library, place)) in (0..).zip(&ids) {
        assert_eq!(recorded.group(*library), (place.as_str(), true));
        let spawned = recorded.spawned();
        let library_spawn = spawned
            .iter()
            .find(|spawned| spawned.task == *library)
            .expect("a spawn");
        assert_eq!((library_spawn.index, library_spawn.parent), (index, Some(parent)));
        let own: Vec<_> = slices.iter().filter(|(_, slice)| slice.task == *library).collect();
        assert_eq!(own.len(), 4);
        for (_, slice) in own {
            assert_eq!((slice.queued.get(), slice.woken_by), (Nanos::ZERO, None));
        }
    }
}

#[test]
fn the_outcome_of_a_library_task_is_recorded_only_if_it_is_certain() {
    for builder in [multi_thread(true), Builder::new_current_thread()] {
        let registry = Registry::new();
        let runtime = runtime(builder, &registry);
        let completes = runtime.spawn(async {});
        let panics = runtime.spawn(async { panic!("on purpose") });
        let aborted = runtime.spawn(std::future::pending::<()>());
        let dropped = runtime.spawn(std::future::pending::<()>());
        let ids = [completes.id(), panics.id(), aborted.id(), dropped.id()].map(task_id);
        run_to_end(runtime, "the end of all tasks except the dropped task", async {
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            assert!(panics.await.unwrap_err().is_panic());
            completes.await.expect("no panic");
            // The same hook reports the end of a function on a blocking thread, which is not a
            // task.
            tokio::task::spawn_blocking(|| ()).await.expect("no panic");
        });
        let outcomes = ended(&[Collector::new(registry, None).batch()]);
        let known = ids.map(|id| outcomes.get(&id).copied());
        let [unknown, cancelled] = [Some(Outcome::Unknown), Some(Outcome::Cancelled)];
        assert_eq!(known, [unknown, unknown, unknown, cancelled]);
        assert_eq!(outcomes.len(), ids.len());
    }
}
