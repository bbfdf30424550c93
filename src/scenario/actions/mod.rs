//! The actions of cues: what a cue can do to a run. Each action has its own file.
//!
//! The file of an action defines the syntax of the action in a scenario, and a type for its
//! meaning. A check turns the syntax into this type. The file also has the description for the JSON
//! Schema. The file with the same name in `run/actions` defines what the action does during a run.
//!
//! To add an action, write these two files. Then add a line to the list `actions!` here and to the
//! list in `run/actions/mod.rs`.

use super::check::Checker;
use super::report::Place;
use super::syntax::choice;

/// An action of the language: its syntax and its meaning.
pub(super) trait ActionDefinition: Sized {
    /// The value that follows the word of the action. `()` for an action that takes no value.
    type Syntax;

    /// What the action does: its description in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// Whether the action makes tasks arrive.
    const SPAWNS_TASKS: bool = false;

    /// Checks the value, which is written at `place`. Returns `None` after it has reported a
    /// mistake.
    fn check(syntax: &Self::Syntax, place: &Place, checker: &mut Checker<'_>) -> Option<Self>;
}

/// The registry: a line for each action, with its module and its type. The type is `Copy`,
/// `PartialEq` and `Debug`. In a scenario, an action has the name of its module. The actions after
/// the semicolon take no value.
///
/// `cargo fmt` does not see modules that a macro declares. Format these files with `rustfmt
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
