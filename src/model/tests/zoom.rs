//! Tests that a cell shows the worst state that it contains, at any zoom.

use super::*;

/// A model of one second in the life of a task with a timer of 25 ms. The task is polled 40 times
/// for 50 µs. Before each poll, the task is unnoticed for 1.1 ms and queued for 30 µs. `change` may
/// modify each slice; its first argument is the number of the slice.
fn timer(change: impl Fn(u64, &mut Slice)) -> Model {
    let beats = (0..40).map(|beat| {
        let late = Slice {
            unnoticed: us(1_100).into(),
            queued: us(30).into(),
            ..slice(1, at_us(25_000 * beat), us(50))
        };
        let mut slice = late;
        change(beat, &mut slice);
        Record::Slice(slice)
    });
    model(at_us(1_000_000), [spawned(1, at_us(0))].into_iter().chain(beats))
}

#[test]
fn a_healthy_timer_looks_healthy_at_any_zoom() {
    let model = timer(|_, _| ());
    for columns in [5, 20, 40, 100] {
        let window = Window {
            from: at_us(0),
            to: at_us(1_000_000),
            columns,
        };
        let expected = vec![Some(State::Suspended(Reason::Timer)); columns];
        assert_eq!(states(&model, 1, window), expected, "in {columns} cells");
        let mut cells = Vec::new();
        model.paint_task(id(1), window, &mut cells);
        let ran: f32 = cells.iter().map(|cell| cell.held_share / columns as f32).sum();
        assert!(
            (ran - 0.002).abs() < 1e-4,
            "40 polls of 50 µs should add up to the share 0.002 of a second, not to {ran}"
        );
        let tall = cells.iter().find(|cell| cell.share < 0.5);
        assert_eq!(tall, None, "the task is suspended for most of each cell");
    }
}

#[test]
fn a_wait_of_two_milliseconds_is_visible_at_any_zoom() {
    for (delay, state) in [
        (
            (|slice| slice.unnoticed = us(2_000).into()) as fn(&mut Slice),
            State::Unnoticed,
        ),
        (|slice| slice.queued = us(2_000).into(), State::Queued),
    ] {
        let model = timer(|beat, slice| {
            if beat == 20 {
                delay(slice);
            }
        });
        for columns in [1, 5, 20, 40, 100, 1000, 7919] {
            let shown = states(
                &model,
                1,
                Window {
                    from: at_us(0),
                    to: at_us(1_000_000),
                    columns,
                },
            );
            assert!(shown.contains(&Some(state)), "{state:?} in {columns} cells");
        }
        let mut cells = Vec::new();
        let window = Window {
            from: at_us(0),
            to: at_us(1_000_000),
            columns: 40,
        };
        model.paint_task(id(1), window, &mut cells);
        let cell = cells
            .iter()
            .find(|cell| cell.state == Some(state))
            .expect("a late cell");
        assert!(
            cell.share <= 0.13 && cell.most == Some(State::Suspended(Reason::Timer)),
            "2 ms are a speck in a cell of 25 ms: {cell:?}"
        );
    }
}

#[test]
fn a_microsecond_of_blocking_is_visible_at_any_zoom() {
    let records = [
        spawned(1, at_us(0)),
        blocked(1, at_us(500_000), us(1)),
        Record::Slice(slice(1, at_us(499_990), us(20))),
    ];
    let model = model(at_us(1_000_000), records);
    for columns in [1, 10, 1000, 100_000] {
        let window = Window {
            from: at_us(0),
            to: at_us(1_000_000),
            columns,
        };
        let blocking = states(&model, 1, window)
            .iter()
            .filter(|&&state| state == Some(State::Blocking))
            .count();
        assert_eq!(blocking, 1, "in {columns} cells");
        let mut cells = Vec::new();
        model.paint_lane(WORKER, window, &mut cells);
        let blocking: Vec<_> = cells
            .iter()
            .filter(|cell| cell.state == Some(State::Blocking))
            .collect();
        assert_eq!(blocking.len(), 1);
        let share = 1e-6 * columns as f32;
        assert!((blocking[0].share - share).abs() < share * 1e-3, "{:?}", blocking[0]);
    }
}

#[test]
fn a_queued_interval_of_half_a_cell_is_visible_across_a_cell_boundary() {
    let late = Slice {
        queued: us(100).into(),
        ..slice(1, at_us(250), us(10))
    };
    let model = model(
        at_us(400),
        [Record::Slice(slice(1, at_us(0), us(10))), Record::Slice(late)],
    );
    let shown = states(
        &model,
        1,
        Window {
            from: at_us(0),
            to: at_us(400),
            columns: 2,
        },
    );
    assert_eq!(shown, [Some(State::Queued), Some(State::Queued)]);
}

#[test]
fn a_cell_shows_an_end_only_if_it_contains_no_other_state() {
    let ended = Record::Ended(Ended::observed(at_us(30), id(1), Outcome::Failed));
    let model = model(
        at_us(100),
        [spawned(1, at_us(20)), Record::Slice(slice(1, at_us(20), us(10))), ended],
    );
    let shown = states(
        &model,
        1,
        Window {
            from: at_us(0),
            to: at_us(120),
            columns: 6,
        },
    );
    let over = Some(State::Ended(Outcome::Failed));
    assert_eq!(
        shown,
        [None, Some(State::Running), over, over, over, None].map(|state| state)
    );
    assert_eq!(model.state(id(1)), State::Ended(Outcome::Failed));
    assert_eq!(model.counts().failed, 1);
    assert_eq!(model.times(id(1)).total(), us(10));
}
