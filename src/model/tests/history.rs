//! Tests of queries about past instants.

use super::*;

fn labelled(slice: Slice, label: u16, reason: Reason) -> Record {
    Record::Slice(Slice {
        label: Label(label),
        suspended_on: reason,
        ..slice
    })
}

#[test]
fn the_model_knows_what_a_task_waited_for_at_a_past_instant() {
    let late = Slice {
        queued: us(5).into(),
        unnoticed: us(10).into(),
        ..slice(1, at_us(100), us(10))
    };
    let mut model = model(
        at_us(200),
        [
            spawned(1, at_us(0)),
            labelled(slice(1, at_us(10), us(10)), 1, Reason::Http),
            labelled(late, 2, Reason::Timer),
        ],
    );
    model.apply(&Batch {
        now: at_us(200),
        definitions: vec![Definition::Label {
            id: Label(2),
            text: "sleep 10ms".into(),
        }],
        ..Batch::default()
    });
    let at = |at| model.awaited_step_at(id(1), at_us(at));
    assert_eq!(at(5), None, "the task had not run yet");
    assert_eq!(at(15), None, "the task ran");
    assert_eq!([at(20), at(84)], [Some("http /weather"); 2]);
    assert_eq!(
        [at(88), at(97)],
        [Some("http /weather"); 2],
        "unnoticed and queued belong to the same wait"
    );
    assert_eq!(at(105), None);
    assert_eq!(at(150), Some("sleep 10ms"));
    assert_eq!(at(200), None, "this instant is in the future");
    assert_eq!(model.awaited_step_at(id(9), at_us(50)), None);
}

#[test]
fn the_model_knows_which_task_held_a_lane_at_a_past_instant() {
    let mut model = model(
        at_us(500),
        [
            spawned(1, at_us(0)),
            Record::Slice(slice(1, at_us(10), us(300))),
            blocked(1, at_us(60), us(100)),
        ],
    );
    let held = |model: &Model, at| model.lane_hold_at(WORKER, at_us(at));
    let hold = |since, asleep_since: Option<u64>| {
        Some(LaneHold {
            task: id(1),
            since: at_us(since),
            state: asleep_since.map_or(State::Running, |_| State::Blocking),
            asleep_since: asleep_since.map(at_us),
        })
    };
    assert_eq!(held(&model, 5), None);
    assert_eq!(held(&model, 30), hold(10, None));
    assert_eq!(held(&model, 159), hold(10, Some(60)));
    assert_eq!(held(&model, 160), hold(10, None));
    assert_eq!(held(&model, 310), None);
    let live = Live {
        branches: Vec::new(),
        lanes: vec![CurrentSlice {
            blocking_since: Some(at_us(450)),
            blocked_on: Reason::Timer,
            ..current(1, at_us(400))
        }],
        waiting: vec![],
    };
    model.apply(&Batch {
        now: at_us(600),
        live,
        ..Batch::default()
    });
    assert_eq!(held(&model, 420), hold(400, None), "the slice has not ended");
    assert_eq!(held(&model, 599), hold(400, Some(450)));
    assert_eq!(held(&model, 600), None, "this instant is in the future");
}

#[test]
fn the_model_knows_the_length_of_a_channel_at_a_past_instant() {
    let mut model = model(at_us(0), []);
    for (at, len) in [(10, 0), (20, 3), (30, 3), (40, 8)] {
        model.apply(&Batch {
            now: at_us(at),
            samples: vec![Sample::Channel(ChannelSample {
                at: at_us(at),
                label: Label(1),
                len,
                item_bytes: 0,
                capacity: Some(8),
                oldest: None,
            })],
            ..Batch::default()
        });
    }
    let [channel] = model.channels() else {
        panic!("one channel");
    };
    assert_eq!(channel.latest.len, 8);
    assert_eq!(
        [9, 10, 25, 39, 40, 99].map(|at| channel.len_at(at_us(at))),
        [None, Some(0), Some(3), Some(3), Some(8), Some(8)]
    );
}
