//! Finds deadlocks: cycles of tasks that wait for one another and can never continue.
//!
//! Records of different lanes arrive in any order. So a deadlock counts only if it is found after
//! two batches in a row. Before the first of these batches, a task of the cycle may have released
//! something or stopped waiting. Then the second batch contains the record of the release, or of
//! the end of the wait.

use super::components::cyclic_components;
use super::sentence;
use super::stuck::{self, Awaited, Stuck, StuckWait};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum number of waits that are listed for a deadlock, and the maximum number of holders
/// that are listed for a wait.
pub(super) const LISTED: usize = 100;

/// If more tasks wait, the search takes milliseconds. Then a search follows only every
/// [`MANY_INTERVAL`]th batch.
const MANY: usize = 10_000;
/// The number of batches from one search to the next while [`MANY`] tasks wait.
const MANY_INTERVAL: u64 = 16;

/// Tasks that wait for one another and can never continue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deadlock {
    /// When the last of the waits began.
    pub since: RunInstant,
    /// When the deadlock was found.
    pub found: RunInstant,
    /// One sentence that says what each task waits for, and which task holds that thing.
    pub sentence: String,
    /// The waits, in the order of the tasks. At most 100 are listed.
    pub waits: Vec<Blocked>,
}

/// A wait that can never end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocked {
    /// The task that waits.
    pub task: TaskId,
    /// The name of the task.
    pub name: String,
    /// What the task waits for: the name of a resource, `children` or `thread`.
    pub waits_for: String,
    /// The kind of the resource, `children` or `thread`.
    pub kind: &'static str,
    /// When the wait began.
    pub since: RunInstant,
    /// The names of the tasks that could end the wait. These tasks can never continue either. At
    /// most 100 are listed.
    pub held_by: Vec<String>,
}

/// What the search for deadlocks has found.
#[derive(Clone, Debug, Default)]
pub(super) struct DeadlockSearch {
    /// The number of batches so far.
    pub(super) batches: u64,
    /// The cycles that the previous search found.
    suspected_cycles: Vec<BTreeSet<TaskId>>,
    /// Whether no task could continue by the previous search.
    suspected_hopeless: bool,
    deadlocks: Vec<Deadlock>,
    /// Whether no task can ever continue and no further task can arrive.
    hopeless: bool,
}

impl DeadlockSearch {
    /// Whether one of these tasks is in a known deadlock. Such a task can never leave its deadlock,
    /// so the new deadlock is the known deadlock.
    fn is_known(&self, tasks: &BTreeSet<TaskId>) -> bool {
        let mut known = self.deadlocks.iter().flat_map(|deadlock| &deadlock.waits);
        known.any(|wait| tasks.contains(&wait.task))
    }
}

impl Model {
    /// The deadlocks that were found so far, in the order of their discovery.
    pub fn deadlocks(&self) -> &[Deadlock] {
        &self.resources.search.deadlocks
    }

    /// Whether no task can ever continue, and no further task can arrive. In this state, a run
    /// without a duration never ends by itself.
    pub fn is_hopeless(&self) -> bool {
        self.resources.search.hopeless
    }

    /// Finds new deadlocks. Called after each batch.
    pub(in crate::model) fn find_deadlocks(&mut self) {
        let search = &mut self.resources.search;
        let batch = search.batches;
        search.batches += 1;
        if self.resources.open_waits.len() > MANY && !batch.is_multiple_of(MANY_INTERVAL) {
            return;
        }
        let suspects = stuck::suspects(self, batch);
        if suspects.is_empty() {
            let search = &mut self.resources.search;
            search.suspected_cycles.clear();
            search.suspected_hopeless = false;
            return;
        }
        let stuck = Stuck::among(self, suspects);
        let hopeless = stuck.is_hopeless();
        let graph = WaitGraph::new(&stuck);
        let cycles = graph.cycles();
        let search = &self.resources.search;
        let certain = cycles.iter().filter(|cycle| search.suspected_cycles.contains(cycle));
        let new = certain.filter(|cycle| !search.is_known(cycle));
        let mut found: Vec<_> = new.map(|cycle| graph.describe(cycle, "deadlock")).collect();
        let now_hopeless = hopeless && search.suspected_hopeless;
        if now_hopeless && found.is_empty() && search.deadlocks.is_empty() {
            let all = stuck.waits.keys().copied().collect();
            found.push(graph.describe(&all, "no task can ever continue"));
        }
        let search = &mut self.resources.search;
        search.suspected_cycles = cycles;
        search.suspected_hopeless = hopeless;
        search.deadlocks.extend(found);
        search.hopeless |= now_hopeless;
    }
}

