//! Paths to figures: checks whether a path leads to a number, and finds the unit of the number.
//!
//! A scenario is checked before there is a report, so paths are checked against the JSON Schema of
//! [`Report`](super::Report).

use super::schema;
use crate::record::Rule;
use serde_json::Value;
use std::sync::LazyLock;
use strum::VariantArray;

/// A placeholder in [`PathError::known_keys`]. This key represents the name of a group or lane,
/// which is not known before the run.
pub const NAME: &str = "NAME";

/// The key of the number of all findings: `findings.any`.
pub const ANY_FINDING: &str = "any";

/// The unit of a figure. The bound of an expectation has the same unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A number without a unit: a count or a rate.
    Plain,
    /// A part of a whole, 0–1. A bound may write it as a percentage.
    Share,
    /// A duration in nanoseconds.
    Time,
    /// An amount of memory in bytes.
    Size,
}

/// The reason why a path does not lead to a figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathError {
    /// The part of the path that exists, such as `groups.api`. Empty if the first key is wrong.
    pub reached: String,
    /// The key that does not exist. `None` means that the path ends at something that is not a
    /// number.
    pub wrong_key: Option<String>,
    /// The keys that could follow `reached`. Empty if no key can follow.
    pub known_keys: Vec<String>,
}

/// The unit of the figure at the end of a path. Keys of durations end in `_ns`. Keys of amounts of
/// memory end in `_bytes`. The schema of a share has the maximum 1. The `count` of a distribution
/// has no unit.
pub fn unit(keys: &[String]) -> Unit {
    let has_suffix = |suffix: &str| keys.iter().any(|key| key.ends_with(suffix));
    if keys.last().is_some_and(|key| key == "count") {
        Unit::Plain
    } else if has_suffix("_ns") {
        Unit::Time
    } else if has_suffix("_bytes") {
        Unit::Size
    } else if node(keys).is_ok_and(Node::is_share) {
        Unit::Share
    } else {
        Unit::Plain
    }
}

/// Checks that a report can have a number at this path. The names of groups and lanes are not known
/// before a run, so all names are accepted.
///
/// # Errors
/// Returns an error if a key does not exist, or if the path does not end at a number.
pub fn check_path(keys: &[String]) -> Result<(), PathError> {
    let node = node(keys)?;
    if node.is_number() {
        return Ok(());
    }
    Err(PathError {
        reached: keys.join("."),
        wrong_key: None,
        known_keys: node.known_keys(),
    })
}

/// The node of the schema at the end of a path.
fn node(keys: &[String]) -> Result<Node<'static>, PathError> {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schema().to_value());
    let mut node = Node::new(&SCHEMA, &SCHEMA);
    for (depth, key) in keys.iter().enumerate() {
        node = node.child(key).ok_or_else(|| PathError {
            reached: keys[..depth].join("."),
            wrong_key: Some(key.clone()),
            known_keys: node.known_keys(),
        })?;
    }
    Ok(node)
}

/// A node of the schema.
#[derive(Clone, Copy)]
struct Node<'a> {
    root: &'a Value,
    schema: &'a Value,
}

