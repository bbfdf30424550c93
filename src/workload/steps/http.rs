//! `http`: sends a request to the loopback service. On a runtime, each task has its own connection.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::{AsyncInterpreter, labelled};
use crate::workload::compile::Compiler;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::http::HttpClient;
use crate::workload::step_error::StepError;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use hyper::StatusCode;
use hyper::http::uri::PathAndQuery;
use rand::Rng;
use std::fmt::Display;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// If a task cannot connect, it waits this long before its repetition fails. A connection usually
/// fails because no port or descriptor is left. Without the wait, the next repetition would try
/// again immediately and keep the worker busy.
const BACK_OFF: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(in crate::workload) struct Http {
    path: PathAndQuery,
}

impl StepProgram for Http {
    type Spec = spec::Http;

    fn name(spec: &spec::Http) -> String {
        format!("http {}", spec.path)
    }

    fn compile(spec: &spec::Http, _: &str, _: &mut Compiler<'_>) -> Http {
        Http {
            path: request_path(&spec.path),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let draw = interpreter.rng.random();
        let http = interpreter.services.http();
        let reply = lane::blocking(Reason::Http, label, || http.get_sync(&self.path, draw));
        self.judge(reply, interpreter)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.request(interpreter, label))
    }
}

impl Http {
    async fn request(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let draw = interpreter.rng.random();
        let start = probe::now();
        let task = interpreter.context.task.id();
        let readiness = interpreter.context.http_readiness();
        // During the request, this future owns the connection. So a cancelled request also closes
        // the connection, which may contain part of a reply.
        let mut client = match interpreter.context.http.take() {
            Some(client) if client.is_open() => client,
            _ => {
                let wait = readiness.begin_wait(interpreter.limit);
                let services = interpreter.context.services.clone();
                let connect = Box::pin(HttpClient::connect(services.http(), wait.token()));
                let connected = labelled(Reason::Http, label, pin!(connect)).await;
                drop(wait);
                match connected {
                    Ok(client) => Box::new(client),
                    Err(error) => {
                        let result = self.judge(Err(error), &interpreter.sync());
                        let sleep = pin!(tokio::time::sleep(BACK_OFF));
                        let deadline = probe::now() + BACK_OFF.into();
                        interpreter.sleep_until(Reason::Http, label, deadline, sleep).await;
                        return result;
                    }
                }
            }
        };
        let wait = readiness.begin_wait(interpreter.limit);
        let number = (task, wait.number());
        let reply = {
            let reply = pin!(client.get(&self.path, draw, number));
            labelled(Reason::Http, label, pin!(wait.in_parts(reply))).await
        };
        drop(wait);
        if reply.is_ok() {
            interpreter.context.http = Some(client);
        }
        interpreter.context.task.record_step(label, start);
        self.judge(reply, &interpreter.sync())
    }

    /// Converts the reply to the result of the step.
    fn judge(&self, reply: Result<StatusCode, impl Display>, interpreter: &SyncInterpreter<'_>) -> StepResult {
        let path = &self.path;
        match reply {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => {
                tracing::warn!("http {path}: status {}", status.as_u16());
                Err(StepError::Failed)
            }
            Err(error) => {
                let message = format_args!("no reply to http {path}: {error}");
                Err(interpreter.service_error(ErrorKind::Http, message))
            }
        }
    }
}

/// The path for the request: bytes that are not allowed in a URI are percent-encoded.
fn request_path(path: &str) -> PathAndQuery {
    let mut encoded = String::from(if path.starts_with('/') { "" } else { "/" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(byte.into()),
            byte if b"/?%-._~!$&'()*+,;=:@".contains(&byte) => encoded.push(byte.into()),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    // Parsing fails only if the path is much too long.
    encoded.parse().unwrap_or_else(|_| PathAndQuery::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_can_be_requested(path in "/\\PC{0,40}") {
            let encoded = request_path(&path);
            prop_assert!(encoded.as_str().len() >= path.len());
        }
    }

    #[test]
    fn a_plain_path_is_not_changed() {
        assert_eq!(request_path("/weather?city=Oslo&days=3"), "/weather?city=Oslo&days=3");
        assert_eq!(request_path("/a b/ü"), "/a%20b/%C3%BC");
        assert_eq!(request_path("weather"), "/weather");
    }
}
