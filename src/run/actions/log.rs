//! `log`: changes what the event log keeps, in this process and in workers.

use super::{Action, ActionContext};
use crate::scenario::actions::Log;

impl Action for Log {
    fn message(&self) -> String {
        format!("the log keeps `{}`", self.0.into_str())
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        if let Some(log) = context.log {
            log.keep(self.0.into());
        }
        context.executor.keep_log(self.0);
    }
}