impl<'a> Node<'a> {
    /// Creates a node. Follows references, and replaces `T or null` by `T`.
    fn new(root: &'a Value, mut schema: &'a Value) -> Node<'a> {
        loop {
            if let Some(target) = schema["$ref"].as_str() {
                schema = root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
            } else if let Some(choices) = schema["anyOf"].as_array() {
                let not_null = choices.iter().find(|choice| choice["type"] != "null");
                schema = not_null.unwrap_or(&Value::Null);
            } else {
                return Node { root, schema };
            }
        }
    }

    fn child(self, key: &str) -> Option<Node<'a>> {
        if let Some(item) = self.named_item() {
            return Some(item);
        }
        if let Some(finding) = self.finding() {
            let is_rule = Rule::VARIANTS.iter().any(|rule| rule.into_str() == key);
            // The number of all findings has the schema of a count.
            let any = || finding.child("count").filter(|_| key == ANY_FINDING);
            return Some(finding).filter(|_| is_rule).or_else(any);
        }
        if let Some(schema) = self.schema["properties"].get(key) {
            return Some(Node::new(self.root, schema));
        }
        self.map_keys().any(|known| known == key).then_some(())?;
        Some(Node::new(self.root, &self.schema["additionalProperties"]))
    }

    /// If the node is a list whose items have names, returns the schema of an item.
    fn named_item(self) -> Option<Node<'a>> {
        let item = Node::new(self.root, self.schema.get("items")?);
        item.schema["properties"].get("name").map(|_| item)
    }

    /// If the node is the list of findings, returns the schema of a finding.
    fn finding(self) -> Option<Node<'a>> {
        let item = Node::new(self.root, self.schema.get("items")?);
        item.schema["properties"].get("rule").map(|_| item)
    }

    /// If the node is a map, returns the keys that it can have.
    fn map_keys(self) -> impl Iterator<Item = &'a str> {
        let keys = self.schema["propertyNames"]["enum"].as_array();
        keys.into_iter().flatten().filter_map(Value::as_str)
    }

    fn is_number(self) -> bool {
        let is_numeric = |name: &Value| name == "integer" || name == "number";
        match &self.schema["type"] {
            Value::Array(types) => types.iter().any(is_numeric),
            name => is_numeric(name),
        }
    }

    fn is_share(self) -> bool {
        self.schema["maximum"].as_f64() == Some(1.0)
    }

    /// The keys that lead to numbers.
    fn known_keys(self) -> Vec<String> {
        if self.named_item().is_some() {
            return vec![NAME.to_owned()];
        }
        if self.finding().is_some() {
            let rules = Rule::VARIANTS.iter().map(Rule::into_str);
            return std::iter::once(ANY_FINDING).chain(rules).map(str::to_owned).collect();
        }
        if let Some(properties) = self.schema["properties"].as_object() {
            let leads_to_numbers = |schema| {
                let child = Node::new(self.root, schema);
                child.is_number() || !child.known_keys().is_empty()
            };
            let keys = properties.iter().filter(|(_, schema)| leads_to_numbers(schema));
            return keys.map(|(key, _)| key.clone()).collect();
        }
        self.map_keys().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    fn check(path: &str) -> Result<(), PathError> {
        check_path(&keys(path))
    }

    #[test]
    fn every_number_of_a_report_has_a_path() {
        for path in [
            "elapsed_ns",
            "duration_ns",
            "tasks.unobserved_failure",
            "overall.throughput",
            "machine.peak_memory_bytes",
            "groups.api.failures_lost",
            "groups.api.delay_ns.p99",
            "groups.api offload.suspended_on.timer",
            "groups.api.task_monitor.slow_polls",
            "lanes.worker 0.utilisation",
            "lanes.worker 0.on_cpu_ns",
            "resources.q.length.max",
            "resources.q.length_bytes.max",
            "resources.q.receivers.api.missed",
            "resources.q.oldest_message_ns.now",
            "resources.q.wait_ns.p99",
            "tokio.steals",
            "findings.any",
            "findings.blocked-worker.cost_ns",
            "findings.unobserved-failure.count",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_wrong_key_is_reported_with_the_keys_that_exist() {
        let error = |path: &str| check(path).unwrap_err();
        let first = error("group.api.polls");
        assert_eq!(
            (first.reached.as_str(), first.wrong_key.as_deref()),
            ("", Some("group"))
        );
        assert!(first.known_keys.iter().any(|key| key == "groups"));
        assert!(
            !first.known_keys.iter().any(|key| key == "title" || key == "expect"),
            "keys that do not lead to numbers are not suggested"
        );
        let last = error("groups.api.delay_ns.p95");
        assert_eq!(last.reached, "groups.api.delay_ns");
        assert_eq!(last.known_keys, ["count", "p50", "p90", "p99", "max"]);
        let rule = error("findings.blocked-workers.count");
        assert_eq!(rule.reached, "findings");
        assert!(rule.known_keys.iter().any(|key| key == "blocked-worker"));
        for (map, key, known) in [
            ("suspended_on", "coffee", "timer"),
            ("suspended_on", "lock", "timer"),
            ("waiting_on", "timer", "lock"),
        ] {
            let reason = error(&format!("groups.api.{map}.{key}"));
            assert!(reason.known_keys.iter().any(|word| word == known), "{reason:?}");
            assert!(reason.known_keys.iter().all(|word| word != key), "{reason:?}");
        }
    }

    #[test]
    fn a_path_must_end_at_a_number() {
        for (path, known) in [("groups.api.poll_ns", "p99"), ("groups", "NAME"), ("tasks", "lost")] {
            let error = check(path).unwrap_err();
            assert_eq!((error.reached.as_str(), error.wrong_key.as_deref()), (path, None));
            assert!(
                error.known_keys.iter().any(|key| key == known),
                "{path}: {:?}",
                error.known_keys
            );
        }
        for path in ["title", "groups.api.name", "expect", "records.matches_tokio"] {
            assert_eq!(check(path).unwrap_err().known_keys, [""; 0], "{path}");
        }
        assert_eq!(check("elapsed_ns.p99").unwrap_err().wrong_key.as_deref(), Some("p99"));
    }

    #[test]
    fn the_unit_follows_from_the_keys_and_the_schema() {
        assert_eq!(unit(&keys("groups.api.delay_ns.p99")), Unit::Time);
        assert_eq!(unit(&keys("machine.peak_memory_bytes")), Unit::Size);
        assert_eq!(unit(&keys("resources.q.oldest_message_ns.max")), Unit::Time);
        assert_eq!(unit(&keys("resources.q.length.mean")), Unit::Plain);
        assert_eq!(unit(&keys("resources.q.length_bytes.mean")), Unit::Size);
        assert_eq!(unit(&keys("tasks.spawned")), Unit::Plain);
        assert_eq!(unit(&keys("findings.any")), Unit::Plain);
        assert_eq!(unit(&keys("findings.deadlock.cost_ns")), Unit::Time);
        assert_eq!(unit(&keys("overall.throughput")), Unit::Plain);
        assert_eq!(unit(&keys("groups.api.poll_ns.count")), Unit::Plain);
        assert_eq!(unit(&keys("groups.api.work.orphaned_ns")), Unit::Time);
        assert_eq!(unit(&keys("lanes.worker 0.utilisation")), Unit::Share);
        assert_eq!(unit(&keys("groups.api.task_monitor.slow_polls")), Unit::Share);
    }
}
