//! Whether a path leads to a number of the report, before there is one: by the report's own schema.

use super::json;
use crate::record::Reason;
use crate::scenario::ReportPath;
use serde_json::Value;
use std::sync::LazyLock;

/// Stands in [`Astray::known`] for a name that only a run knows.
pub const NAME: &str = "NAME";

/// Where a path goes astray.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Astray {
    /// How far it led: `groups.api`; empty where its first key is wrong.
    pub reached: String,
    /// The key that is not there; `None`: the path ends before it comes to a number.
    pub key: Option<String>,
    /// The keys that are there. Empty: there is nothing inside.
    pub known: Vec<String>,
}

/// Checks that there can be a number at this path. Names of groups and lanes are not known before a run, and so are not looked at.
///
/// # Errors
/// With the place from which on it is wrong.
pub fn check_path(path: &ReportPath) -> Result<(), Astray> {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| json::root_schema().to_value());
    let mut at = Here::of(&SCHEMA, &SCHEMA);
    for (number, key) in path.keys.iter().enumerate() {
        at = at.inside(key).ok_or_else(|| Astray {
            reached: path.keys[..number].join("."),
            key: Some(key.clone()),
            known: at.known(),
        })?;
    }
    if at.is_number() {
        return Ok(());
    }
    Err(Astray {
        reached: path.keys.join("."),
        key: None,
        known: at.known(),
    })
}

/// A place in the schema.
#[derive(Clone, Copy)]
struct Here<'a> {
    root: &'a Value,
    schema: &'a Value,
}

impl<'a> Here<'a> {
    /// The schema itself, behind references and without `null`.
    fn of(root: &'a Value, mut schema: &'a Value) -> Here<'a> {
        loop {
            if let Some(target) = schema["$ref"].as_str() {
                schema = root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
            } else if let Some(choices) = schema["anyOf"].as_array() {
                let some = choices.iter().find(|choice| choice["type"] != "null");
                schema = some.unwrap_or(&Value::Null);
            } else {
                return Here { root, schema };
            }
        }
    }

    fn inside(self, key: &str) -> Option<Here<'a>> {
        if let Some(items) = self.named_items() {
            return Some(items);
        }
        if let Some(schema) = self.schema["properties"].get(key) {
            return Some(Here::of(self.root, schema));
        }
        let values = self.schema.get("additionalProperties").filter(|it| it.is_object())?;
        let known = Reason::ALL.iter().any(|reason| reason.word() == key);
        known.then(|| Here::of(self.root, values))
    }

    /// What a list holds, if what it holds have names.
    fn named_items(self) -> Option<Here<'a>> {
        let items = Here::of(self.root, self.schema.get("items")?);
        items.schema["properties"].get("name").map(|_| items)
    }

    fn is_number(self) -> bool {
        let number = |name: &Value| name == "integer" || name == "number";
        match &self.schema["type"] {
            Value::Array(types) => types.iter().any(number),
            one => number(one),
        }
    }

    /// What may follow, as far as it leads to numbers.
    fn known(self) -> Vec<String> {
        if self.named_items().is_some() {
            return vec![NAME.to_owned()];
        }
        let Some(properties) = self.schema["properties"].as_object() else {
            let map = self.schema.get("additionalProperties").is_some_and(Value::is_object);
            let reasons = Reason::ALL.iter().filter(|_| map);
            return reasons.map(|reason| reason.word().to_owned()).collect();
        };
        let leads = |schema| {
            let inside = Here::of(self.root, schema);
            inside.is_number() || !inside.known().is_empty()
        };
        let keys = properties.iter().filter(|(_, schema)| leads(schema));
        keys.map(|(key, _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str) -> Result<(), Astray> {
        check_path(&ReportPath {
            executor: None,
            keys: path.split('.').map(str::to_owned).collect(),
        })
    }

    #[test]
    fn numbers_are_found_wherever_they_are() {
        for path in [
            "elapsed_ns",
            "duration_ns",
            "tasks.failed_unseen",
            "overall.throughput",
            "resources.peak_memory_bytes",
            "groups.api.failures_lost",
            "groups.api.delay_ns.p99",
            "groups.api offload.suspended_on.timer",
            "groups.api.task_monitor.slow_polls",
            "lanes.worker 0.utilisation",
            "lanes.worker 0.on_cpu_ns",
            "tokio.steals",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_wrong_key_is_told_with_those_that_are_there() {
        let wrong = |path: &str| check(path).unwrap_err();
        let first = wrong("group.api.polls");
        assert_eq!((first.reached.as_str(), first.key.as_deref()), ("", Some("group")));
        assert!(first.known.iter().any(|key| key == "groups"));
        assert!(
            !first.known.iter().any(|key| key == "title" || key == "expect"),
            "no numbers there"
        );
        let last = wrong("groups.api.delay_ns.p95");
        assert_eq!(last.reached, "groups.api.delay_ns");
        assert_eq!(last.known, ["count", "p50", "p90", "p99", "max"]);
        let reason = wrong("groups.api.suspended_on.coffee");
        assert!(reason.known.iter().any(|word| word == "timer"));
    }

    #[test]
    fn a_path_has_to_end_at_a_number() {
        for (path, known) in [("groups.api.poll_ns", "p99"), ("groups", "NAME"), ("tasks", "lost")] {
            let astray = check(path).unwrap_err();
            assert_eq!((astray.reached.as_str(), astray.key.as_deref()), (path, None));
            assert!(
                astray.known.iter().any(|key| key == known),
                "{path}: {:?}",
                astray.known
            );
        }
        for path in ["title", "groups.api.name", "expect", "records.matches_tokio"] {
            assert_eq!(check(path).unwrap_err().known, [""; 0], "{path}");
        }
        assert_eq!(check("elapsed_ns.p99").unwrap_err().key.as_deref(), Some("p99"));
    }
}
