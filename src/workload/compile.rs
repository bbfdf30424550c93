//! Compiles a scenario's steps to programs: names become indices and labels, and paths become
//! request paths.

use super::labels::Labels;
use super::program::{Instruction, Program, Steps};
use super::steps::Op;
use crate::scenario::{
    BarrierSpec, Branch, ChannelKind, ChannelSpec, How, LockSpec, Repeat, ResultsSpec, Scenario, SemaphoreSpec, Step,
    TaskSpec,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Program {
    /// Compiles the program of a group whose steps refer to no other part of the scenario. `seed`
    /// is the scenario's seed.
    ///
    /// # Panics
    /// Panics if a step names another group or a resource that tasks share.
    pub fn new(task: &TaskSpec, seed: u64, labels: &mut Labels) -> Program {
        let mut compiler = Compiler {
            seed,
            tasks: HashMap::from([(task.name.as_str(), task)]),
            locks: &[],
            semaphores: &[],
            channels: &[],
            barriers: &[],
            rwlocks: &[],
            notifies: &[],
            results: &[],
            labels,
            intervals: 0,
            receives: BTreeSet::new(),
            compiled: HashMap::new(),
        };
        compiler.program(task)
    }
}

/// The programs of all groups, in the scenario's order. All steps that call the same group share
/// the program of this group.
pub fn compile(scenario: &Scenario, labels: &mut Labels) -> Vec<Arc<Program>> {
    let mut compiler = Compiler {
        seed: scenario.seed,
        tasks: scenario.tasks.iter().map(|task| (task.name.as_str(), task)).collect(),
        locks: &scenario.locks,
        semaphores: &scenario.semaphores,
        channels: &scenario.channels,
        barriers: &scenario.barriers,
        rwlocks: &scenario.rwlocks,
        notifies: &scenario.notifies,
        results: &scenario.results,
        labels,
        intervals: 0,
        receives: BTreeSet::new(),
        compiled: HashMap::new(),
    };
    scenario.tasks.iter().map(|task| compiler.group(&task.name)).collect()
}

/// The parts of the scenario that are needed to compile steps.
pub(super) struct Compiler<'a> {
    seed: u64,
    tasks: HashMap<&'a str, &'a TaskSpec>,
    locks: &'a [LockSpec],
    semaphores: &'a [SemaphoreSpec],
    channels: &'a [ChannelSpec],
    barriers: &'a [BarrierSpec],
    rwlocks: &'a [String],
    notifies: &'a [String],
    results: &'a [ResultsSpec],
    labels: &'a mut Labels,
    /// The number of `interval` steps that have been compiled so far.
    intervals: usize,
    /// The channels from which the tasks of the program receive. The program is being compiled.
    receives: BTreeSet<usize>,
    /// The programs that have been compiled so far, by the name of the group.
    compiled: HashMap<&'a str, Arc<Program>>,
}

/// The reason why each lookup of a name succeeds, and why the recursion through called groups ends.
const CHECKED: &str = "the scenario's check has looked up every name, and found no group that calls itself";

impl<'a> Compiler<'a> {
    /// The program of the group with this name.
    fn group(&mut self, name: &str) -> Arc<Program> {
        if let Some(program) = self.compiled.get(name) {
            return program.clone();
        }
        let task = self.tasks.get(name).copied().expect(CHECKED);
        let program = Arc::new(self.program(task));
        self.compiled.insert(&task.name, program.clone());
        program
    }

    fn program(&mut self, task: &'a TaskSpec) -> Program {
        let (steps, receives) = self.steps_of_task(&task.name, &task.steps);
        Program {
            group: task.name.clone(),
            seed: self.seed,
            repeat: task.repeat,
            timeout: task.timeout,
            steps,
            receives,
            closed: AtomicBool::new(false),
        }
    }

    /// The program of the child tasks that a step of `group` spawns. `word` is the step's keyword.
    pub(super) fn branch(&mut self, group: &str, word: &str, branch: &Branch) -> Arc<Program> {
        match branch {
            Branch::Group(name) => self.group(name),
            Branch::Steps(steps) => {
                let group = format!("{group} {word}");
                let (steps, receives) = self.steps_of_task(&group, steps);
                Arc::new(Program {
                    seed: self.seed,
                    repeat: Repeat::Times(1),
                    timeout: None,
                    steps,
                    receives,
                    group,
                    closed: AtomicBool::new(false),
                })
            }
        }
    }

