//! Reasons and names in the stretches of the timelines.

use super::*;
use crate::model::{Model, RunInfo};
use crate::record::*;
use crate::tui::theme::ColorDepth;
use ratatui::style::Modifier;

const GROUPS: [&str; 7] = [
    "heartbeat",
    "injected",
    "login",
    "client",
    "holder",
    "convoy",
    "sleeper",
];
const LABELS: [&str; 6] = [
    "sleep 10ms",
    "block 600ms",
    "cpu 500ms",
    "lock cache",
    "http /rates",
    "sleep 5s",
];

/// A task of the run. Each group has one task, but the group `login` has two tasks.
const HEARTBEAT: u32 = 1;
const INJECTED: u32 = 2;
const LOGINS: [u32; 2] = [3, 4];
const CLIENT: u32 = 5;
const HOLDER: u32 = 6;
const CONVOY: u32 = 7;
const SLEEPER: u32 = 8;

fn id(task: u32) -> TaskId {
    TaskId::new(task).expect("tasks are numbered from 1")
}

fn label(text: &str) -> Label {
    let position = LABELS.iter().position(|label| *label == text);
    Label(1 + position.expect("a text in LABELS") as u16)
}

fn ms(n: u64) -> RunInstant {
    RunInstant::from_millis(n)
}

fn spawned(task: u32) -> Record {
    let group = match task {
        HEARTBEAT | INJECTED => task - 1,
        3 | 4 => 2,
        _ => task - 2,
    };
    Record::Spawned(Spawned {
        at: ms(1),
        task: id(task),
        parent: None,
        index: u32::from(task == LOGINS[1]),
        group: GroupId(group as u16),
        branch: false,
    })
}

/// A slice from `from` to `to`, in milliseconds. Afterwards, the task waits in the step `next`.
fn slice(task: u32, from: u64, to: u64, next: (Reason, &str)) -> Slice {
    Slice {
        start: ms(from),
        task: id(task),
        len: (ms(to) - ms(from)).into(),
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        woken_by: None,
        label: label(next.1),
        suspended_on: next.0,
        branch: false,
    }
}

fn lock_records() -> [Record; 2] {
    let (resource, wanted) = (ResourceId(0), Wanted::Access);
    let acquired = Acquired {
        at: ms(90),
        task: id(HOLDER),
        waited: CompactDuration::ZERO,
        level: 1,
        resource,
        wanted,
    };
    let began = WaitBegan {
        at: ms(150),
        task: id(CONVOY),
        waiting: 1,
        resource,
        wanted,
        limited: false,
    };
    [Record::Acquired(acquired), Record::WaitBegan(began)]
}

/// From 400 ms on, a task blocks worker 0 and the driver for 600 ms. From 1 s on, two tasks compute
/// on both workers. The run is at 1.5 s.
fn definitions() -> Vec<Definition> {
    let lanes = (0..2).map(|lane| Definition::Lane {
        id: LaneId(lane),
        kind: LaneKind::Worker,
        name: format!("worker {lane}"),
    });
    let groups = (0..).zip(GROUPS).map(|(group, name)| Definition::Group {
        id: GroupId(group),
        name: name.into(),
        library: false,
    });
    let labels = (1..).zip(LABELS).map(|(number, text)| Definition::Label {
        id: Label(number),
        text: text.into(),
    });
    lanes.chain(groups).chain(labels).collect()
}

fn batch(now: u64) -> Batch {
    let sleep = (Reason::Timer, "sleep 10ms");
    let blocked = Step {
        start: ms(400),
        task: id(INJECTED),
        len: (ms(1_000) - ms(400)).into(),
        label: label("block 600ms"),
        blocking: true,
        blocked_on: Reason::Timer,
        timer_rounding: CompactDuration::ZERO,
    };
    let late = Slice {
        unnoticed: (ms(1_000) - ms(410)).into(),
        ..slice(HEARTBEAT, 1_000, 1_001, sleep)
    };
    let mut batch = Batch {
        now: ms(now),
        definitions: definitions(),
        ..Batch::default()
    };
    let records = [
        (1, Record::Slice(slice(SLEEPER, 80, 90, (Reason::Timer, "sleep 5s")))),
        (0, Record::Slice(slice(HOLDER, 90, 100, (Reason::Http, "http /rates")))),
        (0, Record::Slice(slice(CONVOY, 140, 150, (Reason::Lock, "lock cache")))),
        (1, Record::Slice(slice(HEARTBEAT, 390, 400, sleep))),
        (0, Record::Step(blocked)),
        (0, Record::Slice(slice(INJECTED, 400, 1_000, sleep))),
        (0, Record::Slice(late)),
        (
            1,
            Record::Slice(slice(CLIENT, 1_000, 1_005, (Reason::Yield, "sleep 10ms"))),
        ),
    ];
    let spawns = (1..=SLEEPER).map(|task| (LaneId(0), spawned(task)));
    batch.records.extend(spawns);
    batch
        .records
        .extend(records.map(|(lane, record)| (LaneId(lane), record)));
    batch.records.extend(lock_records().map(|record| (LaneId(0), record)));
    for (lane, task) in (0..).zip(LOGINS) {
        batch.live.lanes.push(CurrentSlice {
            label: label("cpu 500ms"),
            ..CurrentSlice::new(LaneId(lane), id(task), ms(1_010))
        });
    }
    batch.live.waiting.push(Waiting {
        task: id(CLIENT),
        ready: None,
        woken: Some(ms(1_010)),
    });
    batch
}

