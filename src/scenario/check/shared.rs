//! Checks the resources that tasks share: channels, semaphores, locks and the database.

use super::{Checker, SUGGESTIONS};
use crate::scenario::limits;
use crate::scenario::notation::show_size;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, At, Capacity, ChannelWord, Name, Read, Required, Table, nearest, one_of};
use crate::scenario::types::{
    BarrierSpec, ChannelKind, ChannelSpec, DbSpec, How, LockSpec, ResultsSpec, SemaphoreSpec,
};
use std::time::Duration;

/// The default settings of the database.
const DB: DbSpec = DbSpec {
    rows: 1000,
    timeout: Duration::from_secs(5),
    wal: false,
};

/// The names that the tables of one kind declare, and for each name whether a step uses it.
pub(super) struct Declared {
    /// The kind of table: `channel` or `semaphore`.
    what: &'static str,
    /// An example of the key that sets the size, for messages.
    size: &'static str,
    known: Vec<Known>,
}

struct Known {
    name: String,
    place: Place,
    /// The number of permits, or of tasks of a barrier. `None` for a channel, and if the number
    /// cannot be read.
    size: Option<u32>,
    used: bool,
}

impl Declared {
    pub(super) fn new(what: &'static str, size: &'static str) -> Declared {
        Declared {
            what,
            size,
            known: Vec::new(),
        }
    }
}

/// The locks that steps have named so far, and the place of the first use of each lock.
pub(super) type Locks = Vec<(LockSpec, Place)>;

/// A kind of shared resource that a table declares.
#[derive(Clone, Copy)]
pub(in crate::scenario) enum SharedKind {
    Channel,
    Semaphore,
    Barrier,
}

/// A kind of shared resource that steps use by its name alone.
#[derive(Clone, Copy)]
pub(in crate::scenario) enum NamedKind {
    RwLock,
    Notify,
}

