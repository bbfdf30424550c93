//! The effect of each cue action on the run, and the action's log message. Each action has its own
//! file.
//!
//! The file of the same name in `scenario/actions` defines the action's syntax and its meaning.

use super::schedule::Schedule;
use crate::executor::Executor;
use crate::probe::LogFilter;
use crate::scenario::{CueAction, actions};
use crate::workload::Services;
use std::time::Duration;

pub(super) use block::RepeatedBlock;

/// The parts of a run that an action can change.
pub(super) struct ActionContext<'a> {
    pub(super) services: &'a Services,
    pub(super) executor: &'a dyn Executor,
    /// The filter of the event log.
    pub(super) log: Option<&'a LogFilter>,
    pub(super) schedule: &'a mut Schedule,
    pub(super) repeated: &'a mut RepeatedBlock,
    /// The instant at which the cue was due.
    pub(super) at: Duration,
}

/// An action of a cue.
trait Action {
    /// The log message about the action. A student who missed the cue can read the message later.
    fn message(&self) -> String;

    /// Applies the action.
    fn apply(&self, context: &mut ActionContext<'_>);
}

/// The registry: one line for each action, as in `scenario/actions/mod.rs`.
///
/// `cargo fmt` does not see modules that a macro declares: format these files with `rustfmt
/// src/run/actions/*.rs`.
macro_rules! actions {
    (
        $( $module:ident: $name:ident, )*
        ;
        $( $bare_module:ident: $bare:ident, )*
    ) => {
        $( mod $module; )*
        $( mod $bare_module; )*

        fn as_action(action: &CueAction) -> &dyn Action {
            match action {
                $( CueAction::$name(action) => action, )*
                $( CueAction::$bare => &actions::$bare, )*
            }
        }
    };
}

actions! {
    block: Block,
    http: Http,
    log: Log,
    ;
    calm: Calm,
}

/// The log message for the action of cue `n` (from 0).
pub(super) fn message(n: usize, action: &CueAction) -> String {
    format!("cue {}: {}", n + 1, as_action(action).message())
}

/// Applies the action of a cue.
pub(super) fn apply(action: &CueAction, context: &mut ActionContext<'_>) {
    as_action(action).apply(context);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Draw, How, LogLevel};

    #[test]
    fn messages_use_the_terms_of_the_scenario() {
        let ms = Duration::from_millis;
        let block = |every, how| {
            CueAction::Block(actions::Block {
                lasts: ms(500),
                every,
                how,
            })
        };
        let http = |latency, failure_rate| CueAction::Http(actions::Http { latency, failure_rate });
        for (action, expected) in [
            (
                block(Some(ms(400)), How::Sync),
                "cue 1: a task blocks for 500ms every 400ms",
            ),
            (
                block(None, How::Offload),
                "cue 1: a task blocks for 500ms, through spawn_blocking",
            ),
            (
                http(Some(Draw::Fixed(ms(900))), Some(0.2)),
                "cue 1: the http service answers after 900ms and fails 20 % of requests",
            ),
            (http(None, Some(1.0)), "cue 1: the http service fails 100 % of requests"),
            (
                CueAction::Log(actions::Log(LogLevel::Debug)),
                "cue 1: the log drops messages that are less severe than `debug`",
            ),
            (
                CueAction::Calm,
                "cue 1: ends the repeated block and restores the http service",
            ),
        ] {
            assert_eq!(message(0, &action), expected);
        }
    }
}
