//! Tests of tasks whose records are partly lost.

use super::*;

/// Sums of task 1 from its spawn at 0 to `until`, with one lost slice.
fn sums(until: RunInstant, running: Nanos, blocking: Nanos) -> TaskSums {
    let mut sums = TaskSums {
        until,
        task: id(1),
        lost: 1,
        running,
        hogging: Nanos::ZERO,
        blocking,
        queued: us(10),
        unnoticed: Nanos::ZERO,
        suspended_on: ByReason::default(),
        on_worker: true,
        reason: Reason::Http,
        label: Label(1),
    };
    sums.suspended_on[Reason::Timer as usize] = until.since_zero() - running - blocking - us(10);
    sums
}

#[test]
fn slices_that_exact_sums_contain_do_not_count_again() {
    let mut model = model(
        at_us(100),
        [spawned(1, at_us(0)), Record::Slice(slice(1, at_us(10), us(10)))],
    );
    // A slice from 30 to 50 was lost.
    let exact = |until| Batch {
        now: at_us(100),
        sums: vec![sums(until, us(30), Nanos::ZERO)],
        ..Batch::default()
    };
    model.apply(&exact(at_us(50)));
    let expected = |running, on_timer, on_http| {
        let mut times = StateTimes {
            running,
            queued: us(10),
            ..StateTimes::default()
        };
        times.not_ready[Reason::Timer as usize] = on_timer;
        times.not_ready[Reason::Http as usize] = on_http;
        times
    };
    assert_eq!(model.times(id(1)), expected(us(30), us(10), us(50)));
    assert_eq!(model.state(id(1)), State::Suspended(Reason::Http));
    assert_eq!(model.current_step(id(1)), Some("http /weather"));
    // Nobody knows what the task did from 30 to 50.
    assert_eq!(model.state_at(id(1), at_us(40)), Some(State::Suspended(Reason::Timer)));
    assert_eq!(model.state_at(id(1), at_us(60)), Some(State::Suspended(Reason::Http)));

    model.apply(&Batch {
        now: at_us(100),
        records: vec![(WORKER, Record::Slice(slice(1, at_us(70), us(5))))],
        ..Batch::default()
    });
    assert_eq!(model.times(id(1)), expected(us(35), us(10 + 25), us(20)));
    // Older sums and sums that were sent twice change nothing.
    for until in [50, 40] {
        model.apply(&exact(at_us(until)));
        assert_eq!(model.times(id(1)), expected(us(35), us(10 + 25), us(20)));
    }
    let (task, group) = (model.task(id(1)).unwrap(), &model.groups()[0]);
    assert_eq!((task.polls, group.polls()), (3, 3));
    assert_eq!(group.sampled(), Some(Sampled { slices: 2, of: 3 }));
    assert_eq!(model.group_times(group.id), model.times(id(1)));
}

#[test]
fn a_wake_up_before_the_end_of_the_exact_sums_is_answered() {
    for (woken, state) in [(49, State::Suspended(Reason::Http)), (50, State::Queued)] {
        let mut model = model(at_us(100), [spawned(1, at_us(0))]);
        model.apply(&Batch {
            now: at_us(100),
            sums: vec![sums(at_us(50), us(30), Nanos::ZERO)],
            live: Live {
                waiting: vec![Waiting {
                    task: id(1),
                    ready: Some(at_us(45)),
                    woken: Some(at_us(woken)),
                }],
                ..Live::default()
            },
            ..Batch::default()
        });
        assert_eq!(model.state(id(1)), state);
    }
}

#[test]
fn exact_sums_keep_the_time_in_which_only_the_kernel_saw_the_thread_asleep() {
    // The thread sleeps from 20 to 40 without a step, and from 50 to 60 in a step.
    for sums_come_last in [false, true] {
        let mut model = model(at_us(200), [spawned(1, at_us(0)), blocked(1, at_us(50), us(10))]);
        let slices = Batch {
            records: vec![(WORKER, Record::Slice(slice(1, at_us(10), us(60))))],
            samples: vec![asleep(at_us(20), us(7)), asleep(at_us(40), us(7))],
            ..Batch::default()
        };
        let exact = Batch {
            sums: vec![sums(at_us(150), us(80), us(10))],
            ..Batch::default()
        };
        let batches = match sums_come_last {
            true => [slices, exact],
            false => [exact, slices],
        };
        batches.iter().for_each(|batch| model.apply(batch));
        let times = model.times(id(1));
        assert_eq!((times.running, times.blocking), (us(60), us(30)), "{sums_come_last}");
        assert_eq!(times.total(), us(200));
    }
}

#[test]
fn lost_slices_of_a_task_without_sums_count_as_holds_of_a_lane() {
    let unknown = |start, len| {
        let slice = Slice {
            suspended_on: Reason::Unknown,
            ..slice(1, at_us(start), us(len))
        };
        (WORKER, Record::Slice(slice))
    };
    for first_is_lost in [false, true] {
        let mut model = model(at_us(100), [spawned(1, at_us(0))]);
        let start = if first_is_lost { 5 } else { 20 };
        model.apply(&Batch {
            records: vec![unknown(10, 2)],
            ..Batch::default()
        });
        model.apply(&Batch {
            records: vec![unknown(40, 1)],
            lost_slices: vec![LostSlices {
                task: id(1),
                start: at_us(start),
                until: at_us(35),
                slices: 2,
                running: us(7),
                hogging: Nanos::ZERO,
                blocking: us(1),
                on_worker: true,
            }],
            ..Batch::default()
        });
        model.apply(&Batch {
            records: vec![unknown(60, 3)],
            ..Batch::default()
        });
        let times = model.times(id(1));
        assert_eq!((times.running, times.blocking), (us(2 + 7 + 1 + 3), us(1)));
        assert_eq!(times.queued, us(start.min(10)));
        assert_eq!(times.not_ready[Reason::Unknown as usize], times.suspended());
        assert_eq!(times.total(), us(100));
        assert_eq!(model.groups()[0].polls(), 5);
    }
}
