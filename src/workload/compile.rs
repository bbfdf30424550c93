//! From a scenario's steps to programs: names become places and labels, paths become what goes over the wire.

use super::children::JoinMode;
use super::label::{self, Labels};
use super::program::{Instruction, LogEvent, Op, Program, Steps};
use crate::scenario::{Branch, ChannelSpec, Choice, Cpu, LockSpec, Repeat, Scenario, SemaphoreSpec, Step, TaskSpec};
use hyper::http::uri::PathAndQuery;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Program {
    /// Makes the program of a group that stands alone, in a scenario with this seed.
    ///
    /// # Panics
    /// If a step names another group, a lock, a semaphore or a channel: there is none.
    pub fn new(task: &TaskSpec, seed: u64, labels: &mut Labels) -> Program {
        let mut compiler = Compiler {
            seed,
            tasks: std::slice::from_ref(task),
            locks: &[],
            semaphores: &[],
            channels: &[],
            labels,
            done: HashMap::new(),
        };
        compiler.program(task)
    }
}

/// Makes a program of each group, in the scenario's order. A group that several steps call has one program for all of them.
pub fn compile(scenario: &Scenario, labels: &mut Labels) -> Vec<Arc<Program>> {
    let mut compiler = Compiler {
        seed: scenario.seed,
        tasks: &scenario.tasks,
        locks: &scenario.locks,
        semaphores: &scenario.semaphores,
        channels: &scenario.channels,
        labels,
        done: HashMap::new(),
    };
    scenario.tasks.iter().map(|task| compiler.group(&task.name)).collect()
}

struct Compiler<'a> {
    seed: u64,
    tasks: &'a [TaskSpec],
    locks: &'a [LockSpec],
    semaphores: &'a [SemaphoreSpec],
    channels: &'a [ChannelSpec],
    labels: &'a mut Labels,
    done: HashMap<&'a str, Arc<Program>>,
}

/// Why a name that a step uses is there.
const CHECKED: &str = "whoever read the scenario has looked up every name, and found no group that calls itself";

impl<'a> Compiler<'a> {
    /// The program of the group of this name.
    fn group(&mut self, name: &str) -> Arc<Program> {
        if let Some(program) = self.done.get(name) {
            return program.clone();
        }
        let task = self.tasks.iter().find(|task| task.name == name).expect(CHECKED);
        let program = Arc::new(self.program(task));
        self.done.insert(&task.name, program.clone());
        program
    }

    fn program(&mut self, task: &'a TaskSpec) -> Program {
        Program {
            group: task.name.clone(),
            seed: self.seed,
            repeat: task.repeat,
            timeout: task.timeout,
            steps: self.steps(&task.name, &task.steps),
            closed: AtomicBool::new(false),
        }
    }

    /// What the tasks do that a step of `group` calls in this manner.
    fn branch(&mut self, group: &str, manner: &str, branch: &Branch) -> Arc<Program> {
        match branch {
            Branch::Group(name) => self.group(name),
            Branch::Steps(steps) => {
                let group = format!("{group} {manner}");
                Arc::new(Program {
                    seed: self.seed,
                    repeat: Repeat::Times(1),
                    timeout: None,
                    steps: self.steps(&group, steps),
                    group,
                    closed: AtomicBool::new(false),
                })
            }
        }
    }

    fn call(&mut self, group: &str, manner: JoinMode, branches: &[Branch]) -> Op {
        let program = |branch| self.branch(group, manner.into_str(), branch);
        Op::Call {
            manner,
            programs: branches.iter().map(program).collect(),
        }
    }

    fn steps(&mut self, group: &str, steps: &[Step]) -> Steps {
        steps
            .iter()
            .map(|step| Instruction {
                label: self.labels.intern(&label::name(step)),
                op: self.operation(group, step),
            })
            .collect()
    }

    fn operation(&mut self, group: &str, step: &Step) -> Op {
        match step {
            Step::Cpu(Cpu::Work(amount)) => Op::Work(*amount),
            &Step::Cpu(Cpu::Kernel { kernel, size }) => Op::Kernel { kernel, size },
            Step::Sleep(time) => Op::Sleep(*time),
            Step::Block(time) => Op::Block(*time),
            Step::Http { path } => Op::Http(request_path(path)),
            &Step::File { op, size, how } => Op::File { op, size, how },
            &Step::Db { op, rows, how } => Op::Db { op, rows, how },
            Step::Yield => Op::Yield,
            Step::Offload(steps) => Op::Offload(self.steps(group, steps)),
            Step::InPlace(steps) => Op::InPlace(self.steps(group, steps)),
            Step::Timeout { after, steps } => Op::Timeout {
                after: *after,
                steps: self.steps(group, steps),
            },
            Step::Lock { name, steps } => {
                let lock = place(self.locks, |lock| lock.name == *name);
                Op::Lock {
                    lock,
                    how: self.locks[lock].how,
                    steps: self.steps(group, steps),
                }
            }
            Step::Semaphore { name, steps } => Op::Semaphore {
                semaphore: place(self.semaphores, |semaphore| semaphore.name == *name),
                steps: self.steps(group, steps),
            },
            Step::Send { channel } => Op::Send(place(self.channels, |known| known.name == *channel)),
            Step::Recv { channel } => Op::Recv(place(self.channels, |known| known.name == *channel)),
            Step::Gather(branches) => self.call(group, JoinMode::Gather, branches),
            Step::Group(branches) => self.call(group, JoinMode::Group, branches),
            Step::Race(branches) => self.call(group, JoinMode::Race, branches),
            Step::Spawn { branch, count, wait } => {
                let program = self.branch(group, "spawn", branch);
                if *wait {
                    Op::Call {
                        manner: JoinMode::Spawn,
                        programs: (0..*count).map(|_| program.clone()).collect(),
                    }
                } else {
                    Op::Spawn { program, count: *count }
                }
            }
            Step::Unawaited(branch) => Op::Unawaited(self.branch(group, "unawaited", branch)),
            Step::Log {
                level,
                message,
                items,
                how,
            } => Op::Log(Arc::new(LogEvent {
                level: *level,
                message: message.clone(),
                items: (0..*items).collect(),
                how: *how,
            })),
            Step::Choose(choices) => {
                let mut sum = 0.0;
                let choice = |choice: &Choice| {
                    sum += choice.weight;
                    (sum, self.steps(group, &choice.steps))
                };
                Op::Choose(choices.iter().map(choice).collect())
            }
            Step::Loop { times, steps } => Op::Loop {
                times: *times,
                steps: self.steps(group, steps),
            },
            Step::Fail { message, chance } => Op::Fail {
                message: message.clone(),
                chance: *chance,
            },
            Step::Panic { message, chance } => Op::Panic {
                message: message.clone(),
                chance: *chance,
            },
        }
    }
}

fn place<T>(all: &[T], is_it: impl FnMut(&T) -> bool) -> usize {
    all.iter().position(is_it).expect(CHECKED)
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
    use crate::scenario::{Arrivals, Start};
    use proptest::prelude::*;

    fn group(name: &str, steps: Vec<Step>) -> TaskSpec {
        TaskSpec {
            name: name.into(),
            count: None,
            start: Start::Called,
            arrivals: Arrivals::Together,
            until: None,
            repeat: Repeat::Times(2),
            timeout: None,
            steps,
        }
    }

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
        let task = group(
            "api",
            vec![Step::Yield, Step::Offload(vec![Step::InPlace(vec![Step::Yield])])],
        );
        let mut labels = Labels::new();
        let compiled = Program::new(&task, 7, &mut labels).steps;
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
