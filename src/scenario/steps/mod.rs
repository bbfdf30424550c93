//! The steps of the scenario language, one file each.
//!
//! A step's file holds all that the language knows of the step: what a scenario may write (its
//! `Syntax`), what that means (its type), the check from the one to the other, its text in the
//! JSON Schema, the steps within it, and what it needs from the executor and the services. What the
//! step does when it runs is in the file of the same name in `workload/steps`.
//!
//! To add a step, write these two files, and add a line to the list `steps!` here and to the one in
//! `workload/steps/mod.rs`. Nothing else names a step.

mod definition;

pub use definition::{ChildTasks, Service};
pub(super) use definition::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};

use super::check::{Checker, ListContext, StepContext};
use super::report::Place;
use super::syntax::{At, choice, unraw};
use super::types::ExecutorKind;
use serde::{Deserialize, Serialize};

/// A list of steps as it is written.
pub(super) type StepListSyntax = At<Vec<At<StepSyntax>>>;

/// The registry: a line for each step, with its module and its type. A step's word in scenarios is
/// its module's name. The steps after the semicolon take no value.
///
/// `cargo fmt` does not see modules that a macro declares: format the files by `rustfmt
/// src/scenario/steps/*.rs`.
macro_rules! steps {
    (
        $( $module:ident: $name:ident, )*
        ;
        $( $bare_module:ident: $bare:ident, )*
    ) => {
        $( mod $module; pub use $module::*; )*
        $( mod $bare_module; pub use $bare_module::*; )*

        /// One thing that a task does.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Step {
            $( #[doc = concat!("See [`", stringify!($name), "`](type@", stringify!($name), ").")] $name($name), )*
            $( #[doc = concat!("See [`", stringify!($bare), "`](type@", stringify!($bare), ").")] $bare, )*
        }

        choice! {
            /// One thing that a task does.
            #[schemars(rename = "Step")]
            StepSyntax, "step" {
                $(
                    #[schemars(description = <$name as StepDefinition>::DESCRIPTION)]
                    $module => $name(<$name as StepDefinition>::Syntax),
                )*
                ;
                $(
                    #[schemars(description = <$bare as StepDefinition>::DESCRIPTION)]
                    $bare_module => $bare,
                )*
            }
        }

        impl Step {
            fn contents(&self) -> &dyn StepContents {
                match self {
                    $( Step::$name(step) => step, )*
                    $( Step::$bare => &$bare, )*
                }
            }

            fn needs_executor(&self) -> Option<&'static ExecutorNeed> {
                match self {
                    $( Step::$name(_) => <$name as StepDefinition>::NEEDS_EXECUTOR, )*
                    $( Step::$bare => <$bare as StepDefinition>::NEEDS_EXECUTOR, )*
                }
            }

            /// The steps that make tasks: each is the last word in the names of its tasks' groups
            /// (`api gather`).
            pub(super) fn that_make_tasks() -> Vec<&'static str> {
                let all = [
                    $( (unraw(stringify!($module)), <$name as StepDefinition>::MAKES_TASKS), )*
                    $( (unraw(stringify!($bare_module)), <$bare as StepDefinition>::MAKES_TASKS), )*
                ];
                all.into_iter().filter(|(_, makes_tasks)| *makes_tasks).map(|(word, _)| word).collect()
            }
        }

        impl StepSyntax {
            /// Checks the step, which stands in a list with this context.
            pub(super) fn check(&self, place: &Place, list: ListContext<'_>, checker: &mut Checker<'_>) -> Option<Step> {
                let context = |word| StepContext { word, place, list };
                match self {
                    $(
                        StepSyntax::$name(syntax) => {
                            let context = context(unraw(stringify!($module)));
                            checker.step::<$name>(syntax, context).map(Step::$name)
                        }
                    )*
                    $(
                        StepSyntax::$bare => {
                            let context = context(unraw(stringify!($bare_module)));
                            checker.step::<$bare>(&(), context).map(|_| Step::$bare)
                        }
                    )*
                }
            }

            /// The lists of steps within this one.
            pub(super) fn within(&self) -> Vec<&StepListSyntax> {
                match self {
                    $( StepSyntax::$name(syntax) => <$name as StepDefinition>::within(syntax), )*
                    $( StepSyntax::$bare => Vec::new(), )*
                }
            }

            /// Whether no step after this one is ever reached.
            pub(super) fn is_endless(&self) -> bool {
                match self {
                    $( StepSyntax::$name(syntax) => <$name as StepDefinition>::is_endless(syntax), )*
                    $( StepSyntax::$bare => false, )*
                }
            }
        }
    };
}

steps! {
    cpu: Cpu,
    sleep: Sleep,
    block: Block,
    http: Http,
    file: File,
    offload: Offload,
    in_place: InPlace,
    timeout: Timeout,
    fail: Fail,
    panic: Panic,
    db: Db,
    lock: Lock,
    semaphore: Semaphore,
    send: Send,
    recv: Recv,
    gather: Gather,
    group: Group,
    race: Race,
    spawn: Spawn,
    unawaited: Unawaited,
    log: Log,
    choose: Choose,
    r#loop: Loop,
    ;
    r#yield: Yield,
}

impl Step {
    /// The lists of steps that the task itself does as a part of this one.
    pub fn own_steps(&self) -> Vec<&[Step]> {
        self.contents().own_steps()
    }

    /// How many times this step does its own steps. 1 if it has no end.
    pub fn rounds(&self) -> f64 {
        self.contents().rounds()
    }

    /// Whether this step does its own steps for certain, and not by chance.
    pub fn is_certain(&self) -> bool {
        self.contents().is_certain()
    }

    /// The tasks that this step makes.
    pub fn children(&self) -> Vec<ChildTasks<'_>> {
        self.contents().children()
    }

    /// Which service of the run it uses.
    pub fn service(&self) -> Option<Service> {
        self.contents().service()
    }

    /// Whether the step, apart from those within it, has a meaning on this executor.
    pub fn can_run_on(&self, kind: ExecutorKind) -> bool {
        self.needs_executor().is_none_or(|need| (need.is_met)(kind.traits()))
    }

    /// The lists of steps within this one. The steps of a group that it calls are not within it.
    pub fn within(&self) -> Vec<&[Step]> {
        let mut lists = self.own_steps();
        lists.extend(self.children().iter().filter_map(|child| child.branch.steps()));
        lists
    }

    /// Calls `visitor` with this step and every step within it, from the outside to the inside.
    pub fn visit(&self, visitor: &mut impl FnMut(&Step)) {
        visitor(self);
        for step in self.within().into_iter().flatten() {
            step.visit(visitor);
        }
    }
}
