//! The labels of a run, which its workers share.

use crate::probe::Registry;
use crate::record::{Definition, Label};
use crate::text;
use std::collections::HashMap;

/// The lowest id of a label that only workers define. The labels of the scenario have ids from 1
/// upwards.
const LOWEST_WORKER_LABEL: u16 = 1 << 15;

/// The labels of a run, by their texts. A new label that a worker defines gets the highest free id,
/// because the scenario's labels use the low ids.
pub(super) struct Names {
    known: HashMap<String, Label>,
    next: u16,
}

impl Names {
    /// Creates a table with the labels in `definitions`.
    pub(super) fn new(definitions: impl IntoIterator<Item = Definition>) -> Names {
        let label = |definition| match definition {
            Definition::Label { id, text } => Some((text, id)),
            _ => None,
        };
        Names {
            known: definitions.into_iter().filter_map(label).collect(),
            next: u16::MAX,
        }
    }

    /// The label with this text. A new label is defined at the registry immediately, because
    /// another worker's batch with the same label may reach the model first.
    ///
    /// # Errors
    /// Returns an error if no id is left.
    pub(super) fn label(&mut self, text: &str, registry: &Registry) -> Result<Label, String> {
        let text = text::clean(text);
        if let Some(&label) = self.known.get(&*text) {
            return Ok(label);
        }
        if self.next < LOWEST_WORKER_LABEL {
            return Err("defines more labels than tasklab has ids for".into());
        }
        let id = Label(self.next);
        self.next -= 1;
        let text = text.into_owned();
        self.known.insert(text.clone(), id);
        registry.define([Definition::Label { id, text }]);
        Ok(id)
    }
}
