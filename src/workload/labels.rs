//! Numbers for names. Records contain only the number of a name, its [`Label`]. The name itself is
//! defined once.

use crate::record::{Definition, Label};
use crate::text;
use std::collections::HashMap;

/// Assigns one number to each name.
#[derive(Debug, Default)]
pub struct Labels {
    names: Vec<String>,
    numbers: HashMap<String, Label>,
}

impl Labels {
    /// A table without names.
    pub fn new() -> Labels {
        Labels::default()
    }

    /// Returns the number of a name. Numbers start at 1. Characters that could control a terminal
    /// are replaced. The first 65,535 names get a number. All later names get [`Label::NONE`].
    pub fn intern(&mut self, name: &str) -> Label {
        let name = text::clean(name);
        if let Some(&label) = self.numbers.get(&*name) {
            return label;
        }
        let Ok(number) = u16::try_from(self.names.len() + 1) else {
            return Label::NONE;
        };
        self.names.push(name.clone().into_owned());
        self.numbers.insert(name.into_owned(), Label(number));
        Label(number)
    }

    /// The definitions of all names so far. The model needs the definition of a label before it
    /// sees the label.
    pub fn definitions(&self) -> impl Iterator<Item = Definition> {
        (1..).zip(&self.names).map(|(number, text)| Definition::Label {
            id: Label(number),
            text: text.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn equal_names_have_the_same_number() {
        let mut labels = Labels::new();
        assert_eq!(labels.intern("cpu 2ms"), Label(1));
        assert_eq!(labels.intern("yield"), Label(2));
        assert_eq!(labels.intern("cpu 2ms"), Label(1));
        let defined: Vec<_> = labels.definitions().collect();
        assert_eq!(
            defined,
            [
                Definition::Label {
                    id: Label(1),
                    text: "cpu 2ms".into()
                },
                Definition::Label {
                    id: Label(2),
                    text: "yield".into()
                },
            ]
        );
    }

    #[test]
    fn no_name_can_control_a_terminal() {
        let mut labels = Labels::new();
        labels.intern("http /\x1b[2J");
        assert!(
            labels
                .definitions()
                .all(|d| matches!(d, Definition::Label { text, .. } if !text.contains('\x1b')))
        );
    }

    #[test]
    fn names_after_the_last_number_have_no_label() {
        let mut labels = Labels::new();
        for i in 1..=u16::MAX {
            assert_eq!(labels.intern(&i.to_string()), Label(i));
        }
        assert_eq!(labels.intern("one more"), Label::NONE);
        assert_eq!(labels.intern("7"), Label(7));
    }
}