    /// Compiles all steps of a task of `group`. Also returns the channels from which the task
    /// receives.
    fn steps_of_task(&mut self, group: &str, steps: &[Step]) -> (Steps, Vec<usize>) {
        let outer = std::mem::take(&mut self.receives);
        let steps = self.steps(group, steps);
        let receives = std::mem::replace(&mut self.receives, outer);
        (steps, receives.into_iter().collect())
    }

    /// Makes the task that is being compiled a receiver of the channels of its branch.
    pub(super) fn receive_for(&mut self, branch: &Program) {
        self.receives.extend(&branch.receives);
    }

    /// Compiles the steps of a task of `group`.
    pub(super) fn steps(&mut self, group: &str, steps: &[Step]) -> Steps {
        let instruction = |step| Instruction {
            label: self.labels.intern(&Op::name(step)),
            op: Op::compile(step, group, self),
        };
        steps.iter().map(instruction).collect()
    }

    /// The index of the lock with this name, and how tasks wait for it.
    pub(super) fn lock(&self, name: &str) -> (usize, How) {
        let index = self.locks.iter().position(|lock| lock.name == name).expect(CHECKED);
        (index, self.locks[index].how)
    }

    /// The index of the semaphore with this name.
    pub(super) fn semaphore(&self, name: &str) -> usize {
        let mut semaphores = self.semaphores.iter();
        semaphores.position(|semaphore| semaphore.name == name).expect(CHECKED)
    }

    /// The index of the barrier with this name.
    pub(super) fn barrier(&self, name: &str) -> usize {
        let mut barriers = self.barriers.iter();
        barriers.position(|barrier| barrier.name == name).expect(CHECKED)
    }

    /// The index of the read-write lock with this name.
    pub(super) fn rwlock(&self, name: &str) -> usize {
        self.rwlocks.iter().position(|lock| lock == name).expect(CHECKED)
    }

    /// The index of the notification with this name.
    pub(super) fn notify(&self, name: &str) -> usize {
        self.notifies.iter().position(|notify| notify == name).expect(CHECKED)
    }

    /// The index of the results that tasks of `group` keep. The results of `api gather` belong to
    /// the results of `api`.
    pub(super) fn results(&self, group: &str) -> usize {
        let root = group.split(' ').next().unwrap_or_default();
        let mut results = self.results.iter();
        results.position(|results| results.group == root).expect(CHECKED)
    }

    /// A number for an `interval` step. No other `interval` step has this number.
    pub(super) fn interval(&mut self) -> usize {
        self.intervals += 1;
        self.intervals
    }

    /// The index of the channel with this name, from which the task receives.
    pub(super) fn receive_from(&mut self, name: &str) -> usize {
        let channel = self.channel(name);
        if !matches!(self.channels[channel].kind, ChannelKind::Queue { .. }) {
            self.receives.insert(channel);
        }
        channel
    }

    /// The index of the channel with this name.
    pub(super) fn channel(&self, name: &str) -> usize {
        let mut channels = self.channels.iter();
        channels.position(|channel| channel.name == name).expect(CHECKED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Definition;
    use crate::scenario;

    #[test]
    fn inner_steps_have_labels_too_and_equal_steps_share_a_label() {
        let text = r#"
            title = "steps within steps"
            [[task]]
            name = "api"
            steps = ["yield", { gather = [[{ offload = [{ sleep = "1ms" }] }], ["yield"]] }]
        "#;
        let scenario = scenario::read("test.toml", text).unwrap();
        let mut labels = Labels::new();
        let programs = compile(&scenario, &mut labels);
        assert_eq!(programs[0].steps.len(), 2);
        let names: Vec<_> = labels
            .definitions()
            .map(|definition| match definition {
                Definition::Label { text, .. } => text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["yield", "gather 2", "offload", "sleep 1ms"]);
    }
}
