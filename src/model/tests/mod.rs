//! Tests of single records, samples and queries. The module `properties` tests whole streams of
//! records.

mod branch_deadlocks;
mod branches;
mod evict;
mod exact_sums;
mod history;
mod hogging;
mod reasons;
mod record_counts;
mod work;
mod zoom;

use super::*;
use crate::record::*;

const WORKER: LaneId = LaneId(0);
const OTHER: LaneId = LaneId(1);

fn id(task: u32) -> TaskId {
    TaskId::new(task).unwrap()
}

fn at_us(us: u64) -> RunInstant {
    RunInstant::from_micros(us)
}

fn us(n: u64) -> Nanos {
    Nanos::from_micros(n)
}

fn slice(task: u32, start: RunInstant, len: Nanos) -> Slice {
    Slice {
        start,
        task: id(task),
        len: len.into(),
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        woken_by: None,
        label: Label::NONE,
        suspended_on: Reason::Timer,
        branch: false,
    }
}

fn spawned(task: u32, at: RunInstant) -> Record {
    Record::Spawned(Spawned {
        at,
        task: id(task),
        parent: None,
        index: task,
        group: GroupId(0),
        branch: false,
    })
}

fn blocked(task: u32, start: RunInstant, len: Nanos) -> Record {
    Record::Step(Step {
        start,
        task: id(task),
        len: len.into(),
        label: Label::NONE,
        blocking: true,
        blocked_on: Reason::Timer,
        timer_rounding: CompactDuration::ZERO,
    })
}

fn asleep(at: RunInstant, on_cpu: Nanos) -> Sample {
    Sample::Lane(LaneSample {
        at,
        lane: WORKER,
        on_cpu,
        waiting: Nanos(0),
        asleep_in: Some(35),
        asleep: true,
    })
}

/// Creates a model with one worker and one group, and applies `records` to it.
fn model(now: RunInstant, records: impl IntoIterator<Item = Record>) -> Model {
    let mut model = Model::new(RunInfo {
        workers: 1,
        ..RunInfo::default()
    });
    model.apply(&Batch {
        now,
        definitions: vec![
            Definition::Lane {
                id: WORKER,
                kind: LaneKind::Worker,
                name: "worker 0".into(),
            },
            Definition::Group {
                id: GroupId(0),
                name: "api".into(),
                library: false,
            },
            Definition::Label {
                id: Label(1),
                text: "http /weather".into(),
            },
        ],
        records: records.into_iter().map(|record| (WORKER, record)).collect(),
        ..Batch::default()
    });
    model
}

fn current(task: u32, start: RunInstant) -> CurrentSlice {
    CurrentSlice {
        label: Label(1),
        ..CurrentSlice::new(WORKER, id(task), start)
    }
}

fn states(model: &Model, task: u32, window: Window) -> Vec<Option<State>> {
    let mut cells = Vec::new();
    model.paint_task(id(task), window, &mut cells);
    cells.into_iter().map(|cell| cell.state).collect()
}

#[test]
fn in_a_gap_the_task_is_suspended_then_unnoticed_then_queued() {
    let second = Slice {
        queued: us(10).into(),
        unnoticed: us(20).into(),
        ..slice(1, at_us(100), us(5))
    };
    let model = model(
        at_us(200),
        [
            spawned(1, at_us(0)),
            Record::Slice(slice(1, at_us(8), us(2))),
            Record::Slice(second),
        ],
    );
    let at = |at| model.state_at(id(1), at_us(at));
    assert_eq!(at(7), Some(State::Queued), "the task was spawned, but has not run yet");
    assert_eq!(at(8), Some(State::Running));
    assert_eq!(at(10), Some(State::Suspended(Reason::Timer)));
    assert_eq!(at(69), Some(State::Suspended(Reason::Timer)));
    assert_eq!(at(70), Some(State::Unnoticed));
    assert_eq!(at(90), Some(State::Queued));
    assert_eq!(at(104), Some(State::Running));
    assert_eq!(at(105), Some(State::Suspended(Reason::Timer)));
    assert_eq!(at(200), None, "there is no answer for the present instant");
    assert_eq!(model.state_since(id(1)), at_us(105));
}

#[test]
fn a_task_that_yielded_is_queued() {
    let yielded = Slice {
        suspended_on: Reason::Yield,
        ..slice(1, at_us(0), us(2))
    };
    let model = model(at_us(9), [spawned(1, at_us(0)), Record::Slice(yielded)]);
    assert_eq!(model.state(id(1)), State::Queued);
    assert_eq!(model.counts().queued, 1);
}

