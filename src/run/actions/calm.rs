//! `calm`: ends what other actions have brought.

use super::{Action, ActionContext};
use crate::scenario::actions::Calm;

impl Action for Calm {
    fn message(&self) -> String {
        "no more blocks, and the http service as it was".to_owned()
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        context.repeated.replace(None);
        context.services.reset_http();
    }
}