impl Checker<'_> {
    pub(super) fn channels(&mut self, syntax: Option<&At<Vec<At<syntax::Channel>>>>) -> Option<Vec<ChannelSpec>> {
        let list = self.not_too_many("channels", syntax)?;
        let specs: Vec<_> = list
            .iter()
            .map(|channel| {
                let kind = self.kind_of_channel(channel);
                let item_bytes = self.item_bytes("item", channel.value.item.as_ref());
                let name = self.declare(SharedKind::Channel, &channel.value.name, None);
                Some(ChannelSpec {
                    name: name?,
                    kind: kind?,
                    item_bytes: item_bytes?,
                })
            })
            .collect();
        specs.into_iter().collect()
    }

    /// Checks the kind and the capacity of a channel.
    fn kind_of_channel(&mut self, At { value, place }: &At<syntax::Channel>) -> Option<ChannelKind> {
        let kind = match &value.kind {
            Some(kind) => kind.value,
            None if value.has("kind") => return None,
            None => ChannelWord::Queue,
        };
        let Some(capacity) = &value.capacity else {
            if kind == ChannelWord::Watch && !value.has("capacity") {
                return Some(ChannelKind::Watch);
            }
            if !value.has("capacity") {
                let diagnostic = Diagnostic::new(place.clone(), "[[channel]] has no `capacity`");
                let help = format!("`capacity` is {}", Capacity::EXPECTED);
                self.diagnostics
                    .push_missing(diagnostic.label("it is missing here").help(help));
            }
            return None;
        };
        let number = match (kind, capacity.value) {
            (ChannelWord::Watch, _) => {
                let diagnostic = Diagnostic::new(capacity.place.clone(), "a `watch` channel has no `capacity`");
                return self.reject(diagnostic.label("it contains only the newest message"));
            }
            (ChannelWord::Queue, Capacity::Unbounded) => return Some(ChannelKind::Queue { capacity: None }),
            (ChannelWord::Broadcast, Capacity::Unbounded) => {
                let diagnostic = Diagnostic::new(capacity.place.clone(), "a `broadcast` channel cannot be unbounded");
                return self.reject(diagnostic.help("write how many messages a receiver may lag behind"));
            }
            (_, Capacity::Bounded(number)) => At {
                value: number,
                place: capacity.place.clone(),
            },
        };
        let capacity = self.number("capacity", &number, limits::CAPACITY, "no message would ever fit")?;
        Some(match kind {
            ChannelWord::Broadcast => ChannelKind::Broadcast { capacity },
            _ => ChannelKind::Queue {
                capacity: Some(capacity),
            },
        })
    }

    /// Checks the size of an item. 0 if the file has no size.
    fn item_bytes(&mut self, key: &str, size: Option<&At<syntax::Size>>) -> Option<u64> {
        let Some(At { value, place }) = size else {
            return Some(0);
        };
        if value.0 > limits::ITEM {
            let title = format!("`{key}` is larger than {}", show_size(limits::ITEM));
            return self.reject(Diagnostic::new(place.clone(), title).label("larger items are not allowed"));
        }
        Some(value.0)
    }

    pub(super) fn semaphores(&mut self, syntax: Option<&At<Vec<At<syntax::Semaphore>>>>) -> Option<Vec<SemaphoreSpec>> {
        let list = self.not_too_many("semaphores", syntax)?;
        let specs: Vec<_> = list
            .iter()
            .map(|At { value: semaphore, .. }| {
                let permits = self.size(
                    "permits",
                    &semaphore.permits,
                    limits::PERMITS,
                    "no task would ever get a permit",
                );
                let name = self.declare(SharedKind::Semaphore, &semaphore.name, permits);
                Some(SemaphoreSpec {
                    name: name?,
                    permits: permits?,
                })
            })
            .collect();
        specs.into_iter().collect()
    }

    pub(super) fn barriers(&mut self, syntax: Option<&At<Vec<At<syntax::Barrier>>>>) -> Option<Vec<BarrierSpec>> {
        let list = self.not_too_many("barriers", syntax)?;
        let specs: Vec<_> = list
            .iter()
            .map(|At { value: barrier, .. }| {
                let tasks = self.size("tasks", &barrier.tasks, limits::TASKS, "no task would ever wait");
                let name = self.declare(SharedKind::Barrier, &barrier.name, tasks);
                Some(BarrierSpec {
                    name: name?,
                    tasks: tasks?,
                })
            })
            .collect();
        specs.into_iter().collect()
    }

    pub(super) fn db(&mut self, syntax: Option<&At<syntax::Db>>) -> Option<DbSpec> {
        let Some(At { value: db, .. }) = syntax else {
            return Some(DB);
        };
        let rows = match &db.rows {
            None => Some(DB.rows),
            Some(rows) => self.number("rows", rows, limits::ROWS, "there is nothing to read or write"),
        };
        Some(DbSpec {
            rows: rows?,
            timeout: db.timeout.as_ref().map_or(DB.timeout, |timeout| timeout.value.0),
            wal: db
                .journal
                .as_ref()
                .is_some_and(|journal| journal.value == syntax::Journal::Wal),
        })
    }

    /// Checks the name of the channel or semaphore that a step uses.
    pub(in crate::scenario) fn shared(&mut self, kind: SharedKind, name: &At<Name>) -> Option<String> {
        let declared = self.declared(kind);
        if let Some(known) = declared.known.iter_mut().find(|known| known.name == name.value.0) {
            known.used = true;
            return Some(known.name.clone());
        }
        let title = format!("there is no {} `{}`", declared.what, name.value.0);
        if self.unknown_names == SUGGESTIONS {
            return self.reject(Diagnostic::new(name.place.clone(), title));
        }
        self.unknown_names += 1;
        let declared = self.declared(kind);
        let names: Vec<&str> = declared.known.iter().map(|known| known.name.as_str()).collect();
        let near = nearest(&name.value.0, &names).map(str::to_owned);
        let help = match &near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => format!(
                "add [[{}]] with name = \"{}\" and {}",
                declared.what, name.value.0, declared.size
            ),
            None => format!("use {}", one_of(&names)),
        };
        // A mistyped name counts as a use of the resource that the author probably means.
        for known in declared
            .known
            .iter_mut()
            .filter(|known| Some(&known.name) == near.as_ref())
        {
            known.used = true;
        }
        self.reject(Diagnostic::new(name.place.clone(), title).help(help))
    }

    /// Checks the lock that a step uses. `how` says how tasks wait for the lock, and must be the
    /// same in all steps. `written` is the place of `how` in the file.
    pub(in crate::scenario) fn lock(&mut self, name: &At<Name>, how: How, written: &Place) -> Option<String> {
        let first = self.locks.iter().find(|(lock, _)| lock.name == name.value.0);
        match first {
            Some((lock, _)) if lock.how == how => Some(lock.name.clone()),
            Some((lock, place)) => {
                let title = format!(
                    "the lock `{}` is `{}` here, but `{}` in another step",
                    lock.name,
                    how.into_str(),
                    lock.how.into_str()
                );
                let help = format!(
                    "write `how = \"{}\"` in both steps, or use two locks with different names",
                    lock.how.into_str()
                );
                let diagnostic = Diagnostic::new(written.clone(), title)
                    .label("`how` must be the same in all steps that use the lock");
                let diagnostic = diagnostic
                    .related(place, format!("`{}` here", lock.how.into_str()))
                    .help(help);
                self.reject(diagnostic)
            }
            None if self.locks.len() == limits::SHARED => {
                let title = format!("there are more than {} locks, which is the maximum", limits::SHARED);
                self.reject(Diagnostic::new(name.place.clone(), title))
            }
            None => {
                let lock = LockSpec {
                    name: name.value.0.clone(),
                    how,
                };
                self.locks.push((lock, written.clone()));
                Some(name.value.0.clone())
            }
        }
    }

    /// The names of everything that tasks share.
    pub(super) fn names_of_resources(&self) -> Vec<String> {
        let locks = self.locks.iter().map(|(lock, _)| lock.name.as_str());
        let declared = [&self.semaphores, &self.channels, &self.barriers]
            .into_iter()
            .flat_map(|declared| &declared.known);
        let named = self.rwlocks.iter().chain(&self.notifies).map(String::as_str);
        let declared = declared.map(|known| known.name.as_str());
        let results = self.results.iter().map(|(results, _)| results.name());
        let names = locks.chain(declared).chain(named).map(str::to_owned);
        names.chain(results).collect()
    }

    /// Adds the results of the group whose steps are being checked. `place` is the place of the
    /// step that keeps these results.
    pub(in crate::scenario) fn keep_results(&mut self, size: Option<&At<syntax::Size>>, place: &Place) -> Option<()> {
        let item_bytes = self.item_bytes("result", size)?;
        let group = self.groups[self.group].name.clone();
        let known = self.results.iter().find(|(results, _)| results.group == group);
        match known {
            None => {
                let results = ResultsSpec { group, item_bytes };
                self.results.push((results, place.clone()));
            }
            Some((results, _)) if results.item_bytes == item_bytes => {}
            Some((_, first)) => {
                let title = format!("the results that `{group}` keeps have different sizes");
                let diagnostic =
                    Diagnostic::new(place.clone(), title).related(first, "the first results are kept here");
                return self.reject(diagnostic.help("write the same `result` in both steps"));
            }
        }
        Some(())
    }

    /// Adds the name of a read-write lock or notification that a step uses, unless the name has
    /// already been added.
    pub(in crate::scenario) fn named(&mut self, kind: NamedKind, name: &At<Name>) -> Option<String> {
        let (names, what) = match kind {
            NamedKind::RwLock => (&mut self.rwlocks, "read-write locks"),
            NamedKind::Notify => (&mut self.notifies, "notifications"),
        };
        if !names.contains(&name.value.0) {
            if names.len() == limits::SHARED {
                let title = format!("more than {} {what}", limits::SHARED);
                return self.reject(Diagnostic::new(name.place.clone(), title));
            }
            names.push(name.value.0.clone());
        }
        Some(name.value.0.clone())
    }

    /// Reports each channel, semaphore and barrier that no step uses.
    pub(super) fn report_unused(&mut self) {
        if self.unknown_names == SUGGESTIONS {
            return;
        }
        for declared in [&self.channels, &self.semaphores, &self.barriers] {
            for known in declared.known.iter().filter(|known| !known.used) {
                let title = format!("no step uses the {} `{}`", declared.what, known.name);
                let diagnostic = Diagnostic::new(known.place.clone(), title);
                self.diagnostics.push(diagnostic.help(match declared.what {
                    "channel" => format!(
                        "leave it out, or write {{ send = \"{0}\" }} and {{ recv = \"{0}\" }}",
                        known.name
                    ),
                    "barrier" => format!("leave it out, or write {{ barrier = \"{}\" }}", known.name),
                    _ => format!(
                        "leave it out, or write {{ semaphore = {{ name = \"{}\", steps = … }} }}",
                        known.name
                    ),
                }));
            }
        }
    }

    fn declared(&mut self, kind: SharedKind) -> &mut Declared {
        match kind {
            SharedKind::Channel => &mut self.channels,
            SharedKind::Semaphore => &mut self.semaphores,
            SharedKind::Barrier => &mut self.barriers,
        }
    }

    /// The number of permits of the semaphore with this name, or of tasks of the barrier. `None` if
    /// there is no such semaphore or barrier, or if the number cannot be read.
    pub(super) fn declared_size(&self, kind: SharedKind, name: &str) -> Option<u32> {
        let declared = match kind {
            SharedKind::Channel => &self.channels,
            SharedKind::Semaphore => &self.semaphores,
            SharedKind::Barrier => &self.barriers,
        };
        declared.known.iter().find(|known| known.name == name)?.size
    }

    fn declare(&mut self, kind: SharedKind, name: &Required<Name>, size: Option<u32>) -> Option<String> {
        let At {
            value: Name(name),
            place,
        } = name.0.as_ref()?;
        let declared = self.declared(kind);
        if let Some(first) = declared.known.iter().find(|known| known.name == *name) {
            let title = format!("two {}s have the name `{name}`", declared.what);
            let diagnostic = Diagnostic::new(place.clone(), title).label("the second");
            let diagnostic = diagnostic.related(&first.place, "the first");
            return self.reject(diagnostic);
        }
        declared.known.push(Known {
            name: name.clone(),
            place: place.clone(),
            size,
            used: false,
        });
        Some(name.clone())
    }

    fn not_too_many<'r, T>(&mut self, what: &str, syntax: Option<&'r At<Vec<At<T>>>>) -> Option<&'r [At<T>]> {
        let Some(At { value: list, place }) = syntax else {
            return Some(&[]);
        };
        if list.len() > limits::SHARED {
            let title = format!(
                "there are {} {what}, but at most {} are allowed",
                list.len(),
                limits::SHARED
            );
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        Some(list)
    }

    fn size(&mut self, key: &str, size: &Required<u64>, most: u64, zero: &str) -> Option<u32> {
        self.number(key, size.0.as_ref()?, most, zero)
    }

    /// Checks a whole number from 1 to `most`. `most` must fit into 32 bits. `zero` is the label
    /// for the number 0.
    pub(in crate::scenario) fn number(&mut self, key: &str, number: &At<u64>, most: u64, zero: &str) -> Option<u32> {
        let diagnostic = |title: String| Diagnostic::new(number.place.clone(), title);
        match number.value {
            0 => self.reject(diagnostic(format!("`{key}` is zero")).label(zero)),
            n if n > most => self.reject(diagnostic(format!("`{key}` is {n}, but at most {most} is allowed"))),
            n => Some(n as u32),
        }
    }
}
