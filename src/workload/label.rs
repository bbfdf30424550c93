//! The names of steps: `cpu 2ms`, `http /weather`, `sleep 5ms..15ms`.
//!
//! A name says what the scenario's file says, so that a learner who looks from one to the other recognises the step.

use crate::record::{Definition, Label};
use crate::scenario::{Branch, Cpu, DbOp, FileOp, How, Repeat, Step, show_draw, show_size};
use crate::text;
use std::collections::HashMap;

/// Gives each name a number, once.
#[derive(Debug, Default)]
pub struct Labels {
    names: Vec<String>,
    numbers: HashMap<String, Label>,
}

impl Labels {
    /// No names yet.
    pub fn new() -> Labels {
        Labels::default()
    }

    /// The number of a name, from 1. What could steer a terminal is replaced. After 65,535 names the rest are
    /// [`Label::NONE`].
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

    /// What the model must be told before it sees a label.
    pub fn definitions(&self) -> impl Iterator<Item = Definition> {
        (1..).zip(&self.names).map(|(number, text)| Definition::Label {
            id: Label(number),
            text: text.clone(),
        })
    }
}

/// A step's name.
pub(super) fn name(step: &Step) -> String {
    match step {
        Step::Cpu(Cpu::Work(amount)) => format!("cpu {}", show_draw(amount)),
        Step::Cpu(Cpu::Kernel { kernel, size }) => format!("cpu {} {size}", kernel.word()),
        Step::Sleep(time) => format!("sleep {}", show_draw(time)),
        Step::Block(time) => format!("block {}", show_draw(time)),
        Step::Http { path } => format!("http {path}"),
        Step::File { op, size, how } => {
            let op = match op {
                FileOp::Read => "read",
                FileOp::Write => "write",
            };
            let how = match how {
                How::Async => "",
                How::Sync => " sync",
                How::Offload => " offload",
            };
            format!("file {op} {}{how}", show_size(*size))
        }
        Step::Yield => "yield".into(),
        Step::Offload(_) => "offload".into(),
        Step::InPlace(_) => "in_place".into(),
        Step::Timeout { after, .. } => format!("timeout {}", show_draw(after)),
        Step::Fail { .. } => "fail".into(),
        Step::Panic { .. } => "panic".into(),
        Step::Db { op, rows, how } => {
            let op = match op {
                DbOp::Read => "read",
                DbOp::Write => "write",
            };
            let how = match how {
                How::Sync => " sync",
                How::Async | How::Offload => "",
            };
            format!("db {op} {rows}{how}")
        }
        Step::Lock { name, .. } => format!("lock {name}"),
        Step::Semaphore { name, .. } => format!("semaphore {name}"),
        Step::Send { channel } => format!("send {channel}"),
        Step::Recv { channel } => format!("recv {channel}"),
        Step::Gather(branches) => format!("gather {}", branches.len()),
        Step::Group(branches) => format!("group {}", branches.len()),
        Step::Race(branches) => format!("race {}", branches.len()),
        Step::Spawn { branch, count, wait } => {
            let what = match branch {
                Branch::Group(name) => name,
                Branch::Steps(_) => "steps",
            };
            let count = if *count == 1 {
                String::new()
            } else {
                format!(" ×{count}")
            };
            let wait = if *wait { " and wait" } else { "" };
            format!("spawn {what}{count}{wait}")
        }
        Step::Unawaited(Branch::Group(name)) => format!("unawaited {name}"),
        Step::Unawaited(Branch::Steps(_)) => "unawaited".into(),
        Step::Log { level, how, .. } => format!("log {} {}", level.word(), how.word()),
        Step::Choose(_) => "choose".into(),
        Step::Loop {
            times: Repeat::Times(n),
            ..
        } => format!("loop ×{n}"),
        Step::Loop {
            times: Repeat::Forever, ..
        } => "loop".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Draw, Kernel};
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_step_is_called_as_in_the_file() {
        let named = [
            (Step::Cpu(Cpu::Work(Draw::Fixed(2 * MS))), "cpu 2ms"),
            (
                Step::Cpu(Cpu::Kernel {
                    kernel: Kernel::Matmul,
                    size: 128,
                }),
                "cpu matmul 128",
            ),
            (
                Step::Sleep(Draw::Uniform {
                    min: 5 * MS,
                    max: 15 * MS,
                }),
                "sleep 5ms..15ms",
            ),
            (
                Step::Sleep(Draw::LogNormal {
                    median: 20 * MS,
                    p99: 120 * MS,
                }),
                "sleep ~20ms",
            ),
            (Step::Block(Draw::Fixed(Duration::from_micros(1_500))), "block 1.5ms"),
            (
                Step::Http {
                    path: "/weather".into(),
                },
                "http /weather",
            ),
            (
                Step::File {
                    op: FileOp::Read,
                    size: 64 << 10,
                    how: How::Async,
                },
                "file read 64KiB",
            ),
            (
                Step::File {
                    op: FileOp::Write,
                    size: 1000,
                    how: How::Sync,
                },
                "file write 1000B sync",
            ),
            (
                Step::Timeout {
                    after: Draw::Fixed(3_000 * MS),
                    steps: vec![],
                },
                "timeout 3s",
            ),
        ];
        for (step, expected) in named {
            assert_eq!(name(&step), expected);
        }
    }

    #[test]
    fn a_name_has_one_number() {
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
    fn no_name_can_steer_a_terminal() {
        let mut labels = Labels::new();
        labels.intern("http /\x1b[2J");
        assert!(
            labels
                .definitions()
                .all(|d| matches!(d, Definition::Label { text, .. } if !text.contains('\x1b')))
        );
    }

    #[test]
    fn names_beyond_the_last_number_share_none() {
        let mut labels = Labels::new();
        for i in 1..=u16::MAX {
            assert_eq!(labels.intern(&i.to_string()), Label(i));
        }
        assert_eq!(labels.intern("one more"), Label::NONE);
        assert_eq!(labels.intern("7"), Label(7));
    }
}