#[test]
fn a_blocking_step_may_arrive_before_or_after_its_slice() {
    let (step, slice) = (blocked(1, at_us(12), us(5)), Record::Slice(slice(1, at_us(10), us(10))));
    for records in [[step, slice], [slice, step]] {
        let model = model(at_us(50), records);
        assert_eq!(model.state_at(id(1), at_us(11)), Some(State::Running));
        assert_eq!(model.state_at(id(1), at_us(12)), Some(State::Blocking));
        assert_eq!(model.state_at(id(1), at_us(17)), Some(State::Running));
        assert_eq!(model.times(id(1)).blocking, us(5));
        assert_eq!(model.lane_times(WORKER), (us(5), us(5)));
    }
}

#[test]
fn time_between_two_samples_of_a_sleeping_thread_is_blocking() {
    let samples = vec![
        asleep(at_us(20), us(7)),
        asleep(at_us(40), us(7)),
        asleep(at_us(60), us(7)),
        asleep(at_us(80), us(9)),
    ];
    let mut model = model(at_us(100), []);
    model.apply(&Batch {
        samples,
        ..Batch::default()
    });
    let slices = [slice(1, at_us(10), us(80)), slice(2, at_us(95), us(5))];
    let records = slices.map(|slice| (WORKER, Record::Slice(slice))).to_vec();
    model.apply(&Batch {
        records,
        ..Batch::default()
    });
    assert_eq!(
        model.times(id(1)).blocking,
        us(40),
        "the thread was on a core between the last two samples"
    );
    assert_eq!(model.times(id(2)).blocking, us(0));
    assert_eq!(model.lane(WORKER).unwrap().os.unwrap().asleep_in, Some(35));
}

#[test]
fn a_single_sample_of_a_sleeping_thread_does_not_make_a_slice_blocking() {
    let mut model = model(
        at_us(100),
        [
            Record::Slice(slice(1, at_us(10), us(30))),
            Record::Slice(slice(1, at_us(50), us(30))),
        ],
    );
    model.apply(&Batch {
        samples: vec![asleep(at_us(20), us(7)), asleep(at_us(60), us(7))],
        ..Batch::default()
    });
    assert_eq!(
        model.times(id(1)).blocking,
        us(0),
        "the samples are in different slices"
    );
}

#[test]
fn an_unfinished_poll_counts_as_running_until_samples_prove_blocking() {
    let mut model = model(at_us(100), [spawned(1, at_us(0))]);
    let live = Live {
        branches: Vec::new(),
        lanes: vec![current(1, at_us(10))],
        waiting: vec![],
    };
    model.apply(&Batch {
        now: at_us(200),
        live: live.clone(),
        ..Batch::default()
    });
    assert_eq!(model.state(id(1)), State::Running);
    assert_eq!(model.current_step(id(1)), Some("http /weather"));
    let samples = vec![asleep(at_us(250), us(7)), asleep(at_us(290), us(7))];
    model.apply(&Batch {
        now: at_us(300),
        samples,
        live,
        ..Batch::default()
    });
    assert_eq!(model.state(id(1)), State::Blocking);
    assert_eq!(model.state_since(id(1)), at_us(250));
    assert_eq!((model.counts().blocking, model.counts().running), (1, 0));
    assert_eq!(model.group_times(GroupId(0)).blocking, us(50));
    let mut cells = Vec::new();
    model.paint_lane(
        WORKER,
        Window {
            from: at_us(0),
            to: at_us(400),
            columns: 4,
        },
        &mut cells,
    );
    let states: Vec<_> = cells.iter().map(|cell| cell.state).collect();
    assert_eq!(
        states,
        [Some(State::Running), Some(State::Running), Some(State::Blocking), None]
    );
    assert_eq!(cells[0].task, Some(id(1)));
    assert_eq!(model.utilisation(WORKER, us(100)), 1.0);
}

