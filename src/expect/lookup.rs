//! Finds a number of a report by its path.

use crate::figures::ANY_FINDING;
use serde_json::Value;

/// Finds the number at the path `keys`. Each key is the key of an object or the `name` of an item
/// in a list.
///
/// # Errors
/// If the report has no number at this path, returns a sentence that says why.
pub fn find_number(report: &Value, keys: &[String]) -> Result<f64, String> {
    if let [first, rest @ ..] = keys
        && first == "findings"
    {
        return find_in_findings(&report["findings"], rest);
    }
    let mut at = report;
    for (depth, key) in keys.iter().enumerate() {
        let parent = || keys[..depth].join(".");
        at = match at {
            Value::Array(list) => {
                let named = |item: &&Value| item["name"] == **key;
                list.iter()
                    .find(named)
                    .ok_or_else(|| missing_item(&keys[..depth], key))?
            }
            Value::Object(object) => match object.get(key) {
                Some(_) if key != "count" && object.get("count").is_some_and(|count| *count == 0) => {
                    return Err(format!("no values were counted in {}", parent()));
                }
                Some(value) => value,
                // These maps contain only reasons with a time above zero.
                None if depth > 0 && ["suspended_on", "waiting_on", "blocked_on"].contains(&&*keys[depth - 1]) => {
                    return Ok(0.0);
                }
                None => return Err(format!("the report does not contain {}", keys[..=depth].join("."))),
            },
            Value::Null => return Err(format!("{} is null in this report", parent())),
            _ => return Err(format!("{} has no fields", parent())),
        };
    }
    match at {
        Value::Number(number) => number
            .as_f64()
            .ok_or_else(|| format!("{} is too large", keys.join("."))),
        Value::Null => Err(format!("{} is null in this report", keys.join("."))),
        _ => Err(format!("{} is not a number", keys.join("."))),
    }
}

/// The number of all findings, or the sum of a number over the findings of a rule. It is 0 if there
/// is no such finding.
fn find_in_findings(findings: &Value, keys: &[String]) -> Result<f64, String> {
    let Some(findings) = findings.as_array() else {
        return Err("the report does not contain findings".to_owned());
    };
    match keys {
        [any] if any == ANY_FINDING => Ok(findings.len() as f64),
        [rule, key] => {
            let of_rule = findings.iter().filter(|finding| finding["rule"] == **rule);
            Ok(of_rule.filter_map(|finding| finding[key].as_f64()).sum())
        }
        _ => Err(format!("findings.{} is not a number", keys.join("."))),
    }
}

/// A sentence which says that the list has no item of this name.
fn missing_item(list: &[String], name: &str) -> String {
    match list.last().map(String::as_str) {
        Some("groups") => format!("no task of the group `{name}` was spawned"),
        Some("lanes") => format!("the run had no lane `{name}`"),
        Some("resources") => format!("the run had no resource `{name}`"),
        _ => format!("{} has no item `{name}`", list.join(".")),
    }
}
