//! `http`: changes how the loopback service behaves.

use super::{Action, ActionContext};
use crate::scenario::actions::Http;
use crate::scenario::show_draw;

impl Action for Http {
    fn message(&self) -> String {
        let latency = self
            .latency
            .map(|latency| format!("answers after {}", show_draw(&latency)));
        let failures = self
            .failure_rate
            .map(|rate| format!("fails {:.0} % of requests", rate * 100.0));
        let both: Vec<String> = latency.into_iter().chain(failures).collect();
        format!("the http service {}", both.join(" and "))
    }

    fn apply(&self, context: &mut ActionContext<'_>) {
        context.services.http().set_behaviour(self.latency, self.failure_rate);
    }
}
