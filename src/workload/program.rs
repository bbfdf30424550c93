//! What a group's tasks do, made ready to run: the scenario's steps with their labels, request paths and draws in place.
//!
//! A program is shared by all tasks of its group and never changes; what differs between them is in their
//! [`TaskCtx`](super::TaskCtx).

use super::label::{self, Labels};
use crate::record::Label;
use crate::scenario::{Cpu, Draw, FileOp, How, Kernel, Repeat, Scenario, Step, TaskSpec};
use hyper::http::uri::PathAndQuery;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The steps of one group of tasks.
#[derive(Debug)]
pub struct Program {
    /// The group's name.
    pub(super) group: String,
    /// The scenario's seed.
    pub(super) seed: u64,
    pub(super) repeat: Repeat,
    /// Limit on each repetition.
    pub(super) timeout: Option<Draw>,
    pub(super) steps: Arc<[Instruction]>,
    /// No repetition begins any more.
    closed: AtomicBool,
}

impl Program {
    /// Makes the program of one group of a scenario with this seed.
    pub fn new(task: &TaskSpec, seed: u64, labels: &mut Labels) -> Program {
        Program {
            group: task.name.clone(),
            seed,
            repeat: task.repeat,
            timeout: task.timeout,
            steps: instructions(&task.steps, labels),
            closed: AtomicBool::new(false),
        }
    }

    /// From now on no repetition begins: the tasks of the group end after the one that they are in.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether no repetition begins any more.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// How often each task does the steps.
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }
}

/// A step and its name.
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    pub(super) label: Label,
    pub(super) op: Op,
}

/// A [`Step`] that is ready to run.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Work(Draw),
    Kernel { kernel: Kernel, size: u32 },
    Sleep(Draw),
    Block(Draw),
    Http(PathAndQuery),
    File { op: FileOp, size: u64, how: How },
    Yield,
    Offload(Arc<[Instruction]>),
    InPlace(Arc<[Instruction]>),
    Timeout { after: Draw, steps: Arc<[Instruction]> },
    Fail { message: String, chance: f64 },
    Panic { message: String, chance: f64 },
}

/// Makes a program of each group, in the scenario's order.
pub fn compile(scenario: &Scenario, labels: &mut Labels) -> Vec<Arc<Program>> {
    scenario
        .tasks
        .iter()
        .map(|task| Arc::new(Program::new(task, scenario.seed, labels)))
        .collect()
}

fn instructions(steps: &[Step], labels: &mut Labels) -> Arc<[Instruction]> {
    steps
        .iter()
        .map(|step| Instruction {
            label: labels.intern(&label::name(step)),
            op: operation(step, labels),
        })
        .collect()
}

fn operation(step: &Step, labels: &mut Labels) -> Op {
    match step {
        Step::Cpu(Cpu::Work(amount)) => Op::Work(*amount),
        &Step::Cpu(Cpu::Kernel { kernel, size }) => Op::Kernel { kernel, size },
        Step::Sleep(time) => Op::Sleep(*time),
        Step::Block(time) => Op::Block(*time),
        Step::Http { path } => Op::Http(request_path(path)),
        &Step::File { op, size, how } => Op::File { op, size, how },
        Step::Yield => Op::Yield,
        Step::Offload(steps) => Op::Offload(instructions(steps, labels)),
        Step::InPlace(steps) => Op::InPlace(instructions(steps, labels)),
        Step::Timeout { after, steps } => Op::Timeout {
            after: *after,
            steps: instructions(steps, labels),
        },
        Step::Fail { message, chance } => Op::Fail {
            message: message.clone(),
            chance: *chance,
        },
        Step::Panic { message, chance } => Op::Panic {
            message: message.clone(),
            chance: *chance,
        },
        other => unreachable!("no scenario can say {other:?} yet"),
    }
}

/// A path as it goes over the wire: what a URI may not hold is percent-encoded.
fn request_path(path: &str) -> PathAndQuery {
    let mut wire = String::from(if path.starts_with('/') { "" } else { "/" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'?'
            | b'%'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
            | b':'
            | b'@' => wire.push(byte.into()),
            other => wire.push_str(&format!("%{other:02X}")),
        }
    }
    // Only an absurd length is left to go wrong.
    wire.parse().unwrap_or_else(|_| PathAndQuery::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Definition;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_can_be_requested(path in "/\\PC{0,40}") {
            let wire = request_path(&path);
            prop_assert!(wire.as_str().len() >= path.len());
        }
    }

    #[test]
    fn a_plain_path_stays_as_it_is() {
        assert_eq!(request_path("/weather?city=Oslo&days=3"), "/weather?city=Oslo&days=3");
        assert_eq!(request_path("/a b/ü"), "/a%20b/%C3%BC");
        assert_eq!(request_path("weather"), "/weather");
    }

    #[test]
    fn inner_steps_have_labels_too_and_equal_steps_share_theirs() {
        let steps = [Step::Yield, Step::Offload(vec![Step::InPlace(vec![Step::Yield])])];
        let mut labels = Labels::new();
        let compiled = instructions(&steps, &mut labels);
        let Op::Offload(inner) = &compiled[1].op else {
            panic!("{compiled:?}")
        };
        let Op::InPlace(innermost) = &inner[0].op else {
            panic!("{inner:?}")
        };
        assert_eq!(innermost[0].label, compiled[0].label);
        let names: Vec<_> = labels
            .definitions()
            .map(|d| match d {
                Definition::Label { text, .. } => text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["yield", "offload", "in_place"]);
    }
}
