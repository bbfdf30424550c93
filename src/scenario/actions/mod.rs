//! What a cue can do to a run, one file for each action.
//!
//! An action's file holds what a scenario may write, what that means, the check from the one to the
//! other, and its text in the JSON Schema. What the action does when its cue comes is in the file
//! of the same name in `run/actions`.
//!
//! To add an action, write these two files, and add a line to the list `actions!` here and to the
//! one in `run/actions/mod.rs`.

use super::check::Checker;
use super::report::Place;
use super::syntax::choice;

/// An action of the language: what may be written, and what that means.
pub(super) trait ActionDefinition: Sized {
    /// What is written after the action's word. `()` for an action that takes no value.
    type Syntax;

    /// What the action does: its text in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// Whether the action makes tasks arrive.
    const SPAWNS_TASKS: bool = false;

    /// Checks the value, which is written at `place`. `None`: what is wrong has been reported.
    fn check(syntax: &Self::Syntax, place: &Place, checker: &mut Checker<'_>) -> Option<Self>;
}

/// The registry: a line for each action, with its module and its type, which is `Copy`, `PartialEq`
/// and `Debug`. An action's word in
/// scenarios is its module's name. The actions after the semicolon take no value.
///
/// `cargo fmt` does not see modules that a macro declares: format the files by `rustfmt
/// src/scenario/actions/*.rs`.
macro_rules! actions {
    (
        $( $module:ident: $name:ident, )*
        ;
        $( $bare_module:ident: $bare:ident, )*
    ) => {
        $( mod $module; pub use $module::*; )*
        $( mod $bare_module; pub use $bare_module::*; )*

        /// What a cue does to the run.
        #[derive(Clone, Copy, PartialEq, Debug)]
        pub enum CueAction {
            $( #[doc = concat!("See [`", stringify!($name), "`](struct@", stringify!($name), ").")] $name($name), )*
            $( #[doc = concat!("See [`", stringify!($bare), "`](struct@", stringify!($bare), ").")] $bare, )*
        }

        choice! {
            /// What a cue does to the run.
            #[schemars(rename = "Do")]
            ActionSyntax, "action" {
                $(
                    #[schemars(description = <$name as ActionDefinition>::DESCRIPTION)]
                    $module => $name(<$name as ActionDefinition>::Syntax),
                )*
                ;
                $(
                    #[schemars(description = <$bare as ActionDefinition>::DESCRIPTION)]
                    $bare_module => $bare,
                )*
            }
        }

        impl CueAction {
            /// Whether the action makes tasks arrive.
            pub fn spawns_tasks(&self) -> bool {
                match self {
                    $( CueAction::$name(_) => <$name as ActionDefinition>::SPAWNS_TASKS, )*
                    $( CueAction::$bare => <$bare as ActionDefinition>::SPAWNS_TASKS, )*
                }
            }
        }

        impl ActionSyntax {
            /// Checks the action, which is written at `place`.
            pub(super) fn check(&self, place: &Place, checker: &mut Checker<'_>) -> Option<CueAction> {
                match self {
                    $( ActionSyntax::$name(syntax) => $name::check(syntax, place, checker).map(CueAction::$name), )*
                    $( ActionSyntax::$bare => $bare::check(&(), place, checker).map(|_| CueAction::$bare), )*
                }
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
