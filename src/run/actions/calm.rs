//! `calm`: ends the effects of other actions.

use super::{Action, ActionContext};
use crate::scenario::actions::Calm;

impl Action for Calm {
    fn message(&self) -> String {
        "ends the repeated block and restores the http service".to_owned()
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        context.repeated.replace(None);
        context.services.reset_http();
    }
}
