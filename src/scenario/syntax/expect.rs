//! The table of expectations. The keys of the table are paths into the report. Each scenario
//! chooses its own paths.

use super::{At, DeValue, Diagnostic, Diagnostics, Read, Value, schema, wrong_type};

/// The expectations, in the order of the file: pairs of a path and a bound, not yet parsed.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Expect(pub Vec<(At<String>, At<String>)>);

impl Read for Expect {
    const EXPECTED: &'static str = "a table";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let mut entries = Vec::new();
        for (path, bound) in table {
            match bound.get_ref() {
                DeValue::String(text) => entries.push((at(path.get_ref(), path.span()), at(text, bound.span()))),
                DeValue::Table(_) => {
                    let whole = unquoted(path.get_ref(), bound);
                    let diagnostic = Diagnostic::new(path.span(), "quotes are missing around a path into the report");
                    diagnostics.push(diagnostic.help(format!("write \"{whole}\" = \"< 5ms\"")));
                }
                _ => {
                    let title = format!("the bound of `{}` is not a text in quotes", path.get_ref());
                    diagnostics.push(
                        Diagnostic::new(bound.span(), title).help("write a bound, such as \"< 5ms\" or \"0.8..1.2\""),
                    );
                }
            }
        }
        entries.sort_by_key(|(path, _)| path.place.start());
        Some(Expect(entries))
    }
}

fn at(text: &str, span: std::ops::Range<usize>) -> At<String> {
    At {
        value: text.to_owned(),
        place: span.into(),
    }
}

/// The path that the author meant. Without quotes, TOML reads a path as nested tables.
fn unquoted(first: &str, below: &Value<'_>) -> String {
    let mut path = first.to_owned();
    let mut value = below.get_ref();
    while let DeValue::Table(table) = value
        && let Some((key, inner)) = table.iter().next()
    {
        path = format!("{path}.{}", key.get_ref());
        value = inner.get_ref();
    }
    path
}

schema!(Expect, "Expect", {
    "type": "object",
    "additionalProperties": {
        "type": "string",
        "pattern": r"^\s*((<|<=|>|>=|==)\s*[0-9].*|[0-9][^.]*(\.[0-9][^.]*)?\.\.\s*[0-9].*)$",
        "description": "A bound: a sign (`<`, `<=`, `>`, `>=` or `==`) and a value, or a range of values, such as `0.8..1.2`. A value is a number, a duration, a size or a percentage."
    },
    "description": "Paths into the report (`groups.api.lateness_ns.p99`), or ratios of two paths (`a / b`), each with a bound."
});
