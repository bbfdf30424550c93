//! Tests of wake-ups: when a task was woken, which task woke it, and how long it had been ready.

use super::*;
use tasklab::record::ProcessInstant;

#[test]
fn a_slice_records_when_its_task_was_woken_and_by_which_task() {
    let registry = Registry::new();
    let group = registry.group_named("pair");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let waits = probe::spawn(runtime.handle(), &registry, &group, |_| async {
        receive.await.expect("the sender was not dropped");
        Outcome::Completed
    });
    let wakes = probe::spawn(runtime.handle(), &registry, &group, |_| async {
        send.send(()).expect("the receiver was not dropped");
        Outcome::Completed
    });
    let (sleeper, waker) = (waits.id(), wakes.id());
    run_to_end(runtime, "the end of both tasks", join_all([waits, wakes]));
    let slices = slices(&[Collector::new(registry, None).batch()]);
    let of = |id: tokio::task::Id| -> Vec<Slice> {
        slices
            .iter()
            .map(|(_, slice)| *slice)
            .filter(|slice| slice.task.get().to_string() == id.to_string())
            .collect()
    };
    let (sleeper, waker) = (of(sleeper), of(waker));
    assert_eq!((sleeper.len(), waker.len()), (2, 1));
    assert_eq!(sleeper[1].woken_by, Some(waker[0].task));
    let woken = sleeper[1].start - sleeper[1].queued.get();
    assert!(woken >= waker[0].start && woken <= waker[0].start + waker[0].len.get());
}

#[test]
fn a_task_woken_while_it_runs_is_queued_from_the_end_of_its_slice() {
    let registry = Registry::new();
    let group = registry.group_named("eager");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let (send, receive) = std::sync::mpsc::channel();
    let task = probe::spawn(runtime.handle(), &registry, &group, |_| async move {
        let mut woken = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut woken, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            send.send(probe::now()).expect("the test waits");
            std::task::Poll::Pending
        })
        .await;
        Outcome::Completed
    });
    run_to_end(runtime, "the end of the task", join_all([task]));
    let end_of_poll = receive.try_recv().expect("the end of the first poll");
    let end_of_poll = registry.run_start().to_run(end_of_poll);
    let slices = slices(&[Collector::new(registry, None).batch()]);
    assert_eq!(slices.len(), 2);
    let (first, second) = (slices[0].1, slices[1].1);
    assert_eq!(second.woken_by, Some(first.task));
    // The wake-up happened during the slice, and therefore before this instant.
    assert!(second.start - second.queued.get() >= end_of_poll);
}

#[test]
fn lateness_is_divided_into_unnoticed_and_queued() {
    let registry = Registry::new();
    let group = registry.group_named("late");
    let runtime = runtime(Builder::new_current_thread(), &registry);
    let (send, receive) = tokio::sync::oneshot::channel::<ProcessInstant>();
    let late = probe::spawn(runtime.handle(), &registry, &group, |task| async move {
        let ready = receive;
        task.ready_at(probe::now());
        ready.await.expect("the sender was not dropped");
        task.clear_ready();
        Outcome::Completed
    });
    let id = late.id();
    let wakes = probe::spawn(runtime.handle(), &registry, &group, |_| async {
        tokio::task::yield_now().await;
        send.send(probe::now()).expect("the receiver was not dropped");
        Outcome::Completed
    });
    run_to_end(runtime, "the end of both tasks", join_all([late, wakes]));
    let slices = slices(&[Collector::new(registry, None).batch()]);
    let last = slices
        .iter()
        .map(|(_, slice)| slice)
        .rfind(|slice| slice.task.get().to_string() == id.to_string())
        .expect("a slice");
    assert!(last.unnoticed.get() > Nanos::ZERO);
    assert!(last.queued.get() > Nanos::ZERO);
}