/// A node of the graph of waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Node {
    Task(TaskId),
    Awaited(Awaited),
}

/// The graph of stuck tasks. An edge leads from a stuck task to the thing for which it waits. Edges
/// lead from this thing to the stuck tasks that could provide it.
struct WaitGraph<'a> {
    stuck: &'a Stuck<'a>,
    /// The tasks that could provide something, and that wait for a thread.
    starved: BTreeMap<TaskId, StuckWait>,
    /// For each awaited thing, the stuck tasks that could provide it.
    providers: BTreeMap<Awaited, Vec<TaskId>>,
}

impl<'a> WaitGraph<'a> {
    fn new(stuck: &'a Stuck<'a>) -> WaitGraph<'a> {
        let mut graph = WaitGraph {
            stuck,
            starved: BTreeMap::new(),
            providers: BTreeMap::new(),
        };
        let awaited: BTreeSet<Awaited> = stuck.waits.values().map(|wait| wait.awaited).collect();
        for awaited in awaited {
            let providers = graph.find_providers(awaited);
            for task in providers.iter().filter(|task| !stuck.waits.contains_key(task)) {
                let wait = stuck.stalled.get(task).copied().unwrap_or_else(|| StuckWait {
                    awaited: Awaited::Thread,
                    since: stuck.model.state_since(*task),
                });
                if let Awaited::ThreadOf(blocker) = wait.awaited {
                    graph.providers.insert(wait.awaited, vec![blocker]);
                }
                graph.starved.insert(*task, wait);
            }
            graph.providers.insert(awaited, providers);
        }
        // A task that waits for its children may also need a thread that a stuck task blocks.
        let waits_for_children =
            |task: &TaskId| stuck.waits.get(task).is_some_and(|it| it.awaited == Awaited::Children);
        for (task, wait) in stuck.stalled.iter().filter(|(task, _)| waits_for_children(task)) {
            if let Awaited::ThreadOf(blocker) = wait.awaited {
                graph.providers.insert(wait.awaited, vec![blocker]);
                graph.starved.insert(*task, *wait);
            }
        }
        let mut holders: Vec<TaskId> = stuck.thread_holders().collect();
        holders.sort_unstable();
        graph.providers.insert(Awaited::Thread, holders);
        graph
    }

    /// The stuck tasks that could provide the awaited thing. The children of a task are not in the
    /// result, because they depend on the task.
    fn find_providers(&self, awaited: Awaited) -> Vec<TaskId> {
        let model = self.stuck.model;
        let Some(id) = awaited.resource() else {
            return Vec::new();
        };
        let resource = &model.resources.list[usize::from(id.0)];
        let groups = match awaited {
            Awaited::Access(_) => &resource.info.receivers,
            _ => &resource.info.senders,
        };
        let stuck = |task: &TaskId| self.stuck.contains(*task);
        let mut providers: Vec<TaskId> = if resource.has_senders() {
            let alive = model.tasks().iter().filter(|task| task.ended.is_none());
            let stuck = alive.map(|task| task.id).filter(stuck);
            stuck.filter(|task| self.stuck.is_in(*task, groups)).collect()
        } else if let Awaited::Read(_) = awaited {
            match resource.writers.keys().copied().filter(stuck).collect::<Vec<_>>() {
                writers if writers.is_empty() => resource.waiting_writers().collect(),
                writers => writers,
            }
        } else {
            resource.holders.iter().map(|(task, _)| task).filter(stuck).collect()
        };
        providers.sort_unstable();
        providers
    }

    /// The wait of a stuck task.
    fn wait(&self, task: TaskId) -> Option<StuckWait> {
        let wait = || self.stuck.waits.get(&task);
        self.starved.get(&task).or_else(wait).copied()
    }

    /// The stuck tasks that could provide what this task waits for.
    fn providers_for(&self, task: TaskId, awaited: Awaited) -> Vec<TaskId> {
        if awaited != Awaited::Children {
            return self.providers.get(&awaited).cloned().unwrap_or_default();
        }
        let is_child = |child: &TaskId| {
            self.stuck
                .model
                .task(*child)
                .is_some_and(|child| child.parent == Some(task))
        };
        self.stuck.waits.keys().copied().filter(is_child).collect()
    }

    /// The stuck tasks that wait for a notification or at a barrier. Such a task is in a deadlock
    /// even if no task waits for it. So in the graph, these tasks wait for themselves.
    fn lone_waits(&self, awaited: Awaited) -> impl Iterator<Item = TaskId> {
        let is_lone = matches!(awaited, Awaited::Notification(_) | Awaited::Others(..));
        let waits = self.stuck.waits.iter().filter(move |_| is_lone);
        waits
            .filter(move |(_, wait)| wait.awaited == awaited)
            .map(|(task, _)| *task)
    }

    /// The sets of tasks that wait for one another.
    fn cycles(&self) -> Vec<BTreeSet<TaskId>> {
        let starved = self.starved.keys().filter(|task| !self.stuck.waits.contains_key(task));
        let tasks = self.stuck.waits.keys().chain(starved).copied().map(Node::Task);
        let nodes: Vec<Node> = tasks.chain(self.providers.keys().copied().map(Node::Awaited)).collect();
        let indices: BTreeMap<Node, usize> = nodes.iter().copied().zip(0..).collect();
        let index = |node: Node| indices.get(&node).copied();
        let mut children = HashMap::<TaskId, Vec<usize>>::new();
        for task in self.stuck.waits.keys() {
            if let Some(parent) = self.stuck.model.task(*task).and_then(|task| task.parent) {
                children.entry(parent).or_default().extend(index(Node::Task(*task)));
            }
        }
        let edges: Vec<Vec<usize>> = nodes
            .iter()
            .map(|node| match node {
                Node::Awaited(awaited) => {
                    let providers = self.providers[awaited].iter();
                    let waiting = self.lone_waits(*awaited);
                    let tasks = providers.copied().chain(waiting);
                    tasks.filter_map(|task| index(Node::Task(task))).collect()
                }
                Node::Task(task) => match self.wait(*task).map(|wait| wait.awaited) {
                    Some(Awaited::Children) => children.get(task).cloned().unwrap_or_default(),
                    Some(awaited) => index(Node::Awaited(awaited)).into_iter().collect(),
                    None => Vec::new(),
                },
            })
            .collect();
        let task = |node: usize| match nodes[node] {
            Node::Task(task) => Some(task),
            Node::Awaited(_) => None,
        };
        let components = cyclic_components(&edges).into_iter();
        components
            .map(|nodes| nodes.into_iter().filter_map(task).collect())
            .collect()
    }

    /// Describes these tasks as a deadlock. `what` is the first part of the sentence.
    fn describe(&self, tasks: &BTreeSet<TaskId>, what: &str) -> Deadlock {
        let model = self.stuck.model;
        let waits = || tasks.iter().filter_map(|task| Some((*task, self.wait(*task)?)));
        let blocked = |(task, wait): (TaskId, StuckWait)| {
            let holders = self.providers_for(task, wait.awaited);
            let (waits_for, kind) = sentence::awaited(model, wait.awaited);
            Blocked {
                task,
                name: sentence::name(model, task),
                waits_for,
                kind,
                since: wait.since,
                held_by: holders
                    .iter()
                    .take(LISTED)
                    .map(|task| sentence::name(model, *task))
                    .collect(),
            }
        };
        // For each awaited thing, the tasks that wait for it, in the order of the first such task.
        let mut clauses: Vec<(Awaited, Vec<TaskId>)> = Vec::new();
        for (task, wait) in waits() {
            match clauses
                .iter_mut()
                .find(|clause| clause.0 == wait.awaited && wait.awaited != Awaited::Children)
            {
                Some((_, tasks)) => tasks.push(task),
                None => clauses.push((wait.awaited, vec![task])),
            }
        }
        let clause = |(awaited, tasks): &(Awaited, Vec<TaskId>)| {
            sentence::clause(model, *awaited, tasks, &self.providers_for(tasks[0], *awaited))
        };
        let clauses: Vec<_> = clauses.iter().take(sentence::LISTED).map(clause).collect();
        Deadlock {
            since: waits().map(|(_, wait)| wait.since).max().unwrap_or(model.now),
            found: model.now,
            sentence: format!("{what}: {}", clauses.join("; ")),
            waits: waits().take(LISTED).map(blocked).collect(),
        }
    }
}
