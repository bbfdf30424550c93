//! `http`: sends a request to the loopback service.

use super::{Service, StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::UrlPath;
use serde::{Deserialize, Serialize};

/// A GET request to the loopback service.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Http {
    /// The path, which begins with `/`.
    pub path: String,
}

impl StepContents for Http {
    fn service(&self) -> Option<Service> {
        Some(Service::Http)
    }
}

impl StepDefinition for Http {
    type Syntax = UrlPath;
    const DESCRIPTION: &'static str = "Send a GET request for this path to the loopback service.";

    fn check(path: &UrlPath, _: StepContext<'_>, _: &mut Checker<'_>) -> Option<Http> {
        Some(Http { path: path.0.clone() })
    }
}
