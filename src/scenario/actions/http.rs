//! `http`: changes how the loopback service behaves.

use super::ActionDefinition;
use crate::scenario::check::Checker;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, Table};
use crate::scenario::types::Draw;

/// Changes how the loopback service behaves. `None` leaves a value unchanged.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Http {
    /// The new latency.
    pub latency: Option<Draw>,
    /// The new failure rate, 0–1.
    pub failure_rate: Option<f64>,
}

impl ActionDefinition for Http {
    type Syntax = syntax::Http;
    const DESCRIPTION: &'static str =
        "Change how the loopback service behaves. A key that is left out keeps its value.";

    fn check(http: &syntax::Http, place: &Place, checker: &mut Checker<'_>) -> Option<Http> {
        let (latency, failure_rate) = checker.http(http)?;
        if !http.has("latency") && !http.has("failure_rate") {
            let diagnostic = Diagnostic::new(place.clone(), "`http` changes nothing");
            return checker.reject(diagnostic.help("add `latency`, `failure_rate`, or both"));
        }
        Some(Http { latency, failure_rate })
    }
}
