//! The groups of a run's tasks.

use crate::probe::sync::{AtomicU32, Relaxed};
use crate::record::{Definition, GroupId};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

/// A group of tasks, for the code that spawns these tasks.
pub struct Group {
    /// The number of the group.
    pub id: GroupId,
    name: String,
    next_index: AtomicU32,
    /// The difference between the indexes of two consecutive tasks, which is the number of
    /// processes of the run.
    step: u32,
}

impl Group {
    /// The name of the group.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The index of the next task within the group. In the first process, the indexes begin at 0.
    pub(in crate::probe) fn next_index(&self) -> u32 {
        self.next_index.fetch_add(self.step, Relaxed)
    }
}

/// The groups of a run. A group is defined when it is first needed.
pub(super) struct Groups {
    /// The number of this process among `processes` that share the run.
    process: u32,
    processes: u32,
    all: Vec<Arc<Group>>,
    by_name: HashMap<String, Arc<Group>>,
    by_location: HashMap<&'static Location<'static>, Arc<Group>>,
    /// The groups of offloaded jobs, by the group of the tasks that offload them.
    offload: HashMap<GroupId, Arc<Group>>,
}

impl Groups {
    pub(super) fn new(process: u32, processes: u32) -> Groups {
        Groups {
            process,
            processes,
            all: Vec::new(),
            by_name: HashMap::new(),
            by_location: HashMap::new(),
            offload: HashMap::new(),
        }
    }

    pub(super) fn name(&self, id: GroupId) -> &str {
        &self.all[usize::from(id.0)].name
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn has_named(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    pub(super) fn named(&mut self, name: &str, definitions: &mut Vec<Definition>) -> Arc<Group> {
        if let Some(group) = self.by_name.get(name) {
            return group.clone();
        }
        let group = self.define(name, false, definitions);
        self.by_name.insert(name.to_owned(), group.clone());
        group
    }

    pub(super) fn of_library(
        &mut self,
        location: &'static Location<'static>,
        definitions: &mut Vec<Definition>,
    ) -> Arc<Group> {
        if let Some(group) = self.by_location.get(location) {
            return group.clone();
        }
        let name = format!("{}:{}", short_path(location.file()), location.line());
        let group = self.define(&name, true, definitions);
        self.by_location.insert(location, group.clone());
        group
    }

    pub(super) fn has_library(&self, location: &Location<'_>) -> bool {
        self.by_location.contains_key(location)
    }

    pub(super) fn of_offload(&mut self, parent: GroupId, definitions: &mut Vec<Definition>) -> Arc<Group> {
        if let Some(group) = self.offload.get(&parent) {
            return group.clone();
        }
        let name = format!("{} offload", self.name(parent));
        let group = self.named(&name, definitions);
        self.offload.insert(parent, group.clone());
        group
    }

    fn define(&mut self, name: &str, library: bool, definitions: &mut Vec<Definition>) -> Arc<Group> {
        let id = GroupId(u16::try_from(self.all.len()).unwrap_or(u16::MAX));
        let group = Arc::new(Group {
            id,
            name: name.to_owned(),
            next_index: AtomicU32::new(self.process),
            step: self.processes,
        });
        self.all.push(group.clone());
        definitions.push(Definition::Group {
            id,
            name: name.to_owned(),
            library,
        });
        group
    }
}

/// A source path without the part that depends on this machine, such as
/// `hyper-util-0.1.21/src/rt/tokio.rs`.
fn short_path(path: &str) -> &str {
    match path.split_once("/registry/src/") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_, rest)| rest),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_library_begins_with_its_crate() {
        assert_eq!(
            short_path("/root/.cargo/registry/src/index-1a2b/hyper-1.0/src/rt.rs"),
            "hyper-1.0/src/rt.rs"
        );
        assert_eq!(short_path("src/workload/mod.rs"), "src/workload/mod.rs");
    }
}