fn stage(now: u64, size: stage::Size) -> Stage {
    let mut model = Model::new(RunInfo {
        title: "Reasons".into(),
        executor: "tokio".into(),
        workers: 2,
        async_executor: true,
        resources: vec![ResourceInfo::new(ResourceKind::Lock, "cache", Some(1))],
        ..RunInfo::default()
    });
    model.apply(&batch(now));
    Stage {
        model,
        ..Stage::mixed(0, size)
    }
}

#[test]
fn reasons() {
    for size in [SMALL, MEDIUM, LARGE] {
        let text = stage(1_500, size).text();
        insta::assert_snapshot!(format!("reasons_{}x{}", size.0, size.1), text);
    }
}

#[test]
fn a_wide_screen_names_the_culprit_and_what_it_does() {
    let text = stage(1_500, (300, 50)).text();
    let has = |name: &str, reason: &str| assert!(row(&text, name).contains(reason), "{name}: {reason}\n{text}");
    has("worker 0", "injected#0 block 600ms");
    has("worker 0", "login#0 cpu 500ms");
    has("injected#0", "block 600ms");
    has("login#1", "cpu 500ms");
    has("heartbeat#0", "timer fired, driver held by injected#0");
    has("client#0", "queued behind login#0, login#1");
    has("convoy#0", "lock cache, held by holder#0 (http /rates)");
    has("holder#0", "http /rates");
    has("sleeper#0", "sleep 5s");
}

#[test]
fn a_label_moves_with_its_stretch() {
    let mut stage = stage(1_500, (240, 50));
    let mut before: Option<usize> = None;
    for now in (1_520..2_000).step_by(10) {
        stage.model.apply(&Batch {
            now: ms(now),
            ..Batch::default()
        });
        let text = stage.text();
        let line = row(&text, "convoy#0");
        let at = line.find("lock cache,").map(|at| line[..at].chars().count());
        let at = at.unwrap_or_else(|| panic!("no label at {now} ms: {line}"));
        let moved = before.map_or(0, |before| before as i64 - at as i64);
        assert!((0..=1).contains(&moved), "the label moved by {moved} columns: {line}");
        before = Some(at);
    }
}

#[test]
fn a_label_begins_at_the_second_column_of_its_stretch() {
    let text = stage(1_500, (300, 50)).text();
    let line = row(&text, "heartbeat#0");
    assert!(line.contains("░timer fired, driver held by injected#0░"), "{line}");
}

#[test]
fn a_label_is_readable_at_each_colour_depth() {
    use ratatui::style::Color;
    for depth in [
        ColorDepth::None,
        ColorDepth::Ansi16,
        ColorDepth::Ansi256,
        ColorDepth::TrueColor,
    ] {
        let mut stage = stage(1_500, (300, 50));
        stage.color_depth = depth;
        let buf = stage.draw();
        let cells = buf.content();
        let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("block 600ms"), "the texts do not depend on colours");
        for cell in cells
            .iter()
            .filter(|cell| cell.symbol().starts_with(char::is_alphabetic))
        {
            let is_visible = cell.fg != cell.bg || cell.fg == Color::Reset;
            assert!(is_visible, "{cell:?}");
            let plain = cell.fg == Color::Reset && cell.bg == Color::Reset;
            assert!(depth != ColorDepth::None || plain || cell.modifier.contains(Modifier::REVERSED));
        }
    }
}
