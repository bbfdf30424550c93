//! Tests of lanes: when a thread gets a lane, and which lane it gets.

use super::*;

#[test]
fn block_in_place_leaves_no_slice_open() {
    let registry = Registry::new();
    let group = registry.group_named("in place");
    let runtime = runtime(multi_thread(false), &registry);
    let metrics = runtime.metrics();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            probe::spawn(runtime.handle(), &registry, &group, |_| async {
                tokio::task::block_in_place(std::thread::yield_now);
                tokio::task::yield_now().await;
                Outcome::Completed
            })
        })
        .collect();
    run_to_end(runtime, "the end of all tasks", join_all(tasks));
    let batch = Collector::new(registry, None).batch();
    assert_eq!(batch.live.lanes, []);
    assert_eq!(
        slices(std::slice::from_ref(&batch)).len() as u64,
        polls_by_tokio(&metrics)
    );
}

#[test]
fn a_thread_changes_its_lane_when_its_work_changes_and_a_free_lane_is_used_again() {
    let registry = Registry::new();
    let group = registry.group_named("mixed");
    let mut collector = Collector::new(registry.clone(), None);
    let job = || {
        let registry = registry.clone();
        let task = probe::TaskHandle::new(&registry, &group);
        let thread = thread::spawn(move || task.run_job(probe::now(), Reason::Unknown, || ()));
        join("the end of a job", thread);
    };
    job();
    let mut batches = vec![collector.batch()];
    job();
    batches.push(collector.batch());
    // This thread first runs a job, and then polls a task.
    let (other_registry, other_group) = (registry.clone(), registry.group_named("polls"));
    let task = probe::TaskHandle::new(&registry, &group);
    let thread = thread::spawn(move || {
        task.run_job(probe::now(), Reason::Unknown, || ());
        let runtime = runtime(Builder::new_current_thread(), &other_registry);
        let polled = probe::spawn(runtime.handle(), &other_registry, &other_group, |_| async {
            Outcome::Completed
        });
        runtime.block_on(polled).expect("the task does not panic");
    });
    join("the end of a thread that ran a job and a runtime", thread);
    batches.push(collector.batch());
    let names: Vec<_> = batches
        .iter()
        .flat_map(|batch| &batch.definitions)
        .filter_map(|definition| match definition {
            Definition::Lane { id, kind, name } => Some((id.0, *kind, name.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [(0, LaneKind::Blocking, "blocking 0"), (1, LaneKind::Worker, "worker 0")]
    );
    let lanes: Vec<u16> = slices(&batches).iter().map(|(lane, _)| lane.0).collect();
    assert_eq!(lanes, [0, 0, 0, 1]);
    assert_eq!(batches[2].jobs, 3);
}
