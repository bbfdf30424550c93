//! Builds small scenarios, and steps for them.

use crate::support::run::parse;
use std::time::Duration;
use tasklab::scenario::steps::{Cpu, Fail, File, FileOp, Http, Recv, Send, Sleep};
use tasklab::scenario::{
    Arrivals, Branch, ChannelKind, ChannelSpec, Draw, How, Repeat, Scenario, Start, Step, TaskSpec,
};

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const FOREVER: Duration = Duration::from_secs(3600);

pub(super) fn fixed(time: Duration) -> Draw {
    Draw::Fixed(time)
}

pub(super) fn sleep(time: Duration) -> Step {
    Step::Sleep(Sleep(fixed(time)))
}

pub(super) fn http() -> Step {
    Step::Http(Http {
        path: "/weather".into(),
    })
}

pub(super) fn cpu(time: Duration) -> Step {
    Step::Cpu(Cpu::Work(fixed(time)))
}

pub(super) fn file(op: FileOp, how: How) -> Step {
    Step::File(File { op, size: 3000, how })
}

pub(super) fn fail(chance: f64) -> Step {
    Step::Fail(Fail {
        message: "it had to happen".into(),
        chance,
    })
}

/// A group that only steps of other tasks spawn.
pub(super) fn called_group(name: &str, steps: Vec<Step>) -> TaskSpec {
    TaskSpec {
        count: None,
        start: Start::Called,
        ..task(name, 1, steps)
    }
}

/// A branch that spawns a task of this group.
pub(super) fn group_branch(name: &str) -> Branch {
    Branch::Group(name.into())
}

/// A branch that is a list of steps.
pub(super) fn steps_branch(steps: Vec<Step>) -> Branch {
    Branch::Steps(steps)
}

pub(super) fn send(channel: &str) -> Step {
    Step::Send(Send {
        channel: channel.into(),
    })
}

pub(super) fn recv(channel: &str) -> Step {
    Step::Recv(Recv {
        channel: channel.into(),
    })
}

pub(super) fn channel(name: &str, capacity: u32) -> ChannelSpec {
    ChannelSpec {
        name: name.into(),
        kind: ChannelKind::Queue {
            capacity: Some(capacity),
        },
        item_bytes: 0,
    }
}

/// A group of one task.
pub(super) fn task(name: &str, repeat: u64, steps: Vec<Step>) -> TaskSpec {
    TaskSpec {
        name: name.into(),
        count: Some(1),
        start: Start::At(Duration::ZERO),
        arrivals: Arrivals::Together,
        until: None,
        repeat: Repeat::Times(repeat),
        timeout: None,
        steps,
    }
}

pub(super) fn scenario(tasks: Vec<TaskSpec>) -> Scenario {
    let scenario = parse(
        r#"
        title = "test"
        seed = 7
        executor = { workers = 2 }
        http = { latency = "0ms" }
        db = { rows = 100, timeout = "60s" }
        [[task]]
        name = "placeholder"
        steps = ["yield"]
        "#,
    );
    Scenario { tasks, ..scenario }
}

/// A scenario with a channel named `gate`.
pub(super) fn with_gate(tasks: Vec<TaskSpec>) -> Scenario {
    let mut scenario = scenario(tasks);
    scenario.channels = vec![channel("gate", 100)];
    scenario
}
