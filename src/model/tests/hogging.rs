use super::*;

fn ms(ms: u64) -> Nanos {
    Nanos::from_millis(ms)
}

fn at_ms(ms: u64) -> RunInstant {
    RunInstant::from_millis(ms)
}

/// A task that computes for 9 ms, computes for 12 ms, sleeps 5 of 20 ms, and computes for 1 ms. The
/// record of the sleep arrives last.
fn four_slices() -> Model {
    model(
        at_ms(100),
        [
            spawned(1, at_ms(0)),
            Record::Slice(slice(1, at_ms(10), ms(9))),
            Record::Slice(slice(1, at_ms(20), ms(12))),
            Record::Slice(slice(1, at_ms(40), ms(20))),
            Record::Slice(slice(1, at_ms(90), ms(1))),
            blocked(1, at_ms(45), ms(5)),
        ],
    )
}

#[test]
fn a_long_poll_on_a_worker_is_hogging_from_its_start() {
    let model = four_slices();
    let states = [10, 18, 20, 31, 40, 44, 45, 49, 50, 59].map(|at| model.state_at(id(1), at_ms(at)));
    let (running, hogging, blocking) = (State::Running, State::Hogging, State::Blocking);
    let expected = [
        running, running, hogging, hogging, hogging, hogging, blocking, blocking, hogging, hogging,
    ];
    assert_eq!(states, expected.map(Some));
    for times in [model.times(id(1)), model.group_times(GroupId(0))] {
        let held = [times.running, times.hogging, times.blocking, times.sleeping];
        assert_eq!(held, [ms(10), ms(27), ms(5), ms(0)]);
    }
    let mut problems = Vec::new();
    model.problems(id(1), at_ms(0), at_ms(100), ms(50), |interval| {
        problems.push((interval.state, interval.len()));
    });
    let expected = [(hogging, 12), (hogging, 5), (blocking, 5), (hogging, 10)];
    assert_eq!(problems, expected.map(|(state, len)| (state, ms(len))));
}

#[test]
fn a_poll_that_has_not_ended_is_hogging_once_it_is_long() {
    let mut model = model(at_ms(0), [spawned(1, at_ms(0))]);
    for (now, state) in [(9, State::Running), (10, State::Hogging)] {
        model.apply(&Batch {
            now: at_ms(now),
            live: Live {
                lanes: vec![current(1, at_ms(0))],
                ..Live::default()
            },
            ..Batch::default()
        });
        assert_eq!(model.state(id(1)), state);
        assert_eq!(model.counts().hogging, usize::from(state == State::Hogging));
    }
    assert_eq!(model.times(id(1)).hogging, ms(10));
    assert_eq!(model.group_times(GroupId(0)).hogging, ms(10));
}

#[test]
fn a_thread_that_may_be_held_runs_or_sleeps() {
    for kind in [LaneKind::Pool, LaneKind::Blocking, LaneKind::Thread, LaneKind::Process] {
        let mut model = model(at_ms(0), []);
        model.apply(&Batch {
            now: at_ms(100),
            definitions: vec![Definition::Lane {
                id: WORKER,
                kind,
                name: "lane".into(),
            }],
            records: [
                spawned(1, at_ms(0)),
                Record::Slice(slice(1, at_ms(40), ms(20))),
                blocked(1, at_ms(45), ms(12)),
            ]
            .map(|record| (WORKER, record))
            .to_vec(),
            ..Batch::default()
        });
        for times in [model.times(id(1)), model.group_times(GroupId(0))] {
            let held = [times.running, times.hogging, times.blocking, times.sleeping];
            assert_eq!(held, [ms(8), ms(0), ms(0), ms(12)], "{kind:?}");
        }
        let window = Window {
            from: at_ms(40),
            to: at_ms(60),
            columns: 4,
        };
        let expected = [State::Running, State::Sleeping, State::Sleeping, State::Running].map(Some);
        assert_eq!(states(&model, 1, window), expected, "{kind:?}");
        let mut cells = Vec::new();
        model.paint_lane(WORKER, window, &mut cells);
        let lane: Vec<_> = cells.iter().map(|cell| cell.state).collect();
        let asleep = Some(State::Sleeping);
        assert_eq!(lane, [Some(State::Running), asleep, asleep, asleep], "{kind:?}");
        assert_eq!(model.counts().blocking + model.counts().hogging, 0);
    }
}
