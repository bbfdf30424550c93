//! A number of a report, by its path.

use serde_json::Value;

/// The number at the end of `keys`: keys of objects, names of what is in lists.
///
/// # Errors
/// With a sentence, when there is none.
pub fn find_number(report: &Value, keys: &[String]) -> Result<f64, String> {
    let mut at = report;
    for (number, key) in keys.iter().enumerate() {
        let path = || keys[..=number].join(".");
        at = match at {
            Value::Array(list) => {
                let named = |item: &&Value| item["name"] == **key;
                list.iter()
                    .find(named)
                    .ok_or_else(|| never_came(&keys[..number], key))?
            }
            Value::Object(object) => match object.get(key) {
                Some(_) if key != "count" && object.get("count").is_some_and(|count| *count == 0) => {
                    return Err(format!("nothing was counted in {}", keys[..number].join(".")));
                }
                Some(value) => value,
                // The one map whose keys come and go: what took no time is absent.
                None if number > 0 && keys[number - 1] == "suspended_on" => return Ok(0.0),
                None => return Err(format!("there is no {}", path())),
            },
            Value::Null => return Err(format!("{} is null here", keys[..number].join("."))),
            _ => return Err(format!("{} has nothing inside", keys[..number].join("."))),
        };
    }
    match at {
        Value::Number(number) => number.as_f64().ok_or_else(|| format!("{} is too big", keys.join("."))),
        Value::Null => Err(format!("{} is null here", keys.join("."))),
        _ => Err(format!("{} is no number", keys.join("."))),
    }
}

/// Why a list has nobody of this name.
fn never_came(list: &[String], name: &str) -> String {
    match list.last().map(String::as_str) {
        Some("groups") => format!("no task of the group `{name}` ever came to be"),
        Some("lanes") => format!("there was no lane `{name}`"),
        _ => format!("there is no `{name}` in {}", list.join(".")),
    }
}
