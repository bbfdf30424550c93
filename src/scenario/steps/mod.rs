//! The steps of the scenario language. Each step has its own file.
//!
//! The file of a step defines the step for the language: its `Syntax` in a scenario, and a type for
//! its meaning. A check turns the syntax into this type. The file also holds the description in the
//! JSON Schema, the inner steps, and what the step needs from the executor and the services. The
//! file with the same name in `workload/steps` defines what the step does during a run.
//!
//! To add a step, write these two files. Then add a line to the list `steps!` here and to the list
//! in `workload/steps/mod.rs`. No other place lists the steps.

mod branches;
mod definition;

pub use branches::BranchesStep;
pub(super) use branches::{BranchList, BranchesDefinition, BranchesSyntax};
pub use definition::{ChildTasks, Service};
pub(super) use definition::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};

use super::check::{Checker, ListContext, StepContext};
use super::report::Place;
use super::syntax::{At, choice, unraw};
use super::types::ExecutorKind;
use serde::{Deserialize, Serialize};

/// A list of steps, as written in the file.
pub(super) type StepListSyntax = At<Vec<At<StepSyntax>>>;

/// The registry: a line for each step, with its module and its type. In a scenario, a step has the
/// name of its module. The steps after the semicolon take no value.
///
/// `cargo fmt` does not see modules that a macro declares. Format these files with `rustfmt
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
                    $( Step::$name(step) => StepDefinition::needs_executor(step), )*
                    $( Step::$bare => StepDefinition::needs_executor(&$bare), )*
                }
            }

            /// The words of the steps that make tasks. The group of these tasks has a name that
            /// ends with the word: `api gather`.
            pub(super) fn that_make_tasks() -> Vec<&'static str> {
                let all = [
                    $( (unraw(stringify!($module)), <$name as StepDefinition>::MAKES_TASKS), )*
                    $( (unraw(stringify!($bare_module)), <$bare as StepDefinition>::MAKES_TASKS), )*
                ];
                all.into_iter().filter(|(_, makes_tasks)| *makes_tasks).map(|(word, _)| word).collect()
            }
        }

        impl StepSyntax {
            /// Checks the step at `place` in the file. `list` is the context of the list that
            /// contains the step.
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

            /// The lists of steps that are nested directly in this step.
            pub(super) fn within(&self) -> Vec<&StepListSyntax> {
                match self {
                    $( StepSyntax::$name(syntax) => <$name as StepDefinition>::within(syntax), )*
                    $( StepSyntax::$bare => Vec::new(), )*
                }
            }

            /// Whether the step never ends, so that the task never reaches the next step.
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
    interval: Interval,
    block: Block,
    http: Http,
    file: File,
    offload: Offload,
    in_place: InPlace,
    block_on: BlockOn,
    par: Par,
    timeout: Timeout,
    cleanup: Cleanup,
    shield: Shield,
    fail: Fail,
    panic: Panic,
    db: Db,
    lock: Lock,
    rwlock: Rwlock,
    semaphore: Semaphore,
    acquire: Acquire,
    release: Release,
    send: Send,
    recv: Recv,
    notify: Notify,
    notified: Notified,
    barrier: Barrier,
    gather: Gather,
    group: Group,
    race: Race,
    join: Join,
    try_join: TryJoin,
    select: Select,
    buffered: Buffered,
    spawn: Spawn,
    unawaited: Unawaited,
    log: Log,
    choose: Choose,
    r#loop: Loop,
    ;
    r#yield: Yield,
}

impl Step {
    /// The lists of inner steps that this step's own task does.
    pub fn own_steps(&self) -> Vec<&[Step]> {
        self.contents().own_steps()
    }

    /// How many times this step does its inner steps. The number is 1 if the step repeats its inner
    /// steps forever.
    pub fn rounds(&self) -> f64 {
        self.contents().rounds()
    }

    /// Whether this step always does its inner steps. False: the step sometimes skips them.
    pub fn is_certain(&self) -> bool {
        self.contents().is_certain()
    }

    /// The tasks that this step makes.
    pub fn children(&self) -> Vec<ChildTasks<'_>> {
        self.contents().children()
    }

    /// The service of the run that this step uses.
    pub fn service(&self) -> Option<Service> {
        self.contents().service()
    }

    /// Whether this executor can run this step. Nested steps are not considered.
    pub fn can_run_on(&self, kind: ExecutorKind) -> bool {
        self.needs_executor().is_none_or(|need| (need.is_met)(kind.traits()))
    }

    /// The lists of steps that are nested directly in this step. The steps of a group that this
    /// step calls are not included.
    pub fn within(&self) -> Vec<&[Step]> {
        let mut lists = self.own_steps();
        lists.extend(self.children().iter().filter_map(|child| child.branch.steps()));
        lists
    }

    /// Calls `visitor` with this step and then with all steps that are nested in it.
    pub fn visit(&self, visitor: &mut impl FnMut(&Step)) {
        visitor(self);
        for step in self.within().into_iter().flatten() {
            step.visit(visitor);
        }
    }
}