#[test]
fn a_wake_up_before_the_last_slice_is_ignored() {
    let mut model = model(
        at_us(100),
        [spawned(1, at_us(0)), Record::Slice(slice(1, at_us(50), us(10)))],
    );
    let waiting = |ready, woken| Live {
        branches: Vec::new(),
        lanes: vec![],
        waiting: vec![Waiting {
            task: id(1),
            ready,
            woken,
        }],
    };
    model.apply(&Batch {
        now: at_us(100),
        live: waiting(None, Some(at_us(40))),
        ..Batch::default()
    });
    assert_eq!(model.state(id(1)), State::Suspended(Reason::Timer));
    model.apply(&Batch {
        now: at_us(100),
        live: waiting(Some(at_us(70)), None),
        ..Batch::default()
    });
    assert_eq!(
        (model.state(id(1)), model.state_since(id(1))),
        (State::Unnoticed, at_us(70))
    );
    model.apply(&Batch {
        now: at_us(100),
        live: waiting(Some(at_us(70)), Some(at_us(80))),
        ..Batch::default()
    });
    assert_eq!(
        (model.state(id(1)), model.state_since(id(1))),
        (State::Queued, at_us(80))
    );
}

#[test]
fn the_record_of_a_slice_replaces_the_current_slice() {
    let mut model = model(
        at_us(100),
        [spawned(1, at_us(0)), Record::Slice(slice(1, at_us(50), us(10)))],
    );
    let live = Live {
        branches: Vec::new(),
        lanes: vec![current(1, at_us(50))],
        waiting: vec![],
    };
    model.apply(&Batch {
        now: at_us(100),
        live,
        ..Batch::default()
    });
    assert_eq!(model.state(id(1)), State::Suspended(Reason::Timer));
    assert_eq!(model.lane(WORKER).unwrap().current, None);
}

#[test]
fn tasks_are_sorted_by_spawn_and_named_after_their_groups() {
    let model = model(
        at_us(9),
        [spawned(7, at_us(3)), spawned(900, at_us(1)), spawned(2, at_us(5))],
    );
    let names: Vec<String> = model
        .tasks()
        .iter()
        .map(|task| model.task_name(task.id).to_string())
        .collect();
    assert_eq!(names, ["api#900", "api#7", "api#2"]);
    assert_eq!(model.task_name(id(5)).to_string(), "#5", "the task is unknown");
}

#[test]
fn busy_lanes_in_the_series_include_unfinished_polls() {
    let mut model = model(
        at_us(500_000),
        [
            spawned(1, at_us(0)),
            Record::Slice(slice(1, at_us(100_000), us(200_000))),
        ],
    );
    let live = Live {
        branches: Vec::new(),
        lanes: vec![current(1, at_us(400_000))],
        waiting: vec![],
    };
    model.apply(&Batch {
        now: at_us(500_000),
        live,
        ..Batch::default()
    });
    let points: Vec<SeriesPoint> = model.series().collect();
    let busy: Vec<f64> = points.iter().map(|point| point.busy_lanes).collect();
    assert_eq!(
        busy[..2],
        [0.6, 0.6],
        "the lane is busy from 100 to 300 ms and from 400 to 500 ms"
    );
    assert_eq!(points[1].polls_per_s, 4.0, "the slice ended in the second bucket");
}

#[test]
fn queued_tasks_in_the_series_include_waits_that_go_on() {
    let mut waited = slice(1, at_us(200_000), us(50_000));
    waited.queued = us(100_000).into();
    let mut model = model(
        at_us(250_000),
        [spawned(1, at_us(0)), spawned(2, at_us(0)), Record::Slice(waited)],
    );
    let waiting = |task, woken| Waiting {
        task: id(task),
        ready: None,
        woken: Some(at_us(woken)),
    };
    let means = |model: &Model| model.series().map(|point| point.queued_tasks).collect::<Vec<_>>();
    model.apply(&Batch {
        now: at_us(500_000),
        live: Live {
            waiting: vec![waiting(1, 300_000), waiting(2, 200_000)],
            ..Live::default()
        },
        ..Batch::default()
    });
    assert_eq!(means(&model)[..2], [0.6, 1.8], "two tasks wait until now");
    // The first task runs, and the second task goes on waiting.
    let mut live = current(1, at_us(600_000));
    live.queued = us(300_000).into();
    model.apply(&Batch {
        now: at_us(750_000),
        live: Live {
            lanes: vec![live],
            waiting: vec![waiting(2, 200_000)],
            ..Live::default()
        },
        ..Batch::default()
    });
    assert_eq!(means(&model)[..3], [0.6, 1.8, 1.4]);
    // The second task is cancelled before it runs.
    let ended = Record::Ended(Ended {
        queued: us(500_000).into(),
        ..Ended::observed(at_us(700_000), id(2), Outcome::Cancelled)
    });
    model.apply(&Batch {
        now: at_us(750_000),
        records: vec![(WORKER, ended)],
        ..Batch::default()
    });
    assert_eq!(means(&model)[..3], [0.6, 1.0, 0.8], "only records count");
}
