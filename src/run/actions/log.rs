//! `log`: changes the level of the event log, in this process and in the workers.

use super::{Action, ActionContext};
use crate::scenario::actions::Log;

impl Action for Log {
    fn message(&self) -> String {
        format!(
            "the log drops messages that are less severe than `{}`",
            self.0.into_str()
        )
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        if let Some(log) = context.log {
            log.keep(self.0.into());
        }
        context.executor.keep_log(self.0);
    }
}
